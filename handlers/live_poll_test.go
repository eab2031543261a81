package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A live page that can't have its socket is answered what the socket would have brought.
func TestLivePagesAskWithoutSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/1", "/2", "/3")
	poll := func(path string) *answer { return b.get(base+path, "HX-Request", "true") }
	first := poll("/live?username=ada&after=none")
	if first.StatusCode != http.StatusOK || first.Header.Get("Userlog-Time") == "" {
		t.Fatalf("%d, %v", first.StatusCode, first.Header)
	}
	for _, want := range []string{"/1", "/2", "/3", "Not live here", "Logs found for", `id="now"`} {
		if !strings.Contains(first.body, want) {
			t.Errorf("%q is missing: %s", want, first.body)
		}
	}
	cursor := first.find("#newest").AttrOr("data-cursor", "")
	s.record("ada", "/4")
	s.record("bob", "/5")
	if next := poll("/live?username=ada&after=" + url.QueryEscape(cursor)).body; !strings.Contains(next, "/4") || strings.Contains(next, ">/3<") {
		t.Errorf("behind %q: %s", cursor, next)
	}
	if errors := poll("/live?username=ada&show=errors&after=none").body; strings.Contains(errors, "<tr") {
		t.Errorf("only errors: %s", errors)
	}
	if everyone := poll("/live/everyone?show=&after=none").body; !strings.Contains(everyone, "/4") || !strings.Contains(everyone, "/5") {
		t.Errorf("everyone: %s", everyone)
	}
	if chosen := poll("/live/everyone?show=&users=ada&after=none").body; !strings.Contains(chosen, "/4") || strings.Contains(chosen, "/5") {
		t.Errorf("of everyone only ada: %s", chosen)
	}
	if failures := poll("/live/everyone?after=none").body; strings.Contains(failures, "/4") {
		t.Errorf("everyone's failures: %s", failures)
	}
	if nobody := poll("/live?username=nobody&after=none").body; !strings.Contains(nobody, "No logs for") {
		t.Errorf("nobody: %s", nobody)
	}
	if impossible := poll("/live?username=%01&after=none"); impossible.StatusCode != http.StatusNotFound {
		t.Errorf("a name that nobody has: %d", impossible.StatusCode)
	}
	if stranger := s.stranger().get(base+"/live?username=ada&after=none", "HX-Request", "true"); strings.Contains(stranger.body, "/4") {
		t.Errorf("a stranger: %d, %s", stranger.StatusCode, stranger.body)
	}
	views := 0
	for _, record := range s.audited() {
		if record == "root view ada" || record == "root watch ada" {
			views++
		}
	}
	if views != 1 {
		t.Errorf("the audit log: %q", s.audited())
	}
}
