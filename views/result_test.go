package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// ends are the ways in which an answer can end, and how they look.
var ends = []struct {
	entry         store.Entry
	class, en, fr string
	failed        bool
	problem       string // the sentence of Now, in English
	title         string // what the title of the window says
	summary       string
}{
	{
		store.Entry{Code: 200, Problem: "card <declined>"},
		"client-error",
		"Problem: card <declined> (200)", "Problème\u00a0: card <declined> (200)", true,
		"Pay failed: card <declined>.", "failure", "Problem: `card <declined>` (200)",
	},
	{
		store.Entry{Code: 422, Problem: "no stock"},
		"client-error",
		"Problem: no stock (422)", "Problème\u00a0: no stock (422)", true,
		"Pay was rejected: no stock.", "error 422", "Problem: `no stock` (422)",
	},
	{
		store.Entry{Code: 500, Problem: "no stock"},
		"server-error",
		"Problem: no stock (500)", "Problème\u00a0: no stock (500)", true,
		"Pay failed: no stock (500).", "error 500", "Problem: `no stock` (500)",
	},
	{
		store.Entry{Code: 200, Ended: store.EndBrokeOff},
		"server-error",
		"Broke off after 200", "Interruption après 200", true,
		"The answer of Pay broke off.", "failure", "Broke off after 200",
	},
	{
		store.Entry{Ended: store.EndBrokeOff},
		"server-error",
		"Broke off", "Interruption", true,
		"The answer of Pay broke off.", "failure", "Broke off",
	},
	{
		store.Entry{Ended: store.EndTimedOut},
		"server-error",
		"Timed out", "Délai dépassé", true,
		"Pay timed out.", "failure", "Timed out",
	},
	{
		store.Entry{Code: 503, Ended: store.EndTimedOut},
		"server-error",
		"Timed out (503)", "Délai dépassé (503)", true,
		"Pay timed out.", "error 503", "Timed out (503)",
	},
	{
		store.Entry{Code: 502, Ended: store.EndGaveUp, Duration: 412 * time.Millisecond},
		"gave-up",
		"The customer gave up waiting (0.4 s)", "Le client n’a pas attendu la réponse (0,4 s)", false,
		"", "", "The customer gave up waiting (0.4 s)",
	},
	{
		store.Entry{Ended: store.EndGaveUp},
		"gave-up",
		"The customer gave up waiting", "Le client n’a pas attendu la réponse", false,
		"", "", "The customer gave up waiting",
	},
	{
		store.Entry{Code: 409, Ended: store.EndRedirected},
		"redirection",
		"Redirection (409)", "Redirection (409)", false,
		"", "", "Redirection (409)",
	},
	{
		store.Entry{Ended: store.EndUnknown},
		"unknown",
		"Status unknown", "Statut inconnu", false,
		"", "", "Status unknown",
	},
}

// ended is a payment that ended in this way, a minute ago.
func ended(e store.Entry) store.Entry {
	e.ID, e.Username, e.Method, e.Path, e.Page, e.Kind, e.Time = "1", "ada", "POST", "/pay", "Pay", store.KindPage, time.Unix(1e9, 0)
	return e
}

// checkLooks compares a row, or a part of one, with what it must look like.
func checkLooks(t *testing.T, where string, row *goquery.Selection, result, class, want string) {
	t.Helper()
	if got := row.Find(result).First().Text(); got != want || !row.HasClass(class) {
		t.Errorf("%s: %q with class %q, want %q with %q", where, got, row.AttrOr("class", ""), want, class)
	}
}

// A form that is checked while it is filled in has parts of its page that say what is wrong, and none of them is a failure.
func TestACheckThatFindsAFieldWrongLooksLikeNoFailure(t *testing.T) {
	set := newSet(t)
	for want, check := range map[string]store.Entry{
		"Rejected (422)":             {Code: 422},
		"Problem: card number (422)": {Code: 422, Problem: "card number"},
		"Problem: card number (200)": {Code: 200, Problem: "card number"},
	} {
		check = ended(check)
		check.ID, check.Kind, check.From = "2", store.KindCheck, "/shop"
		page := store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/shop", Code: 200, Kind: store.KindPage, Time: check.Time}
		step, err := set.StepRow("en", journey.Fold([]store.Entry{page, check}).Steps()[0])
		row := parseRow(t, step, err)
		checkLooks(t, "part", row.Find(".parts > li"), "span", "informational", want)
		checkLooks(t, "row", row.Find("#rows > tr"), "td.result", "success", "Success (200)")
	}
}

func TestEndsLookAlikeEverywhere(t *testing.T) {
	set := newSet(t)
	for _, end := range ends {
		e := ended(end.entry)
		for lang, want := range map[string]string{"en": end.en, "fr": end.fr} {
			row, err := set.Row(lang, "", &e, true)
			checkLooks(t, "everyone", parseRow(t, row, err).Find("#rows > tr"), "td.result", end.class, want)

			step, err := set.StepRow(lang, journey.Fold([]store.Entry{e}).Steps()[0])
			checkLooks(t, "live", parseRow(t, step, err).Find("#rows > tr"), "td.result", end.class, want)

			for _, every := range []bool{false, true} {
				html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: lang}, Username: "ada", Entries: []store.Entry{e}, Filter: views.Filter{Every: every}})
				checkLooks(t, "static", parse(t, html, err).Find("#rows > tr"), "td.result", end.class, want)
			}

			part := e
			part.ID, part.Kind, part.Method, part.From = "2", store.KindFetch, "GET", "/shop"
			page := store.Entry{ID: "0", Username: "ada", Method: "GET", Path: "/shop", Code: 200, Kind: store.KindPage, Time: e.Time}
			step, err = set.StepRow(lang, journey.Fold([]store.Entry{page, part}).Steps()[0])
			checkLooks(t, "part", parseRow(t, step, err).Find(".parts > li"), "span", end.class, want)
		}
		summary, err := set.Summary("en", "ada", views.People{}, []store.Entry{e}, e.Time, views.Ticket{})
		if err != nil || !strings.Contains(summary, "| `Pay` `POST /pay` | "+end.summary+" |") {
			t.Errorf("%+v: %v, %s", end.entry, err, summary)
		}
	}
}

func TestNowSaysWhatFailed(t *testing.T) {
	set := newSet(t)
	for _, end := range ends {
		folder := journey.Fold([]store.Entry{ended(end.entry)})
		html, err := set.Now("en", "ada", folder.Now(time.Unix(1e9+60, 0)), folder.Hints())
		now := parse(t, html, err).Find("#now")
		if got := now.Find(".problem").Text(); !strings.HasPrefix(got, end.problem) || (got != "") != end.failed {
			t.Errorf("%+v: %q, want %q", end.entry, got, end.problem)
		}
		if got := now.AttrOr("data-trouble", ""); got != end.title {
			t.Errorf("%+v: the title says %q, want %q", end.entry, got, end.title)
		}
	}
}

// A declined payment often answers with a redirect, and the page that it leads to is shown. The step failed all the same.
func TestAStepFailsWithItsFirstRequest(t *testing.T) {
	at := time.Unix(1e9, 0)
	entries := []store.Entry{ // newest first
		{ID: "2", Username: "ada", Method: "GET", Path: "/cart", Code: 200, Kind: store.KindPage, Time: at.Add(time.Second)},
		{ID: "1", Username: "ada", Method: "POST", Path: "/pay", Code: 303, Location: "/cart", Problem: "card declined", Kind: store.KindPage, Time: at},
	}
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries})
	rows := parse(t, html, err).Find("#rows > tr")
	if rows.Length() != 1 {
		t.Fatalf("%d rows", rows.Length())
	}
	checkLooks(t, "the step", rows, "td.result", "client-error", "Problem: card declined (303)")
	checkLooks(t, "where it led", rows.Find(".parts > li"), "span", "success", "Success (200)")
}

func TestHomeShowsWhoseRequestFailedWithoutAStatus(t *testing.T) {
	at := time.Unix(1e9, 0)
	for lang, want := range map[string]string{"en": "Something failed", "fr": "Quelque chose a échoué"} {
		html, err := newSet(t).Home(views.Home{Layout: views.Layout{Lang: lang}, Troubled: []store.Trouble{{Username: "ada", At: at}}, At: at})
		checkLooks(t, "home", parse(t, html, err).Find("#trouble tbody tr"), "td.result", "client-error", want)
	}
}

// The index of users has no status of an answer that broke off, and the log says that it was the site's fault.
func TestHomeTakesAnAnswerThatBrokeOffForTheSitesFault(t *testing.T) {
	at := time.Unix(1e9, 0)
	home := views.Home{Layout: views.Layout{Lang: "en"}, At: at, Troubled: []store.Trouble{{Username: "bob", At: at, Code: 422}, {Username: "ada", At: at.Add(-time.Second)}}}
	home.LookInto([]string{"ada"}, []store.Log{{Entries: []store.Entry{
		{ID: "1", Method: "GET", Path: "/orders", Code: 200, Ended: store.EndBrokeOff, Kind: store.KindPage, Time: at.Add(-time.Second)},
	}}})
	html, err := newSet(t).Home(home)
	checkLooks(t, "home", parse(t, html, err).Find("#trouble tbody tr").First(), "td.result", "server-error", "Something failed")
}

func TestRowsSayWhoActedInAUsersPlace(t *testing.T) {
	set := newSet(t)
	e := store.Entry{ID: "1", Username: "ada", Actor: "<bob>", Method: "GET", Path: "/orders", Code: 500, Kind: store.KindPage, Time: time.Unix(1e9, 0)}
	for lang, want := range map[string]string{"en": "by <bob>, as ada", "fr": "par <bob>, en tant que ada"} {
		row, err := set.Row(lang, "", &e, true)
		step, failed := set.StepRow(lang, journey.Fold([]store.Entry{e}).Steps()[0])
		for where, doc := range map[string]*goquery.Document{"everyone": parseRow(t, row, err), "a step": parseRow(t, step, failed)} {
			if got := doc.Find("td.url > .acted"); got.Text() != want || got.Find("bdi").Length() != 2 {
				t.Errorf("%s: %q, want %q", where, got.Text(), want)
			}
		}
	}
	summary, err := set.Summary("en", "ada", views.People{}, []store.Entry{e}, e.Time, views.Ticket{})
	if err != nil || !strings.Contains(summary, "| `GET /orders` by `<bob>`, as `ada` | Error (500) |") {
		t.Errorf("the summary: %v, %s", err, summary)
	}
	if strings.Contains(summary, "failed") {
		t.Errorf("the agent's failure is the user's: %s", summary)
	}
	own := e
	own.Actor = ""
	row, err := set.Row("en", "", &own, true)
	if got := parseRow(t, row, err).Find(".acted").Length(); got != 0 {
		t.Errorf("a user's own request says who acted")
	}
}
