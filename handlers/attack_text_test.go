package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
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
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.record("ada", "/hers-alone")
	b, stranger := s.superuser(), s.stranger()
	bearer := "Bearer " + s.token(root)
	for what, text := range oddities {
		query := make(url.Values)
		for _, parameter := range []string{"username", "q", "user", "actor", "action", "from", "to", "next", "out", "reason", "after", "lang", "format", "before", "seq"} {
			query.Set(parameter, text)
		}
		for _, route := range s.engine.Routes() {
			if route.Method != http.MethodGet || strings.HasSuffix(route.Path, "/static/:file") {
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
		if cookie.Name != "userlog" && cookie.Name != "userlog_language" || cookie.Value == "x" {
			t.Errorf("%s: %s sets %v", what, where, cookie)
		}
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && a.find("img[onerror], script:not([src])").Length() > 0 {
		t.Errorf("%s: %s has taken it for HTML", what, where)
	}
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
