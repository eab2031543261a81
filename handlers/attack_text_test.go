package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// oddities are texts that are nobody's name.
var oddities = map[string]string{
	"NUL":                  "a\x00b",
	"a line end":           "a\nb",
	"a header":             "a\r\nSet-Cookie: userlog=x\r\n\r\n<script>alert(1)</script>",
	"a log line":           "a\n[ERROR] time=2026-01-01 level=ERROR msg=\"all is lost\"",
	"an escape sequence":   "\x1b[2J\x1b]0;owned\x07a",
	"a C1 control":         "\u009b31ma",
	"the other direction":  "\u202eadmin\u2066",
	"no UTF-8":             "\xff\xfe\xc0\xaf",
	"half a character":     "a\xe2\x82",
	"a line separator":     "a\u2028b\u2029",
	"markup":               `"><img src=x onerror=alert(1)>`,
	"a template":           "{{.}}${1}#{1}",
	"3,000 bytes":          strings.Repeat("x", 3_000), // in every parameter: as much as a page of the admin lets in
	"257 bytes":            strings.Repeat("x", 257),
	"a Redis command":      "\r\n*1\r\n$8\r\nFLUSHALL\r\n",
	"a surrogate in UTF-8": "\xed\xa0\x80",
}

// Every page and every answer for programs, asked for names that nobody can have: no error of ours, no
// header and no byte that we would not have written.
func TestStrangeNamesOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), sending())
	s.record("ada", "/hers-alone")
	b, stranger := s.superuser(), s.stranger()
	bearer := "Bearer " + s.token(root)
	for what, text := range oddities {
		query := make(url.Values)
		for _, parameter := range []string{"username", "q", "user", "actor", "action", "from", "to", "next", "out", "reason", "after", "lang", "format", "before", "seq"} {
			query.Set(parameter, text)
		}
		for _, route := range s.engine.Routes() {
			if route.Method != http.MethodGet || strings.HasSuffix(route.Path, "/assets/:file") {
				continue
			}
			target := targetOf(route) + "?" + query.Encode()
			headers := []string{"Authorization", bearer}
			if !strings.HasPrefix(route.Path, base+"/api") {
				headers = nil
			}
			checkAnswer(t, what, b.get(target, headers...))
			checkAnswer(t, what, stranger.get(target))
		}
		checkAnswer(t, what, stranger.logIn(base, text, text, text))
		checkAnswer(t, what, stranger.post(base+"/language", url.Values{"lang": {text}, "next": {text}}))
	}
	// Where they are not asked for, but shown.
	odd := oddities["the other direction"]
	s.record(odd, "/"+odd+"?q="+odd)
	s.logs.Record(store.Entry{Username: odd, Method: "GET", Path: "/", Code: 500, Page: odd, RequestID: odd, Application: odd, Extra: map[string]string{odd: odd}})
	s.create(odd, auth.Viewer)
	b.post(base+"/account/token", form("label", odd, "days", "1"))
	redistest.Eventually(t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
	for _, target := range []string{"/", "/users", "/audit", "/account", "/accounts", "/recording", "/live/everyone", "/static?username=", "/live?username=", "/summary?username="} {
		if strings.HasSuffix(target, "=") {
			target += url.QueryEscape(odd)
		}
		checkAnswer(t, "shown", b.get(base+target))
	}
}

// What an application says of requests may have been typed by a stranger, and leads the page.
func TestStrangeProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for what, text := range oddities {
		for range journey.SameFailures {
			s.logs.Record(store.Entry{Username: what, Method: "POST", Path: "/pay", Code: 422, Kind: store.KindPage, Problem: text + ": required", Page: "Pay", Client: text})
		}
	}
	redistest.Eventually(t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
	checkAnswer(t, "all", b.get(base+"/"))
	for what := range oddities {
		for _, page := range []string{"/static", "/summary"} {
			a := b.get(base + page + "?username=" + url.QueryEscape(what))
			if checkAnswer(t, what, a); !strings.Contains(a.body, "3") || !strings.Contains(a.body, "required") && !strings.Contains(a.body, "rejected") {
				t.Errorf("%s: %s does not say what went wrong", what, page)
			}
		}
	}
}

// checkAnswer wants an answer that is no error of ours and harmless text.
func checkAnswer(t *testing.T, what string, a *answer) {
	t.Helper()
	where := a.Request.Method + " " + a.Request.URL.Path
	if a.StatusCode >= http.StatusInternalServerError {
		t.Errorf("%s: %s answers %d", what, where, a.StatusCode)
	}
	if strings.Contains(a.body, "/hers-alone") {
		t.Errorf("%s: %s shows somebody's log", what, where)
	}
	if harmful := harmfulIn(a.body); harmful != "" {
		t.Errorf("%s: %s has %s in its body", what, where, harmful)
	}
	if len(a.body) > 100_000 {
		t.Errorf("%s: %s answers with %d bytes", what, where, len(a.body))
	}
	for name, values := range a.Header {
		if text := strings.Join(values, ""); harmfulIn(text) != "" || strings.ContainsAny(text, "\r\n") {
			t.Errorf("%s: %s has the header %s: %q", what, where, name, text)
		}
	}
	for _, cookie := range a.Cookies() {
		if cookie.Name != cookieName(a.Request.Host, base) && cookie.Name != "userlog_language" || cookie.Value == "x" {
			t.Errorf("%s: %s sets %v", what, where, cookie)
		}
	}
	switch kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); kind {
	case "text/html":
		if a.find("img[onerror], script:not([src])").Length() > 0 {
			t.Errorf("%s: %s has taken it for HTML", what, where)
		}
		for _, text := range rearranging(a) {
			t.Errorf("%s: %s is rearranged by %+q", what, where, text)
		}
	case "text/plain":
		if strings.ContainsAny(a.body, overrides) {
			t.Errorf("%s: %s is rearranged: %+q", what, where, a.body)
		}
	}
}

// overrides change the order in which all that comes after them is read.
const overrides = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// rearranging returns the texts of a page that would do that to the text around them. Texts have to be isolated by bdi or dir,
// except in the title, which browsers show by itself.
func rearranging(a *answer) (texts []string) {
	a.find("html, html *").Contents().Each(func(_ int, text *goquery.Selection) {
		if goquery.NodeName(text) == "#text" && strings.ContainsAny(text.Text(), overrides) && text.Closest("bdi, title, body [dir]").Length() == 0 {
			texts = append(texts, text.Text())
		}
	})
	return texts
}

// harmfulIn names what text has that must not leave the program: bytes that are no UTF-8, and what a
// terminal obeys.
func harmfulIn(text string) string {
	if !utf8.ValidString(text) {
		return "invalid UTF-8"
	}
	for _, r := range text {
		if unicode.IsControl(r) && !strings.ContainsRune("\n\t\r", r) {
			return "a control character"
		}
	}
	return ""
}
