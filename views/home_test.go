package views_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestHomeLinksToTheLogsOfWhoIsThere(t *testing.T) {
	html, err := newSet(t).Home(views.Home{
		Layout: views.Layout{Lang: "en", Base: "/userlog"},
		Users:  []store.Seen{{Username: "a b&c=d#?/%", At: time.Unix(1700000000, 0)}},
	})
	row := parse(t, html, err).Find("#earlier tbody tr")
	if got := row.Find("td.user").Text(); got != "a b&c=d#?/%" {
		t.Errorf("user %q", got)
	}
	const query = "?username=a+b%26c%3Dd%23%3F%2F%25"
	if got := row.Find("a"); got.Length() != 1 || got.AttrOr("href", "") != "/userlog/live"+query {
		t.Errorf("%d links, the first to %q", got.Length(), got.AttrOr("href", ""))
	}
	if got := row.Find("time-ago").AttrOr("datetime", ""); got != "2023-11-14T22:13:20.000Z" {
		t.Errorf("seen at %q", got)
	}
}

func TestHomeSaysInAWordWhoIsThere(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for ago, want := range map[time.Duration]string{
		-time.Minute: "active now", 0: "active now", views.ActiveFor - 1: "active now",
		views.ActiveFor: "idle", views.IdleFor - 1: "idle", views.IdleFor: "gone", time.Hour: "gone",
	} {
		html, err := newSet(t).Home(views.Home{Users: []store.Seen{{Username: "ada", At: now.Add(-ago)}}, At: now})
		if got := parse(t, html, err).Find("td.state").Text(); got != want {
			t.Errorf("last seen %s ago: %q, want %q", ago, got, want)
		}
	}
}

func TestHomeSaysWhoIsInTroubleAndWhy(t *testing.T) {
	now := time.Unix(1700000000, 0)
	html, err := newSet(t).Home(views.Home{
		Layout: views.Layout{Lang: "en"}, At: now,
		Troubled: []store.Trouble{
			{Username: "ada", At: now.Add(-time.Second), Code: 500},
			{Username: "b&b", At: now.Add(-time.Minute), Code: 422},
			{Username: "carl", At: now.Add(-2 * time.Minute), Code: 403},
			{Username: "dora", At: now.Add(1 - views.TroubleFor), Code: 404},
			{Username: "dana", At: now.Add(1 - views.TroubleFor), Code: 0}, // the application says so, with status 200
			{Username: "emil", At: now.Add(-views.TroubleFor), Code: 500},
		},
	})
	page := parse(t, html, err)
	var got []string
	for _, row := range page.Find("#trouble tbody tr").EachIter() {
		got = append(got, strings.Join(cells(row)[:2], ": ")+" "+row.AttrOr("class", ""))
	}
	want := []string{"ada: Error (500) server-error", "b&b: Rejected (422) client-error", "carl: Not allowed (403) client-error", "dana: Something failed client-error", "dora: Not found (404) client-error"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := page.Find("#trouble td.user a").Eq(1).AttrOr("href", ""); got != "/live?username=b%26b" {
		t.Errorf("the link leads to %q", got)
	}
	if got := page.Find("[aria-labelledby=trouble-title] .hint").Text(); got != "A request failed, or something else hints at trouble, in the last 15 minutes." {
		t.Errorf("why: %q", got)
	}
}

// A user who was on the site earlier is not on it, and can still be looked up.
func TestHomeTellsThoseWhoAreGoneFromTheOthers(t *testing.T) {
	now := time.Unix(1700000000, 0)
	html, err := newSet(t).Home(views.Home{
		Layout: views.Layout{Lang: "en"}, At: now,
		Users: []store.Seen{{Username: "ada", At: now}, {Username: "bob", At: now.Add(-views.ActiveFor)}, {Username: "eve", At: now.Add(-views.IdleFor)}},
	})
	page := parse(t, html, err)
	if got := page.Find("#seen td.user").Text() + "|" + page.Find("#earlier td.user").Text(); got != "adabob|eve" {
		t.Errorf("here, and earlier: %q", got)
	}
	html, err = newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en"}, At: now, Users: []store.Seen{{Username: "eve"}}})
	if page := parse(t, html, err); page.Find("#seen").Length() != 0 || page.Find("#earlier td.user").Text() != "eve" || page.Find("[aria-labelledby=seen-title] .nobody").Length() != 1 {
		t.Error("nobody is on the site, and that is not said")
	}
}

// Hints put those on the list whose requests all went well, too, and say why without an address.
func TestHomeSaysWhatHintsAtTrouble(t *testing.T) {
	now := time.Unix(1700000000, 0)
	shown := func(ago time.Duration) []store.Entry {
		return []store.Entry{{Path: "/first", Time: now.Add(-time.Hour)}, {Path: "/secret", Time: now.Add(-ago)}}
	}
	html, err := newSet(t).Home(views.Home{
		Layout: views.Layout{Lang: "en"}, At: now,
		Troubled: []store.Trouble{{Username: "ada", At: now.Add(-2 * time.Minute), Code: 500}},
		Hints: map[string][]journey.Hint{
			"ada": {{Kind: journey.HintFailures, Count: 3, Entries: shown(2 * time.Minute)}},
			"bob": {{Kind: journey.HintRepeated, Count: 4, Entries: shown(3 * time.Minute)}, {Kind: journey.HintRedirects, Count: 5, Entries: shown(4 * time.Minute)}},
			"eve": {{Kind: journey.HintLogin, Count: 1, Entries: shown(time.Minute)}, {Kind: journey.HintFailures, Count: 9, Entries: shown(views.TroubleFor)}},
			"old": {{Kind: journey.HintLogin, Count: 1, Entries: shown(views.TroubleFor)}},
		},
	})
	page := parse(t, html, err)
	var got []string
	for _, row := range page.Find("#trouble tbody tr").EachIter() {
		got = append(got, strings.Join(cells(row)[:2], ": "))
	}
	want := []string{"ada: Error (500) The same failure 3 times", "eve: Sent back to the login", "bob: The same page 4 times A loop of redirects"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if strings.Contains(string(html), "secret") {
		t.Error("an address is shown to who has not opened the log")
	}
}

// A login begins another visit. What failed before it is no trouble any more, at home as in the log. It is where the log does not say that.
func TestHomeForgetsTheTroubleOfAVisitThatIsOver(t *testing.T) {
	now := time.Unix(1700000000, 0)
	entry := func(id, method, path string, code int, ago time.Duration) store.Entry {
		return store.Entry{ID: id, Method: method, Path: path, Code: code, Kind: store.KindPage, Location: map[int]string{303: "/"}[code], Time: now.Add(-ago)}
	}
	failed, login := entry("1", "GET", "/invoice", 500, 5*time.Minute), entry("2", "POST", "/login", 303, 3*time.Minute)
	home := views.Home{Layout: views.Layout{Lang: "en"}, At: now}
	names := []string{"over", "again", "on", "unknown"}
	home.LookInto(names, []store.Log{
		{Entries: []store.Entry{login, failed}},
		{Entries: []store.Entry{entry("3", "GET", "/cart", 500, time.Minute), login, failed}},
		{Entries: []store.Entry{entry("3", "GET", "/", 200, time.Minute), failed}},
		{Entries: []store.Entry{login}},
	})
	for i, name := range names {
		home.Troubled = append(home.Troubled, store.Trouble{Username: name, At: now.Add(-[]time.Duration{5, 1, 5, 5}[i] * time.Minute), Code: 500})
	}
	html, err := newSet(t).Home(home)
	var shown []string
	for _, row := range parse(t, html, err).Find("#trouble tbody tr").EachIter() {
		shown = append(shown, cells(row)[0])
	}
	if want := []string{"again", "on", "unknown"}; !slices.Equal(shown, want) {
		t.Errorf("in trouble are %q, want %q", shown, want)
	}
}

// The worst come first, with the page and how often it failed. What works again comes last. All are counted, and can be shown.
func TestHomeIsInTheOrderOfTrouble(t *testing.T) {
	now := time.Unix(1700000000, 0)
	pay := func(name string, code int, failures int, solved bool) store.Log {
		var log store.Log
		for i := range failures {
			log.Entries = append(log.Entries, store.Entry{ID: string(rune('a' + i)), Username: name, Method: "POST", Path: "/pay", Page: "Pay", Code: code, Kind: store.KindPage, Time: now.Add(-time.Duration(i+1) * time.Second)})
		}
		if solved {
			log.Entries = append([]store.Entry{{ID: "z", Username: name, Method: "POST", Path: "/pay", Page: "Pay", Code: 303, Location: "/", Kind: store.KindPage, Time: now}}, log.Entries...)
		}
		return log
	}
	names := []string{"once", "often", "broken", "solved"}
	home := views.Home{Layout: views.Layout{Lang: "en"}, At: now}
	home.LookInto(names, []store.Log{pay("once", 422, 1, false), pay("often", 422, 3, false), pay("broken", 500, 1, false), pay("solved", 500, 1, true)})
	for i, name := range names {
		home.Troubled = append(home.Troubled, store.Trouble{Username: name, At: now.Add(-time.Second), Code: []int{422, 422, 500, 500}[i]})
	}
	shown := func(home views.Home) (rows []string, doc *goquery.Document) {
		html, err := newSet(t).Home(home)
		doc = parse(t, html, err)
		for _, row := range doc.Find("#trouble tbody tr").EachIter() {
			rows = append(rows, strings.Join(cells(row)[:2], " "))
		}
		return rows, doc
	}
	got, doc := shown(home)
	want := []string{"broken Pay: Error (500)", "often Pay: Rejected (422) The same failure 3 times", "once Pay: Rejected (422)", "solved Pay: Error (500) solved"}
	if !slices.Equal(got, want) || doc.Find("#applications, #applications-title").Length() != 0 {
		t.Errorf("got %q", got)
	}
	home.Handlings = map[string]team.Handling{"broken": {State: team.OnIt, By: "vera"}, "often": {State: team.Done, By: "willi"}, "once": {By: "vera", Version: "7"}}
	home.Account = "willi"
	got, doc = shown(home)
	want = []string{"once Pay: Rejected (422)", "broken vera is on it Pay: Error (500)", "solved Pay: Error (500) solved", "often Done by you Pay: Rejected (422) The same failure 3 times"}
	if !slices.Equal(got, want) || doc.Find("#trouble tr.solved").Length() != 2 {
		t.Errorf("with colleagues: %q", got)
	}
	home.Handlings = nil
	for i := range 20 {
		home.Troubled = append(home.Troubled, store.Trouble{Username: string(rune('A' + i)), At: now.Add(-time.Minute), Code: 404})
	}
	got, doc = shown(home)
	if more := doc.Find("[aria-labelledby=trouble-title] > p > a"); len(got) != views.MaxTroubled || doc.Find(".count").Text() != "24" || more.AttrOr("href", "") != "/?all=1" || more.Text() != "Show all 24" {
		t.Errorf("%d rows of %q, and more at %q", len(got), doc.Find(".count").Text(), more.AttrOr("href", ""))
	}
	home.Everybody = true
	if got, doc = shown(home); len(got) != 24 || strings.Contains(doc.Text(), "Show all") {
		t.Errorf("%d rows of all", len(got))
	}
}

func TestEmptyHomeSaysSoEverywhere(t *testing.T) {
	html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en", IsSuperuser: true}})
	page := parse(t, html, err)
	if page.Find("table").Length() != 0 {
		t.Error("there is a table of nobody")
	}
	for section, want := range map[string]string{"seen": "Nobody has been on the site lately.", "trouble": "Nobody.", "applications": "No application is reporting."} {
		if got := page.Find("[aria-labelledby=" + section + "-title] .nobody").Text(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", section, got)
		}
	}
}

// Where nothing new can arrive, nobody knows who is there, nor that nobody is.
func TestHomeSaysWhyNothingCanArrive(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for state, page := range map[string]views.Home{
		"refreshing":    {Feed: store.Live},
		"nobody":        {Feed: store.Silent},
		"off":           {Feed: store.Off},
		"store-refuses": {Feed: store.Silent, Fault: "out-of-memory"},
	} {
		page.At, page.Refresh, page.Users = now, 3, []store.Seen{{Username: "ada", At: now}}
		html, err := newSet(t).Home(page)
		said := parse(t, html, err)
		if got := said.Find("#connection").AttrOr("data-state", ""); got != state || page.Connection() != state {
			t.Errorf("%s: the connection is %q, %q", state, got, page.Connection())
		}
		well := state == "refreshing"
		if warned, nobody, presence := said.Find("#lists > .message").Length() == 1, said.Find(".nobody").Length() == 1, said.Find(".presence").Length() == 1; warned == well || nobody != well || presence != well {
			t.Errorf("%s: a warning: %t, that nobody is in trouble: %t, and that ada is active: %t", state, warned, nobody, presence)
		}
	}
}

// Where a part of the log store does not answer, nobody knows that there is nobody.
func TestAHomePageThatIsNotWholeDoesNotSayNobody(t *testing.T) {
	html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en", IsSuperuser: true}, Partial: true})
	page := parse(t, html, err)
	if got := page.Find(".nobody").Text(); got != "" || page.Find("[role=alert]").Length() != 1 {
		t.Errorf("it says %q, with %d warnings", got, page.Find("[role=alert]").Length())
	}
}

func TestHomeRefreshesTheVeryPartThatItIncludes(t *testing.T) {
	set := newSet(t)
	home := views.Home{
		Layout: views.Layout{Lang: "en", Base: "/userlog"}, Users: []store.Seen{{Username: "ada"}}, ETag: `"x"`, Refresh: 3,
	}
	html, err := set.Home(home)
	lists := parse(t, html, err).Find("#lists")
	html, err = set.HomeLists(home)
	whole, _ := lists.Html()
	if part, _ := parse(t, html, err).Find("#lists").Html(); whole != part || whole == "" {
		t.Errorf("the page includes\n%s\nand is refreshed with\n%s", whole, part)
	}
	for attribute, want := range map[string]string{
		"hx-get": "/userlog/", "hx-trigger": "every 3s", "hx-swap": "outerMorph", "hx-headers": `{"If-None-Match":"\"x\""}`,
	} {
		if got := lists.AttrOr(attribute, ""); got != want {
			t.Errorf("%s=%q, want %q", attribute, got, want)
		}
	}
}
