package views_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestLoginIsAPlainForm(t *testing.T) {
	html, err := newSet(t).Login(views.Login{Layout: views.Layout{Lang: "en"}, Next: "/live?username=ada"})
	doc := parse(t, html, err)
	form := doc.Find("form[method=post][action='/login']")
	for selector, want := range map[string]int{"input[name=username]": 1, "input[name=password][type=password]": 1, "input[name=next][value='/live?username=ada']": 1, "button": 1} {
		if got := form.Find(selector).Length(); got != want {
			t.Errorf("%s: %d, want %d", selector, got, want)
		}
	}
	if doc.Find("nav, form[action='/logout']").Length() != 0 {
		t.Error("a stranger sees the navigation")
	}
}

func TestHostsOwnLoginHasNoLogout(t *testing.T) {
	html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: "en", Account: "ada"}})
	doc := parse(t, html, err)
	if doc.Find("form[action$='/logout'], form[action$='/language']").Length() != 0 {
		t.Error("logout or language switch, where neither is possible")
	}
}

func TestStaticPageRefreshesTheVeryPartThatItIncludes(t *testing.T) {
	set := newSet(t)
	log := views.StaticLog{
		Layout: views.Layout{Lang: "en", Base: "/userlog"}, Username: "a&b", Entries: []store.Entry{{ID: "2"}, {ID: "1"}},
		ETag: `"7-x"`, Refresh: 2, Message: views.LogsFound("a&b"),
	}
	html, err := set.Static(log)
	page := parse(t, html, err)
	html, err = set.LogTable(log)
	part := parse(t, html, err)

	section := page.Find("#log-section")
	whole, _ := section.Html()
	alone, _ := part.Find("#log-section").Html()
	if whole != alone || whole == "" {
		t.Errorf("the page includes\n%s\nand is refreshed with\n%s", whole, alone)
	}
	for attr, want := range map[string]string{"hx-get": "/userlog/static?username=a%26b", "hx-trigger": "every 2s", "hx-swap": "outerMorph"} {
		if got := section.AttrOr(attr, ""); got != want {
			t.Errorf("%s=%q, want %q", attr, got, want)
		}
	}
	var headers map[string]string
	if err := json.Unmarshal([]byte(section.AttrOr("hx-headers", "")), &headers); err != nil || headers["If-None-Match"] != log.ETag {
		t.Errorf("hx-headers: %v, %v", headers, err)
	}
	if got := section.Find("#messages [role=status]").Text(); got != "Logs found for a&b." {
		t.Errorf("message %q", got)
	}
	rows := section.Find("table#log > tbody#rows > tr[data-id]")
	if rows.Length() != 2 || rows.First().AttrOr("data-id", "") != "2" {
		t.Errorf("%d rows, the first is %q", rows.Length(), rows.First().AttrOr("data-id", ""))
	}
}

func TestStaticPageWithoutNameOnlySearches(t *testing.T) {
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en", Account: "a", Section: views.SectionStatic}})
	doc := parse(t, html, err)
	if doc.Find("header form#search[action='/static'] input[name=username][data-first]").Length() != 1 {
		t.Error("no search form")
	}
	if doc.Find("table, [hx-trigger^=every], #connection").Length() != 0 {
		t.Error("a log, or a refresh, of nobody")
	}
}

func TestLivePageConnects(t *testing.T) {
	html, err := newSet(t).Live(views.LiveLog{Layout: views.Layout{Lang: "en"}, Username: "ada", SocketURL: "wss://x.example/s?username=a&b"})
	doc := parse(t, html, err)
	section := doc.Find("section[hx-swap=none]")
	if got := section.AttrOr("hx-ws:connect", ""); got != "wss://x.example/s?username=a&b" {
		t.Errorf("connects to %q", got)
	}
	var config struct {
		WS struct {
			PauseOnBackground bool
			ReconnectCodes    []int
		}
	}
	config.WS.PauseOnBackground = true
	if err := json.Unmarshal([]byte(section.AttrOr("hx-config", "")), &config); err != nil {
		t.Fatal(err)
	}
	if config.WS.PauseOnBackground || len(config.WS.ReconnectCodes) != 10 {
		t.Errorf("hx-config: %+v", config)
	}
	if got := doc.Find("#connection[role=status]").AttrOr("data-state", ""); got != "connecting" {
		t.Errorf("begins as %q", got)
	}
	if got := section.Find("table#log > tbody#rows").AttrOr("data-max", ""); got != "500" {
		t.Errorf("keeps %q rows", got)
	}
	if doc.Find("main noscript").Length() != 1 {
		t.Error("nothing is said to those without scripts")
	}
}

// Nothing refreshes a page without scripts: it says so. A live log leads to the static one, and both look alike.
func TestWithoutScriptsPagesDoNotClaimToRefresh(t *testing.T) {
	set := newSet(t)
	filter := views.Filter{Filter: journey.Filter{Show: journey.ShowErrors, Text: `a"b&c`}}
	const address = "/u/static?q=a%22b%26c&show=errors&username=ada"
	layout := views.Layout{Lang: "en", Base: "/u"}
	static, err := set.Static(views.StaticLog{Layout: layout, Username: "ada", Entries: visit(), Refresh: 2, Filter: filter})
	home, homeErr := set.Home(views.Home{Layout: layout, Refresh: 2})
	for name, c := range map[string]struct {
		doc  *goquery.Document
		link string
	}{"static": {parse(t, static, err), address}, "home": {parse(t, home, homeErr), "/u/"}} {
		said := noscript(t, c.doc.Find("main noscript"))
		if got := said.Text(); got != "Without JavaScript, this page does not refresh by itself. Refresh it now" {
			t.Errorf("%s: %q", name, got)
		}
		if got := said.Find("a").AttrOr("href", ""); got != c.link {
			t.Errorf("%s: the link leads to %q", name, got)
		}
	}
	live, err := set.Live(views.LiveLog{Layout: layout, Username: "ada", SocketURL: "/s", Filter: filter})
	doc := parse(t, live, err)
	if got := noscript(t, doc.Find("head noscript")).Find("meta[http-equiv=refresh]").AttrOr("content", ""); got != "0; url="+address {
		t.Errorf("the live log leads to %q", got)
	}
	if got := noscript(t, doc.Find("main noscript")).Find("a").AttrOr("href", ""); got != address {
		t.Errorf("its link leads to %q", got)
	}
}

// noscript is what a browser without scripts sees of an element.
func noscript(t *testing.T, element *goquery.Selection) *goquery.Document {
	t.Helper()
	return parse(t, []byte(element.Text()), nil)
}

// Of a name that nobody has been seen under there is nothing to filter, to copy, or to say where it is.
func TestOfAnUnknownNamePagesSayOneThing(t *testing.T) {
	set := newSet(t)
	for _, message := range []*views.Message{views.NoLogs("ada"), views.UserNotFound("ada")} {
		html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Refresh: 1, Message: message})
		doc := parse(t, html, err)
		if n := doc.Find("#now, .controls, #log, .empty, #summary").Length(); n != 0 {
			t.Errorf("%d other things", n)
		}
		if got := doc.Find("#messages > .alone > span").Text(); !strings.HasPrefix(got, "Ask the caller for the username") {
			t.Errorf("what to ask: %q", got)
		}
		if doc.Find("#log-section[hx-get]").Length() != 1 {
			t.Error("what comes would not be shown")
		}
	}
}

// An agent who opens a log reads first where the user is. What can be done with the log comes after it.
func TestALogBeginsWithWhereTheUserIs(t *testing.T) {
	set := newSet(t)
	static, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: visit(), Refresh: 1, Message: views.LogsFound("ada")})
	live, liveErr := set.Live(views.LiveLog{Layout: views.Layout{Lang: "en"}, Username: "ada", SocketURL: "/s"})
	for name, doc := range map[string]*goquery.Document{"static": parse(t, static, err), "live": parse(t, live, liveErr)} {
		var order []string
		for _, part := range doc.Find("h1, #now, .controls, #log").EachIter() {
			order = append(order, part.AttrOr("id", part.AttrOr("class", "h1")))
		}
		if got := strings.Join(order, " "); got != "h1 now controls log" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if doc := parse(t, static, err); !doc.Find("#messages p").HasClass("unseen") || doc.Find(".controls[hx-morph-skip]").Length() != 1 {
		t.Error("what is plain to see takes up room, or what is typed is lost at the next refresh")
	}
}

// The loading and the lost page say so, instead of that nobody has done anything.
func TestALivePageSaysWhyItIsEmpty(t *testing.T) {
	html, err := newSet(t).Live(views.LiveLog{Layout: views.Layout{Lang: "en"}, Username: "ada", SocketURL: "/s"})
	doc := parse(t, html, err)
	for selector, want := range map[string]string{".loading": "Asking for the log…", ".cut-off": "Nothing has come yet, and there is no connection."} {
		if got := doc.Find("#live #log ~ .empty" + selector).Text(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", selector, got)
		}
	}
}

func TestReadersChooseALook(t *testing.T) {
	set := newSet(t)
	for theme, want := range map[string][3]string{
		"": {"light dark", "", "As the system"}, "dark": {"dark", "dark", "Dark"}, "light": {"light", "light", "Light"}, "pink": {"light dark", "pink", "As the system"},
	} {
		html, err := set.Login(views.Login{Layout: views.Layout{Lang: "en", Theme: theme, Current: "/u/live?username=a", Base: "/u"}})
		doc := parse(t, html, err)
		form := doc.Find("footer form[action='/u/theme']")
		got := [3]string{doc.Find("meta[name=color-scheme]").AttrOr("content", ""), doc.Find("html").AttrOr("data-theme", ""), form.Find("[aria-current]").Text()}
		if got != want || form.Find("[name=next]").AttrOr("value", "") != "/u/live?username=a" {
			t.Errorf("%q: %q", theme, got)
		}
	}
	html, err := set.Login(views.Login{Layout: views.Layout{Lang: "en", CanSwitchLanguage: true}})
	if n := parse(t, html, err).Find("footer form").Length(); n != 0 {
		t.Errorf("a page that can't be come back to has %d switches", n)
	}
}

func TestLivePageCanBePausedAndHasAPlaceForNow(t *testing.T) {
	set := newSet(t)
	now := time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.FixedZone("", 3600))
	html, err := set.Live(views.LiveLog{Layout: views.Layout{Lang: "fr", Now: func() time.Time { return now }}, Username: "ada", SocketURL: "/s"})
	doc := parse(t, html, err)
	if got := doc.Find("html").AttrOr("data-now", ""); got != "2026-03-04T04:06:07.890Z" {
		t.Errorf("the server's clock is %q", got)
	}
	pause := doc.Find("#live button#pause[type=button][hidden][aria-pressed=false]")
	if pause.Text() != "Pause" || pause.AttrOr("data-going", "") != "Pause" || pause.AttrOr("data-paused", "") != "En pause\u00a0: {waiting} en attente" {
		t.Errorf("the button says %q, %q, %q", pause.Text(), pause.AttrOr("data-going", ""), pause.AttrOr("data-paused", ""))
	}
	if doc.Find("#live #now[hidden][aria-live=off]").Length() != 1 {
		t.Error("there is no place for where the user is")
	}

	before := time.Now().Add(-time.Second)
	html, err = set.Live(views.LiveLog{Layout: views.Layout{Lang: "en"}, Everyone: true, SocketURL: "/s"})
	doc = parse(t, html, err)
	if doc.Find("#pause").Length() != 1 || doc.Find("#now").Length() != 0 {
		t.Error("everyone can't be paused, or is somewhere")
	}
	if clock, err := time.Parse(time.RFC3339, doc.Find("html").AttrOr("data-now", "")); err != nil || clock.Before(before) {
		t.Errorf("the server's clock is %v, %v", clock, err)
	}

	html, err = set.Live(views.LiveLog{Layout: views.Layout{Lang: "en"}})
	if n := parse(t, html, err).Find("#pause, #now").Length(); n != 0 {
		t.Errorf("%d parts of a log, where there is none", n)
	}
}

func TestEveryoneHasAUserColumn(t *testing.T) {
	html, err := newSet(t).Live(views.LiveLog{Layout: views.Layout{Lang: "en", Account: "a", Section: views.SectionEveryone}, Everyone: true, SocketURL: "/s", MaxRows: 7})
	doc := parse(t, html, err)
	if got := doc.Find("#log th").First().Text(); got != "User" {
		t.Errorf("first column %q", got)
	}
	if doc.Find("#search[action='/live']").Length() != 1 || doc.Find("#search [data-first]").Length() != 0 || doc.Find("#rows").AttrOr("data-max", "") != "7" {
		t.Error("the search comes first, or the wrong limit")
	}
	if got := doc.Find("nav [aria-current=page]").Text(); got != "Everyone" {
		t.Errorf("current link %q", got)
	}
}

func TestErrorPagesHaveTheNextStep(t *testing.T) {
	set := newSet(t)
	titles := map[int]string{
		403: "Not allowed", 404: "Page not found", 405: "Page not found", 429: "Too many requests",
		500: "Something went wrong", 503: "The log store can’t be reached.", 418: "Something went wrong",
	}
	for status, title := range titles {
		html, err := set.Error(views.Error{Layout: views.Layout{Lang: "en", Base: "/u"}, Status: status})
		doc := parse(t, html, err)
		if got := doc.Find("h1").Text(); got != title {
			t.Errorf("%d: %q, want %q", status, got, title)
		}
		if doc.Find("#messages [role=alert] span").Text() == "" || doc.Find("main a[href='/u/']").Length() != 1 {
			t.Errorf("%d: no next step", status)
		}
	}
}

// A page is parsed when its first reader comes, who must not be the first to see that it can't be.
func TestEveryPageCanBeParsed(t *testing.T) {
	t.Parallel()
	set := newSet(t)
	for _, language := range set.Languages() {
		for _, page := range views.PageNames() {
			if err := set.Parse(language.Tag, page); err != nil {
				t.Errorf("%s in %s: %v", page, language.Tag, err)
			}
		}
	}
}
