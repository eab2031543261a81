package views_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Lists in an Arabic sentence have the comma of Arabic, times its unit, and code its own direction.
func TestArabicListsAndUnits(t *testing.T) {
	set := newSet(t)
	layout := views.Layout{Lang: "ar", IsSuperuser: true}
	html, err := set.Home(views.Home{Layout: layout, Applications: []store.Application{
		{Name: "shop", LastHour: hour(3), Stats: store.Stats{Dropped: store.Dropped{QueueFull: 1, Closed: 1}}},
	}})
	home := parse(t, html, err)
	html, err = set.Home(views.Home{Layout: layout})
	first := parse(t, html, err)
	html, err = set.Static(views.StaticLog{Layout: layout, Username: "ada", Entries: visit(), Team: &views.Team{Looking: []string{"vera", "willi"}}})
	log := parse(t, html, err)
	for where, test := range map[string]struct {
		text   string
		commas int
	}{
		"the hour": {home.Find("td.hour .sums").Text(), 2}, "what was lost": {home.Find("td.lost").Text(), 1}, "colleagues": {log.Find(".looking").Text(), 1},
	} {
		if strings.Count(test.text, "، ") != test.commas || strings.Contains(test.text, ",") {
			t.Errorf("%s: %q, want %d commas of Arabic", where, test.text, test.commas)
		}
	}
	if got := log.Find("#rows dl").Text(); !strings.Contains(got, "500 م.ث") || strings.Contains(got, " ms") {
		t.Errorf("the details say %q", got)
	}
	if got := first.Find(".nobody code").AttrOr("dir", ""); got != "ltr" {
		t.Errorf("the direction of code is %q", got)
	}
}
