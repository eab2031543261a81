package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestRowShowsARequest(t *testing.T) {
	set := newSet(t)
	cases := []struct {
		method string
		code   int
		kind   string
		result string
		class  string
	}{
		{"GET", 200, "Read (GET)", "Success (200)", "success"},
		{"HEAD", 204, "Read (HEAD)", "Success (204)", "success"},
		{"POST", 302, "Write (POST)", "Redirection (302)", "redirection"},
		{"PUT", 404, "Write (PUT)", "Not found (404)", "client-error"},
		{"PATCH", 500, "Write (PATCH)", "Error (500)", "server-error"},
		{"DELETE", 101, "Write (DELETE)", "Informational (101)", "informational"},
		{"OPTIONS", 999, "Other (OPTIONS)", "Error (999)", "non-standard"},
		{"get", 0, "Other (get)", "Status unknown", "unknown"},
	}
	for _, c := range cases {
		html, err := set.Row("en", "/u", &store.Entry{ID: "9", Username: "ada", Method: c.method, Path: "/a", Code: c.code}, false)
		row := parseRow(t, html, err).Find("#rows > tr[data-id='9']")
		if row.Find("td").Length() != 4 || !row.HasClass(c.class) {
			t.Errorf("%s %d: %d cells, class %q", c.method, c.code, row.Find("td").Length(), row.AttrOr("class", ""))
		}
		if kind, result := row.Find("td.what .type").Text(), row.Find("td.result").Text(); kind != c.kind || result != c.result {
			t.Errorf("%s %d: %q, %q", c.method, c.code, kind, result)
		}
	}
}

func TestRowSaysHowOftenTheSameWasRecorded(t *testing.T) {
	set := newSet(t)
	for repeats, want := range map[int]string{0: "Success (200)", 28: "Success (200) × 28", 1234: "Success (200) × 1,234"} {
		html, err := set.Row("en", "/u", &store.Entry{ID: "9", Username: "ada", Method: "GET", Path: "/poll", Code: 200, Repeats: repeats}, true)
		if got := parseRow(t, html, err).Find("td.result").Text(); got != want {
			t.Errorf("%d repeats: %q, want %q", repeats, got, want)
		}
	}
}

func TestRowIsTextWhateverIsInIt(t *testing.T) {
	e := hostileEntry()
	html, err := newSet(t).Row("en", "/u", &e, true)
	doc := parseRow(t, html, err)
	checkHarmless(t, doc)
	row := doc.Find("#rows > tr")
	if got := row.AttrOr("data-id", ""); got != hostileEntry().ID {
		t.Errorf("id %q", got)
	}
	if got := row.Find("td.url code").Text(); got != hostilePath {
		t.Errorf("url %q", got)
	}
	if row.Find("td.url a").Length() != 0 {
		t.Error("the URL is a link that would act as the agent")
	}
	if got := row.Find("td.user a > bdi").Text(); got != hostileName {
		t.Errorf("user %q", got)
	}
	if got := row.Find("td.user a").AttrOr("href", ""); !strings.HasPrefix(got, "/u/live?username=%22%3E%3Cimg") {
		t.Errorf("link to %q", got)
	}
}

// The time of a row of everyone's log leads to the line in the log of its user.
func TestRowsOfEveryoneHaveALinkToTheirLine(t *testing.T) {
	html, err := newSet(t).Row("en", "/u", &store.Entry{ID: "p-7", Username: "ada+1", Time: time.Unix(1700000000, 0)}, true)
	link := parseRow(t, html, err).Find("td.time > a:has(relative-time)")
	if got := link.AttrOr("href", ""); got != "/u/static?line=p-7&username=ada%2B1#line" || link.AttrOr("title", "") != "Link to this line" {
		t.Errorf("it leads to %q", got)
	}
}

func TestRowTellsTheTimeToScriptsAndToThoseWithout(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.FixedZone("", 3600))
	html, err := newSet(t).Row("en", "", &store.Entry{ID: "1", Time: at}, false)
	times := parseRow(t, html, err).Find("td.time [datetime='2026-03-04T04:06:07.890Z']")
	if !times.First().Is("relative-time") || !times.Last().Is("time-ago") || times.Length() != 2 {
		t.Fatalf("%d times, want the absolute and the relative one", times.Length())
	}
	if got := times.First().Text(); got != "2026-03-04 04:06:07 UTC" {
		t.Errorf("without scripts: %q", got)
	}
}

func TestWhatCannotBeSeenInAURLIsShownEncoded(t *testing.T) {
	set := newSet(t)
	for path, want := range map[string]string{
		"/café/日本?q=a b%20c": "/café/日本?q=a b%20c",
		"/a\u202egnp.exe":    "/a%E2%80%AEgnp.exe",
		"/a\u2066b\u200fc":   "/a%E2%81%A6b%E2%80%8Fc",
		"/a\x00\n\x1bb":      "/a%00%0A%1Bb",
		"/a\xffb":            "/a%FFb",
		"/zero\u200bwidth":   "/zero%E2%80%8Bwidth",
	} {
		html, err := set.Row("en", "", &store.Entry{ID: "1", Path: path}, false)
		if got := parseRow(t, html, err).Find("td.url").Text(); got != want {
			t.Errorf("%q is shown as %q, want %q", path, got, want)
		}
	}
	long := "/" + strings.Repeat("x", 2047)
	html, err := set.Row("en", "", &store.Entry{ID: "1", Path: long}, false)
	if got := parseRow(t, html, err).Find("td.url").Text(); got != long {
		t.Errorf("%d bytes of a URL of %d are shown", len(got), len(long))
	}
}

func TestGapRowSpansTheTable(t *testing.T) {
	set := newSet(t)
	for withUser, columns := range map[bool]string{false: "5", true: "5"} {
		html, err := set.GapRow("fr", withUser)
		row := parseRow(t, html, err).Find("#rows > tr.gap:not([data-id])")
		if got := row.Find("td").AttrOr("colspan", ""); got != columns || row.Text() != "Des requêtes peuvent manquer ici." {
			t.Errorf("colspan %q, %q", got, row.Text())
		}
	}
}

func TestOmittedRowCountsInEveryLanguage(t *testing.T) {
	set := newSet(t)
	cases := []struct {
		lang     string
		n        int
		sentence string
	}{
		{"en", 1, "1 more request is not shown here."},
		{"en", 38, "38 more requests are not shown here."},
		{"en", 12345, "12,345 more requests are not shown here."},
		{"fr", 1, "1 autre requête n’est pas affichée ici."},
		{"fr", 38, "38 autres requêtes ne sont pas affichées ici."},
		{"fr", 1_000_000, "1\u00a0000\u00a0000 d’autres requêtes ne sont pas affichées ici."},
	}
	for _, c := range cases {
		for withUser, columns := range map[bool]string{false: "5", true: "5"} {
			html, err := set.OmittedRow(c.lang, withUser, c.n)
			cell := parseRow(t, html, err).Find("#rows > tr.omitted:not(.gap, [data-id]) > td")
			if got := cell.AttrOr("colspan", ""); got != columns {
				t.Errorf("%s %d: spans %q columns of %s", c.lang, c.n, got, columns)
			}
			if cell.Find("span").Text() == "" {
				t.Errorf("%s %d: where they are is not said", c.lang, c.n)
			}
			cell.Find("span").Remove()
			if got := strings.TrimSpace(cell.Text()); got != c.sentence {
				t.Errorf("%s %d: %q", c.lang, c.n, got)
			}
		}
	}
}

func TestConnectionCarriesTheWordsThatThePageMayNeed(t *testing.T) {
	set := newSet(t)
	for state, want := range map[views.ConnectionState]string{
		views.Connecting: "Connexion en cours", views.Connected: "En direct",
		views.ConnectionLost:       "Connexion perdue, nouvel essai en cours",
		views.ConnectionStoreLost:  "Le stockage des journaux est injoignable, nouvel essai en cours",
		views.ConnectionNobody:     "Aucune application ne se signale",
		views.ConnectionRefreshing: "S’actualise d’elle-même",
	} {
		html, err := set.Connection("fr", state)
		shown := parse(t, html, err).Find("#connection[role=status]")
		if got := shown.AttrOr("data-state", ""); got != string(state) || shown.Text() != want {
			t.Errorf("%s: state %q, %q", state, got, shown.Text())
		}
		if shown.AttrOr("data-live", "") != "En direct" || shown.AttrOr("data-lost", "") == "" || shown.AttrOr("data-refreshing", "") == "" || shown.AttrOr("data-nobody", "") != "Aucune application ne se signale" ||
			shown.AttrOr("data-off", "") == "" || shown.AttrOr("data-store-refuses", "") == "" {
			t.Errorf("%s: words are missing", state)
		}
	}
}

func TestPartialsAddressTheirPlace(t *testing.T) {
	for want, got := range map[string][]byte{
		`<hx-partial hx-target="#rows" hx-swap="afterbegin"><tr>2</tr><tr>1</tr></hx-partial>`:                            views.RowsPartial([]byte("<tr>2</tr>"), []byte("<tr>1</tr>")),
		`<hx-partial hx-target="#newest" hx-swap="outerHTML"><i id="newest" hidden data-cursor="&#34;"></i></hx-partial>`: views.NewestPartial(`"`),
	} {
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	set := newSet(b)
	e := store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/orders/42?page=2", Code: 200, Time: time.Unix(1700000000, 0)}
	for b.Loop() {
		if _, err := set.Row("en", "/userlog", &e, false); err != nil {
			b.Fatal(err)
		}
	}
}

func TestStatusSaysHowTheConnectionIsAndWhatWasFound(t *testing.T) {
	set := newSet(t)
	for status, want := range map[views.LogStatus][2]string{
		{Username: "ada", State: store.Live, Found: true}:                 {"live", "Logs found for ada."},
		{Username: "ada", State: store.Live}:                              {"live", "No logs for ada. Ask the caller for the username, exactly as it is typed at the login. If it is this one, a page that they open now appears here."},
		{Username: "ada", State: store.Silent, Found: true}:               {"nobody", "Logs found for ada."},
		{Username: "ada", State: store.Lost, Found: true}:                 {"store-lost", "The log store can’t be reached. We keep trying. If it lasts, tell whoever runs Redis."},
		{State: store.Live}:                                               {"live", ""},
		{Username: "ada", State: store.Off, Found: true}:                  {"off", "Recording is switched off, so nothing new appears here. A superuser can switch it on, on the page Recording."},
		{Username: "ada", State: store.Unpublished, Found: true}:          {"instead", "Logs found for ada."},
		{Username: "ada", State: store.Live, Found: true, Polled: true}:   {"instead", "Logs found for ada."},
		{Username: "ada", State: store.Silent, Found: true, Polled: true}: {"nobody", "Logs found for ada."},
		{Username: "ada", State: store.Lost, Found: true, Polled: true}:   {"store-lost", "The log store can’t be reached. We keep trying. If it lasts, tell whoever runs Redis."},
		{Username: "ada", State: store.Live, Gone: time.Unix(1700000000, 0)}: {
			"live", "ada was here until 2023-11-14 22:13:20 UTC. The log has expired. Ask the caller to open a page now: it appears here.",
		},
		{State: store.Unpublished}: {"instead", ""},
		{State: store.Silent}:      {"nobody", "No application has reported for a minute. Check that the site runs and that it writes to this log store."},
		{State: store.Lost}:        {"store-lost", "The log store can’t be reached. We keep trying. If it lasts, tell whoever runs Redis."},
	} {
		html, err := set.StatusPartials("en", status)
		doc := parse(t, html, err)
		state := doc.Find("hx-partial[hx-target='#connection'][hx-swap=outerHTML] > #connection").AttrOr("data-state", "")
		message := strings.Join(strings.Fields(doc.Find("hx-partial[hx-target='#messages'][hx-swap=innerHTML]").Text()), " ")
		if state != want[0] || message != want[1] {
			t.Errorf("%+v: %q, %q", status, state, message)
		}
	}
}
