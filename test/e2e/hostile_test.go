package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestLoggedTextIsShownAsText(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)

	// Line separators are shown as they are in URLs.
	newestFirst := strings.Split(strings.NewReplacer("\u2028", "%E2%80%A8", "\u2029", "%E2%80%A9").Replace(strings.Join(hostile, "\x00")), "\x00")
	slices.Reverse(newestFirst)
	record(logs, "ada", hostile...)
	for _, page := range []string{"/static?username=ada", "/live?username=ada"} {
		b.visit(page)
		b.hasURLs(newestFirst...)
		b.hasNothingForeign()
	}

	b.visit("/live/everyone?show=")
	b.isConnected("live")
	record(logs, "grace", hostile...)
	b.hasRows(2 * len(hostile))
	b.hasNothingForeign()
}

func TestUsernamesAreShownAsText(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	for _, name := range hostile {
		record(logs, name, "/")
	}
	b.visit("/")
	b.eventually("the last are listed", "document.querySelectorAll('#seen tbody tr').length === 20")
	b.hasNothingForeign()
	b.enter("#search [name=username]", "/")
	b.eventually("names are suggested", "document.querySelectorAll('#suggestions > [role=option]').length > 5 || "+typeAgain)
	b.hasNothingForeign()
	b.visit("/live/everyone?show=")
	b.hasRows(len(hostile))
	b.hasNothingForeign()
	for _, name := range hostile {
		query := "?" + url.Values{"username": {name}}.Encode()
		b.visit("/live" + query)
		b.isConnected("live")
		b.hasURLs("/")
		b.shows("h1", "Live log of "+printable.Name(name))
		b.visit("/static" + query)
		b.shows("#messages [role=status]", "Logs found for "+printable.Name(name)+".")
		b.hasNothingForeign()
	}
}

// What is asked for, in an address that somebody else may have made, or by typing.
func TestAskedTextIsShownAsText(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	b.expect("the server responded with a status of 422") // for days that are none,
	b.expect("does not conform to the required format")   // which the browser doesn't take either
	// Each text in one of the fields: which one makes no difference to what is done with it.
	for n := 0; n < len(hostile); n += 5 {
		text := func(i int) string { return hostile[(n+i)%len(hostile)] }
		b.visit("/live/everyone?" + url.Values{"show": {text(2)}, "q": {text(0)}, "app": {text(1)}}.Encode())
		b.isConnected("live")
		b.holds("#filter-text", text(0))
		b.holds("#filter-app", text(1))
		b.hasNothingForeign()

		b.visit("/audit?" + url.Values{"actor": {text(2)}, "user": {text(3)}, "action": {text(4)}, "before": {text(0)}}.Encode())
		b.holds("#actor", text(2))
		b.holds("#user", text(3))
		b.hasNothingForeign()
		b.visit("/audit?" + url.Values{"from": {text(0)}, "to": {text(1)}}.Encode())
		b.eventually("it is said that these are no days", "document.querySelector('#messages [role=alert]')")
		b.hasNothingForeign()
		record(logs, text(0), "/")
		b.looksUp(text(0))
		b.looksUp(text(1)) // which is nobody's name
	}
}

// looksUp types a name into the search field, and goes where it leads.
func (b *tab) looksUp(name string) {
	b.t.Helper()
	b.visit("/")
	b.enter("#search-name", name)
	b.eventually("it is said what was found", "document.querySelector('#suggestions-status').textContent")
	b.hasNothingForeign()
	typed := evaluate[string](b, "document.querySelector('#search-name').value") // no line separators
	b.types(kb.Escape)                                                           // what is typed is meant, and not who is suggested
	b.types(kb.Enter)
	b.shows("h1", "Live log of "+typed)
	b.hasNothingForeign()
}

// holds checks what is in a field of a form, or what is chosen there.
func (b *tab) holds(selector, text string) {
	b.t.Helper()
	if got := evaluate[string](b, "document.querySelector("+quote(selector)+").value"); got != text {
		b.t.Errorf("%s: %s holds %q", b.location(), selector, got)
	}
}

// What an application may add to an entry, and what a browser says about itself.
func TestEveryFieldIsShownAsText(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	for _, text := range hostile {
		logs.Record(store.Entry{
			ID: text, Username: "ada", Method: text, Path: "/orders/7", Code: 500, Route: text, RequestID: text,
			Page: text, Kind: store.Kind(text), From: text, Location: text, Extra: map[string]string{text: text, "note": text},
		})
	}
	for _, page := range []string{"/static?username=ada", "/live?username=ada", "/live/everyone"} {
		b.visit(page)
		b.hasRows(len(hostile))
		b.hasNothingForeign()
	}
}

// What somebody has typed into a form, or has sent with a login, is shown to superusers.
func TestTypedTextIsShownAsText(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis, "--require-reason"), openStore(t, redis)
	reasons := auth.NewReasons(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()})
	records := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	tokens := auth.NewTokens(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()})
	b := site.enter(t)
	b.expect("the server responded with a status of 403") // where a reason is asked for
	for i, text := range hostile {
		user := fmt.Sprintf("user%d", i)
		b.visit("/static?" + url.Values{"username": {text}}.Encode()) // the form that asks
		b.hasNothingForeign()
		if err := reasons.State(t.Context(), superuser, user, text); err != nil {
			t.Fatal(err)
		}
		b.visit("/live?username=" + user)
		b.eventually("the reason", "document.querySelector('p.reason').textContent.includes("+quote(text)+")")
		b.hasNothingForeign()
		_, err := records.Append(t.Context(), audit.Record{
			Actor: text, Role: text, Action: audit.Action(text), Subject: text, Address: text, Via: text, Reason: text, Detail: text,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.Create(t.Context(), superuser, fmt.Sprintf("%.60s", text), time.Hour); err != nil && i < auth.MaxTokens {
			t.Fatal(err)
		}
		logInWith(t, site, text)
	}
	b.visit("/audit")
	b.eventually("the records", "document.querySelectorAll('#audit tbody tr').length > 25")
	b.hasNothingForeign()
	b.visit("/account")
	b.eventually("sessions and tokens", "document.querySelectorAll('#sessions tbody tr').length === 26 && document.querySelectorAll('#tokens tbody tr').length === 20")
	b.hasNothingForeign()
}

// logInWith logs in from a browser that calls itself agent.
func logInWith(t *testing.T, site *program, agent string) {
	t.Helper()
	form := url.Values{"username": {superuser}, "password": {password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.origin+"/userlog/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", agent)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("the login answers %d", answer.StatusCode)
	}
}

// A login leads nowhere else, as browsers read URLs, which is not always as Go does.
func TestNoLoginLeadsElsewhere(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := openTab(t, site.origin+"/userlog")
	for _, next := range []string{
		"//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\\evil.example`, `/userlog/\evil.example`,
		"https:evil.example", "https:/evil.example", "https://evil.example", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example",
		"\t//evil.example", "/\n/evil.example", "/\r/evil.example", "/%09/evil.example", "/%2f%2fevil.example", "/%5cevil.example",
		"/userlog/../..//evil.example", "/userlog/..;//evil.example", "/userlog//evil.example", "/userlog@evil.example", "//userlog/",
		".evil.example", "@evil.example", ":80@evil.example", "/userlog/live\u2028", "/userlog/?next=//evil.example",
	} {
		b.visit("/login?" + url.Values{"next": {next}}.Encode())
		found := evaluate[string](b, "new URL(document.querySelector('#login [name=next]').value, location).href")
		if !strings.HasPrefix(found, site.origin+"/userlog/") {
			t.Errorf("%q leads to %s", next, found)
		}
	}
	b.visit("/login?next=%2F%2Fevil.example")
	b.fillInLogin(site.superuser, password)
	b.eventually("the home page", "location.pathname === '/userlog/' && document.querySelector('#seen-title')")
}
