package views_test

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestSuggestionsAreOptionsAndAreCounted(t *testing.T) {
	now := time.Unix(1700000000, 0)
	users := []store.Seen{{Username: "ada", At: now}, {Username: hostileName, At: now.Add(-time.Hour)}}
	html, err := newSet(t).Suggestions(views.Suggestions{Lang: "en", Found: store.Found{Users: users}, At: now})
	answer := parse(t, []byte("<ul>"+string(html)+"</ul>"), err)
	options := answer.Find("li[role=option][id][aria-selected=false]")
	if options.Length() != 2 || options.Eq(1).AttrOr("data-username", "") != hostileName {
		t.Fatalf("%d options, the second is %q", options.Length(), options.Eq(1).AttrOr("data-username", ""))
	}
	for i, want := range []string{"active now", "gone"} {
		if got := options.Eq(i).Find(".presence").Text(); got != want {
			t.Errorf("option %d is %q, want %q", i, got, want)
		}
	}
	for want, suggestions := range map[string]views.Suggestions{
		"Nobody is called that. 2 users have similar names": {Found: store.Found{Users: users, Near: true}},
		"2 users": {Found: store.Found{Users: users}},
		"1 user":  {Found: store.Found{Users: users[:1]}},
		"No user with this name has been seen lately. Press Enter to look it up anyway, as a name or as a code.": {},
		"The application does not say who its users are at the moment, so names may be missing. Search by username meanwhile. Users with similar names": {
			Found: store.Found{Users: users, Near: true}, People: views.People{Lost: true},
		},
		"A part of the log store can’t be reached. Users may be missing here until it is back. Users with similar names": {
			Found: store.Found{Users: users, Near: true}, Partial: true,
		},
		"A part of the log store can’t be reached. Users may be missing here until it is back. Names can’t be suggested now. Press Enter to look the name up anyway.": {
			Partial: true,
		},
		"Names are still being read, so there may be more users: try again in a moment. Names can’t be suggested now. Press Enter to look the name up anyway.": {
			Found: store.Found{Unread: true},
		},
		"The first 2 users. Type more to see fewer.": {Found: store.Found{Users: users, More: true}},
	} {
		html, err := newSet(t).Suggestions(suggestions)
		if got := parse(t, html, err).Find("p").First().Text(); got != want {
			t.Errorf("announced is %q, want %q", got, want)
		}
	}
}
