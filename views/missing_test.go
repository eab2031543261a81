package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestWhatIsMissingIsSaidInEveryLanguage(t *testing.T) {
	set := newSet(t)
	dropped, one, background := store.Gap{Dropped: 3, Background: 9}, store.Gap{Indeterminate: 1}, store.Gap{Background: 12}
	old := store.Gap{NotKept: 12}
	for _, test := range []struct {
		lang     string
		gap      store.Gap
		sentence string
	}{
		{"en", dropped, "3 requests are missing here."},
		{"en", one, "1 request may be missing here."},
		{"en", background, "12 requests that pages made by themselves may be missing here."},
		{"en", store.Gap{Dropped: 1, Indeterminate: 2}, "1 request is missing here. 2 requests may be missing here."},
		{"en", store.Gap{Unnamed: 700}, "Requests may be missing here."},
		{"de", dropped, "Hier fehlen 3 Anfragen."},
		{"de", one, "Hier fehlt vielleicht 1 Anfrage."},
		{"fr", dropped, "Il manque 3 requêtes ici."},
		{"fr", one, "1 requête manque peut-être ici."},
		{"es", dropped, "Aquí faltan 3 solicitudes."},
		{"es", one, "Aquí puede faltar 1 solicitud."},
		{"ar", dropped, "تنقص 3 طلبات هنا."},
		{"en", old, "12 older requests are not kept."},
		{"en", store.Gap{NotKept: 1}, "1 older request is not kept."},
		{"en", store.Gap{Dropped: 1, NotKept: 2}, "1 request is missing here. 2 older requests are not kept."},
		{"de", old, "12 ältere Anfragen sind nicht mehr gespeichert."},
		{"fr", old, "12 requêtes plus anciennes ne sont plus conservées."},
		{"es", old, "12 solicitudes anteriores ya no se conservan."},
		{"ar", old, "12 طلبًا أقدم لم تعد محفوظة."},
		{"ar", one, "قد يكون هناك طلب ناقص هنا."},
	} {
		e := store.Entry{ID: "7", Username: "ada", Gap: &test.gap}
		step := journey.Alone(e, true)[0]
		html, err := set.StepRow(test.lang, step)
		row := parseRow(t, html, err).Find("tr")
		if quiet := row.HasClass("omitted"); row.Text() != test.sentence || row.AttrOr("id", "") != "gap-7" || quiet != (test.gap.Dropped+test.gap.Indeterminate+test.gap.Unnamed == 0) || row.HasClass("gap") == quiet {
			t.Errorf("%s, %+v: %s", test.lang, test.gap, html)
		}
		html, err = set.MissingRow(test.lang, "/userlog", &e)
		row = parseRow(t, html, err).Find("tr#gap-7")
		if row.Text() != "ada · "+test.sentence || row.Find("a").AttrOr("href", "") != "/userlog/live?username=ada" || row.Find("td").AttrOr("colspan", "") != "5" {
			t.Errorf("%s, %+v, everyone's: %s", test.lang, test.gap, html)
		}
		if got := set.Words().Missing(&test.gap); test.lang == "en" && got != test.sentence {
			t.Errorf("in a terminal: %s", got)
		}
	}
}

// logWithGaps has gaps behind its newest request, before it, and one of what pages fetch before the oldest. It is newest first.
func logWithGaps() []store.Entry {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return []store.Entry{
		{ID: "3", Username: "ada", Time: at.Add(2 * time.Second), Gap: &store.Gap{Dropped: 1}},
		{ID: "2", Username: "ada", Method: "GET", Path: "/b", Code: 200, Time: at.Add(time.Second), Gap: &store.Gap{Indeterminate: 2}},
		{ID: "1", Username: "ada", Method: "GET", Path: "/a", Code: 200, Time: at, Gap: &store.Gap{Background: 4}},
	}
}

func TestAStaticLogShowsGaps(t *testing.T) {
	set := newSet(t)
	for every, want := range map[bool]string{
		false: "gap-3 step-2 gap-2 step-1",
		true:  "gap-3 step-2 gap-2 step-1 gap-1",
	} {
		page := views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: logWithGaps(), Filter: views.Filter{Every: every}}
		page.Filter.Show = journey.ShowAll
		html, err := set.Static(page)
		var got []string
		for _, row := range parse(t, html, err).Find("#rows > tr").EachIter() {
			got = append(got, row.AttrOr("id", ""))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("every request %v: the rows are %q, want %q", every, got, want)
		}
	}
}

func TestASummaryShowsGaps(t *testing.T) {
	text, err := newSet(t).Summary("en", "ada", views.People{}, logWithGaps(), time.Now(), views.Ticket{})
	if err != nil {
		t.Fatal(err)
	}
	want := "`GET /a` | Success (200) |\n| … | 2 requests may be missing here. | … |\n"
	if !strings.Contains(text, want) || !strings.HasSuffix(text, "| … | 1 request is missing here. | … |\n") {
		t.Errorf("the summary is\n%s", text)
	}
}
