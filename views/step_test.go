package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// visit is how ada fared: a page with what it loaded, and a payment that led on and was rejected at last.
func visit() []store.Entry {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return []store.Entry{ // newest first
		{ID: "5", Username: "ada", Method: "POST", Path: "/pay", Code: 422, Time: at.Add(20 * time.Second), Kind: store.KindPage, From: "/cart", Page: "Pay"},
		{ID: "4", Username: "ada", Method: "GET", Path: "/cart", Code: 200, Time: at.Add(6 * time.Second), Kind: store.KindPage, Page: "Cart", From: "/orders/7?a=1"},
		{ID: "3", Username: "ada", Method: "POST", Path: "/cart", Code: 303, Location: "/cart", Time: at.Add(5 * time.Second), Kind: store.KindPage, From: "/orders/7?a=1"},
		{ID: "2", Username: "ada", Method: "GET", Path: "/missing.png", Code: 404, Time: at.Add(time.Second), Kind: store.KindAsset, From: "/orders/7?a=1"},
		{
			ID: "1", Username: "ada", Method: "GET", Path: "/orders/7?a=1", Code: 200, Time: at, Kind: store.KindPage, Page: "Order details",
			Route: "/orders/:id", RequestID: "r 1", Duration: 500 * time.Millisecond, Extra: map[string]string{"plan": "gold", "a": "<b>"},
		},
	}
}

func TestRowsAreWhatThePersonDid(t *testing.T) {
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: visit()})
	doc := parse(t, html, err)
	rows := doc.Find("#rows > tr")
	if rows.Length() != 3 {
		t.Fatalf("%d rows, want 3", rows.Length())
	}
	pay, cart, order := rows.Eq(0), rows.Eq(1), rows.Eq(2)
	if got := pay.Find("td.result").Text(); got != "Rejected (422)" || !pay.HasClass("client-error") {
		t.Errorf("the payment: %q", got)
	}
	if got := cart.Find("td.url > code").Text() + cart.Find(".led > code").Text() + cart.Find("td.result").Text() + cart.Find("td.what .type").Text(); got != "/cart/cartSuccess (200)Write (POST)" {
		t.Errorf("what was sent, and where it led: %q", got)
	}
	if got := order.Find(".page").Text() + "|" + order.Find(".fetched").Text() + "|" + order.Find(".problems").Text(); got != "Order details|1 more request|1 part failed" || !order.HasClass("troubled") {
		t.Errorf("the page: %q", got)
	}
	missing := order.Find(".parts > li.client-error")
	if got := missing.ChildrenFiltered("code, span").Text(); got != "GET /missing.pngNot found (404)" {
		t.Errorf("its part: %q", got)
	}
	details := strings.Join(strings.Fields(order.Find("details > dl").Text()), " ")
	for _, want := range []string{"Duration500 ms", "Route/orders/:id", "Request IDr 1", "a<b>plangold", "2026-03-04 05:06:07 UTC"} {
		if !strings.Contains(details, want) {
			t.Errorf("the details %q lack %q", details, want)
		}
	}
	if length := order.Find("meter.bar").AttrOr("value", ""); length != "25" {
		t.Errorf("the bar is %q long, of 100 for 2 s", length)
	}
	if links := doc.Find("#rows a:not(.copies a)").Length(); links != 0 {
		t.Errorf("%d links lead to a customer's pages", links)
	}
}

// What failed is what has to be found elsewhere: its request id and duration, not only those of the step.
func TestWhatFailedInAStepHasItsOwnDetails(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: []store.Entry{
		{ID: "4", Username: "ada", Method: "GET", Path: "/api/fine", Code: 200, Time: at.Add(3 * time.Second), Kind: store.KindFetch, From: "/paid", RequestID: "fine"},
		{ID: "3", Username: "ada", Method: "GET", Path: "/api/stock", Code: 503, Time: at.Add(2 * time.Second), Kind: store.KindFetch, From: "/paid", RequestID: "part"},
		{ID: "2", Username: "ada", Method: "GET", Path: "/paid", Code: 500, Time: at.Add(time.Second), Kind: store.KindPage, From: "/cart", RequestID: "outcome", Duration: time.Second},
		{ID: "1", Username: "ada", Method: "POST", Path: "/pay", Code: 303, Location: "/paid", Time: at, Kind: store.KindPage, From: "/cart", RequestID: "step"},
	}})
	row := parse(t, html, err).Find("#rows > tr")
	if row.Length() != 1 || !row.HasClass("server-error") {
		t.Fatalf("%d rows, class %q", row.Length(), row.AttrOr("class", ""))
	}
	if got := row.Find("details > dl").Text(); !strings.Contains(got, "Request IDstep") {
		t.Errorf("the step: %q", got)
	}
	parts := row.Find(".parts > li.server-error")
	if got := parts.Eq(0).Text(); !strings.Contains(got, "GET /paid Error (500)") || !strings.Contains(got, "Request IDoutcome") || !strings.Contains(got, "1,000 ms") {
		t.Errorf("what it led to: %q", got)
	}
	if got := parts.Eq(1).Text(); !strings.Contains(got, "GET /api/stock Error (503)") || !strings.Contains(got, "Request IDpart") {
		t.Errorf("a part: %q", got)
	}
	if got := row.Find(".parts > li.success dl").Length(); got != 0 {
		t.Errorf("what went well has %d details", got)
	}
}

// A page of which only the parts are known has no method, status or line to be shown.
func TestAnImpliedPageShowsNothingThatIsNotKnown(t *testing.T) {
	entries := []store.Entry{{ID: "1", Username: "ada", Method: "GET", Path: "/api/orders", Code: 200, Kind: store.KindFetch, From: "/orders", Time: time.Unix(1, 0)}}
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries})
	row := parse(t, html, err).Find("#rows > tr.implied")
	if got := row.Find("td.url > code").Text() + "|" + row.Find(".type").Text() + "|" + row.Find("td.result").Text(); got != "/orders||Known only by what it loaded" {
		t.Errorf("it shows %q", got)
	}
	for _, button := range row.Find("details > .copies > button").EachIter() {
		if copied := button.AttrOr("data-copy", ""); copied != "/orders" {
			t.Errorf("it offers to copy %q", copied)
		}
	}
	summary, err := newSet(t).Summary("en", "ada", views.People{}, entries, time.Unix(2, 0), views.Ticket{})
	if err != nil || !strings.Contains(summary, "| `/orders` | Known only by what it loaded |") {
		t.Errorf("the summary: %v\n%s", err, summary)
	}
}

func TestRowsLeadToTheTraceAndCopyTheWholeURL(t *testing.T) {
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	set, err := views.New(assets, views.Links{Site: "https://shop.example.com", Trace: "https://traces.example.com/?id={request_id}"})
	if err != nil {
		t.Fatal(err)
	}
	html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: visit()[4:]})
	row := parse(t, html, err).Find("#rows > tr")
	trace := row.Find("dl a")
	if got := trace.AttrOr("href", ""); got != "https://traces.example.com/?id=r+1" || trace.AttrOr("rel", "") != "noopener noreferrer" {
		t.Errorf("the trace is at %q", got)
	}
	if got := row.Find("[data-copy]").First().AttrOr("data-copy", ""); got != "https://shop.example.com/orders/7?a=1" {
		t.Errorf("copied is %q", got)
	}
	if got := row.Find("[data-copy]").Last().AttrOr("data-copy", ""); !strings.HasPrefix(got, `{"id":"1","username":"ada"`) {
		t.Errorf("the line is %q", got)
	}
}

func TestLogIsFilteredAndUnfolded(t *testing.T) {
	set := newSet(t)
	for _, c := range []struct {
		what   string
		filter views.Filter
		want   string
	}{
		{"all", views.Filter{}, "5 3 1"},
		{"every request", views.Filter{Every: true}, "5 4 3 2 1"},
		{"errors", views.Filter{Filter: journey.Filter{Show: journey.ShowErrors}}, "5 1"},
		{"pages", views.Filter{Filter: journey.Filter{Show: journey.ShowPages}}, "1"},
		{"changes", views.Filter{Filter: journey.Filter{Show: journey.ShowChanges}}, "5 3"},
		{"text in a name", views.Filter{Filter: journey.Filter{Text: "ORDER det"}}, "1"},
		{"text in a part", views.Filter{Filter: journey.Filter{Text: "missing"}}, "1"},
		{"nothing", views.Filter{Filter: journey.Filter{Text: "nosuch"}}, ""},
	} {
		html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: visit(), Filter: c.filter, Refresh: 2})
		doc := parse(t, html, err)
		var ids []string
		for _, row := range doc.Find("#rows > tr").EachIter() {
			ids = append(ids, row.AttrOr("data-id", ""))
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: rows %q, want %q", c.what, got, c.want)
		}
		// The refresh, and the live log, go on as the reader has chosen.
		query := c.filter.AddTo(map[string][]string{"username": {"ada"}}).Encode()
		if got := doc.Find("#log-section").AttrOr("hx-get", ""); got != "/static?"+query {
			t.Errorf("%s: the refresh asks %q", c.what, got)
		}
		if got := doc.Find(".heading .switch a").First().AttrOr("href", ""); got != "/live?"+query {
			t.Errorf("%s: the live log is at %q", c.what, got)
		}
	}
}

func TestNowIsOneSentence(t *testing.T) {
	set := newSet(t)
	entries := visit()
	at := entries[0].Time.Add(40 * time.Second)
	html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries, At: at})
	now := parse(t, html, err).Find("#now")
	if got := strings.Join(strings.Fields(now.Find("p").Text()), " "); got != "Pay was rejected (422). On Pay, 40 s ago." {
		t.Errorf("it says %q", got)
	}
	if got := now.AttrOr("data-since", "") + " " + now.AttrOr("data-trouble", ""); got != "2026-03-04T05:06:27.000Z error 422" {
		t.Errorf("for the page: %q", got)
	}
	html, err = set.Static(views.StaticLog{Layout: views.Layout{Lang: "fr"}, Username: "ada", Entries: []store.Entry{{ID: "1", Actor: "bob", Time: at}}})
	if got := parse(t, html, err).Find("#now").Text(); got != "On ne sait rien de cet utilisateur pour l’instant." {
		t.Errorf("of nobody it says %q", got)
	}
}

// One problem is said once: how often it was tried, in what time, and how that ended. A hint about something else stands below.
func TestOneProblemIsSaidOnce(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	pay := func(ago time.Duration, e store.Entry) store.Entry {
		e.ID, e.Username, e.Method, e.Path, e.Page, e.Time = ago.String(), "ada", "POST", "/pay", "Pay", at.Add(-ago)
		if e.Kind == store.KindUnknown {
			e.Kind = store.KindPage
		}
		return e
	}
	help := store.Entry{ID: "h", Username: "ada", Method: "GET", Path: "/help", Code: 200, Kind: store.KindPage, Time: at.Add(-12 * time.Second), From: "/pay"}
	rejected, declined := store.Entry{Code: 422}, store.Entry{Code: 200, Problem: "card declined"}
	for _, c := range []struct {
		what     string
		entries  []store.Entry // newest first
		want     string
		problems int
	}{
		{"once", []store.Entry{pay(20*time.Second, rejected)}, "Pay was rejected (422). On Pay, 20 s ago.", 1},
		{"again", []store.Entry{pay(20*time.Second, rejected), pay(40*time.Second, rejected), pay(time.Minute, rejected)}, "Tried Pay 3 times in 40 s: Rejected (422). On Pay, 20 s ago.", 1},
		{"in its own words", []store.Entry{pay(20*time.Second, declined), pay(40*time.Second, declined), pay(time.Minute, declined)}, "Pay was rejected 3 times in 40 s: card declined. On Pay, 20 s ago.", 1},
		{"and went on", []store.Entry{help, pay(20*time.Second, rejected)}, "Pay was rejected (422), 2026-03-04 05:05:47 UTC. On /help, 12 s ago.", 1},
		{"nothing", []store.Entry{help}, "On /help, 12 s ago.", 0},
	} {
		html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: c.entries, At: at})
		now := parse(t, html, err).Find("#now")
		if got := strings.Join(strings.Fields(now.Text()), " "); got != c.want || now.Find(".problem").Length() != c.problems || now.Find(".hints").Length() != 0 {
			t.Errorf("%s: it says %q", c.what, got)
		}
	}
	var openings []store.Entry
	for i := range 4 {
		e := help
		e.ID, e.Time = string(rune('a'+i)), at.Add(-time.Duration(i*i)*time.Second)
		openings = append(openings, e)
	}
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: openings, At: at})
	if got := strings.Join(strings.Fields(parse(t, html, err).Find("#now .hints > li").Text()), " "); got != "/help was opened 4 times within a minute, 2026-03-04 05:06:07 UTC." {
		t.Errorf("something else hints at %q", got)
	}
}

// The words of the application lead, in every language, and nothing in them is markup.
func TestHintsSayWhyItWasRejected(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for problem, want := range map[string]string{
		"card number: required; expiry: datetime": "Pay was rejected 3 times in 1 s: card number, expiry.",
		"<b>declined</b> | `now`":                 "Pay was rejected 3 times in 1 s: <b>declined</b> | `now`.",
	} {
		var entries []store.Entry
		for i := range 3 {
			entries = append(entries, store.Entry{ID: string(rune('a' + i)), Username: "ada", Method: "POST", Path: "/pay", Page: "Pay", Code: 200, Problem: problem, Time: at, Kind: store.KindPage})
		}
		for _, lang := range []string{"en", "de", "fr", "es", "ar"} {
			html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: lang}, Username: "ada", Entries: entries, At: at})
			hint := parse(t, html, err).Find("#now .problem")
			if got := hint.Text(); hint.Find("b").Length() > 0 || lang == "en" && !strings.HasPrefix(got, want) || !strings.Contains(got, journey.Reason(problem)) {
				t.Errorf("%s: it says %q", lang, got)
			}
		}
	}
}

// What has worked since is said to be solved, in grey, and the window does not call for anybody.
func TestAProblemThatIsSolvedIsNoTroubleAnyMore(t *testing.T) {
	set := newSet(t)
	entries := visit()
	again := entries[0]
	again.ID, again.Code, again.Time = "again", 200, again.Time.Add(10*time.Second)
	entries = append([]store.Entry{again}, entries...)
	html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries, At: again.Time})
	now := parse(t, html, err).Find("#now")
	if got := now.Find(".problem.solved").Text(); got != "Pay was rejected (422), 2026-03-04 05:06:27 UTC, solved 2026-03-04 05:06:37 UTC." {
		t.Errorf("it says %q", got)
	}
	if got, troubled := now.Attr("data-trouble"); troubled {
		t.Errorf("the title says %q", got)
	}
	summary, err := set.Summary("en", "ada", views.People{}, entries, again.Time, views.Ticket{})
	if err != nil || !strings.Contains(summary, "2026-03-04 05:06:27 UTC, solved 2026-03-04 05:06:37 UTC.") {
		t.Errorf("the summary: %v\n%s", err, summary)
	}
}

func TestSummaryIsMarkdown(t *testing.T) {
	entries := visit()
	entries[4].Page, entries[3].Path = "Order *details*", "/a|b`c"
	got, err := newSet(t).Summary("en", "ada_1", views.People{}, entries, entries[0].Time.Add(40*time.Second), views.Ticket{})
	want := "`ada_1`, 2026-03-04 05:07:07 UTC\n\n" +
		"`Pay` was rejected \\(422\\), 2026-03-04 05:06:27 UTC. On `Pay`, 40 s ago.\n\n" +
		"- URL: `Pay` `POST /pay`\n- Result: Rejected (422)\n- Time: 2026-03-04 05:06:27 UTC\n- Asked by: `/cart`\n\n" +
		"| Time | URL | Result |\n| --- | --- | --- |\n" +
		"| 2026-03-04 05:06:07 UTC | `Order *details*` `GET /orders/7?a=1` | Success (200), 1 part failed |\n" +
		"| 2026-03-04 05:06:12 UTC | `POST /cart` → `/cart` | Success (200) |\n" +
		"| 2026-03-04 05:06:27 UTC | `Pay` `POST /pay` | Rejected (422) |\n"
	if err != nil || got != want {
		t.Errorf("got\n%s%v\nwant\n%s", got, err, want)
	}
	for i := range entries[:2] {
		entries[i] = entries[0]
		entries[i].ID, entries[i].Code, entries[i].Page, entries[i].Path = string(rune('x'+i)), 500, "", "/a_b"
	}
	failing, err := newSet(t).Summary("en", "ada", views.People{}, append([]store.Entry{{ID: "z", Username: "ada", Method: "POST", Path: "/a_b", Code: 500, Time: entries[0].Time, Kind: store.KindPage}}, entries...), entries[0].Time, views.Ticket{})
	if err != nil || !strings.Contains(failing, "\n\nTried `/a_b` 3 times in 1 s: `Error (500)`, 2026-03-04 05:06:27 UTC. On `/a_b`, active now.\n\n- URL: `POST /a_b`\n") {
		t.Errorf("hints: %v\n%s", err, failing)
	}
	for name, want := range map[string]string{
		"\u202eada\u2066": "`[U+202E]ada[U+2066]` (not the name `ada`), 2026", "\u2069\xff": "`[U+2069][U+FFFD]`, 2026", "\u0645\u06cc\u200c\u062e\u0648": "`\u0645\u06cc\u200c\u062e\u0648`, 2026",
		"http://evil.example": "`http://evil.example`, 2026", "`|@team": "`'¦@team`, 2026", " ": "`[U+0020]`, 2026",
	} {
		if got, err := newSet(t).Summary("en", name, views.People{}, nil, entries[0].Time, views.Ticket{}); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("of %+q: %+q, %v", name, got, err)
		}
	}
	empty, err := newSet(t).Summary("fr", "ada", views.People{}, nil, entries[0].Time, views.Ticket{})
	if err != nil || !strings.Contains(empty, "On ne sait rien de cet utilisateur") {
		t.Errorf("of nothing: %q, %v", empty, err)
	}
}
