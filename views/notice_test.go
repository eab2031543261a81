package views_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/views"
)

// A message is some plain sentences, and says no more than its event.
func TestNotices(t *testing.T) {
	t.Parallel()
	words, err := views.NewWords()
	if err != nil {
		t.Fatal(err)
	}
	const link = "https://support.example.com/userlog/"
	for _, c := range []struct {
		event rules.Event
		want  string
	}{
		{rules.Event{Kind: rules.ManyFail, Page: "Pay", Users: 7, New: 7}, "On Pay, requests of 7 users failed within 5 minutes."},
		{
			rules.Event{Kind: rules.ManyFail, Page: "Pay", Users: 7, New: 2, Again: true, Link: link},
			"On Pay, requests of 7 users failed within 5 minutes. Users for whom something failed since the last message: 2. " + link,
		},
		{rules.Event{Kind: rules.ManyFail, Users: 2000, New: 2000}, "On one page, requests of 2,000 users failed within 5 minutes."},
		{
			rules.Event{Kind: rules.ManyFail, Users: 2, New: 2, Detail: &rules.Detail{Usernames: []string{"ada", "b\u202eb"}, Path: "/a/7", Status: 404}},
			"On one page, requests of 2 users failed within 5 minutes. Where: /a/7. How it ended last: Not found (404). Who: ada, b[U+202E]b.",
		},
		{rules.Event{Kind: rules.UserFails, Username: "ada", New: 1}, "A request of ada failed."},
		{rules.Event{Kind: rules.UserFails, Username: "ada", New: 3}, "3 requests of ada failed."},
		{rules.Event{Kind: rules.UserFails, Username: "ada", New: 1, Again: true}, "Another request of ada failed."},
		{
			rules.Event{Kind: rules.UserFails, Username: "ada", New: 3, Again: true, Link: link, Detail: &rules.Detail{Page: "Pay", Path: "/pay", Status: 200, Problem: "card\ndeclined"}},
			"3 more requests of ada failed. Where: Pay. How it ended last: Problem: card declined (200). " + link,
		},
		{rules.Event{Kind: rules.UserFails, Username: "عدا", New: 1}, "A request of \u2068عدا\u2069 failed."},
	} {
		if got := words.Notice(c.event); got != c.want {
			t.Errorf("%+v:\n%s, want\n%s", c.event, got, c.want)
		}
	}
}

// Messages are in the language of the admin, or else in English.
func TestNoticesSpeakLanguages(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"de": "Eine Anfrage von ada schlug fehl.", "xx": "A request of ada failed.", "": "A request of ada failed."} {
		words, err := views.NewWordsIn(tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := words.Notice(rules.Event{Kind: rules.UserFails, Username: "ada", New: 1}); got != want || words.TestNotice() == "" {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
	for _, tag := range []string{"de", "fr", "es", "ar"} {
		words, err := views.NewWordsIn(tag)
		if err != nil {
			t.Fatal(err)
		}
		for users := range 30 {
			if got := words.Notice(rules.Event{Kind: rules.ManyFail, Page: "Pay", Users: users}); !strings.Contains(got, "Pay") || strings.Contains(got, "{{") {
				t.Errorf("%s: %s", tag, got)
			}
		}
	}
}
