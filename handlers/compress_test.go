package handlers_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// accepting makes a request that says which compression it accepts, which the client then leaves alone.
func (b *browser) accepting(method, target string, form url.Values, encoding string, headers ...string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.server.URL+target, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestPagesAreCompressedForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/first", "/second")
	for target, status := range map[string]int{
		"/": 200, "/static?username=ada": 200, "/live?username=ada": 200, "/login": 303, "/audit": 200,
	} {
		plain := b.accepting("GET", base+target, nil, "identity")
		if plain.StatusCode != status || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: status %d, Content-Encoding %q", target, plain.StatusCode, plain.Header.Get("Content-Encoding"))
		}
		if !slices.Contains(plain.Header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s: Vary is %q", target, plain.Header.Values("Vary"))
		}
		compressed := b.accepting("GET", base+target, nil, "gzip")
		if status != http.StatusOK {
			continue
		}
		if compressed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not compressed", target)
			continue
		}
		reader, err := gzip.NewReader(compressed.Body)
		if err != nil {
			t.Fatal(err)
		}
		html, err := io.ReadAll(reader)
		if err != nil || !strings.HasSuffix(strings.TrimSpace(string(html)), "</html>") {
			t.Errorf("%s: %d bytes, %v", target, len(html), err)
		}
		if sent := compressed.ContentLength; sent <= 0 || sent > int64(len(html))/2 {
			t.Errorf("%s: %d bytes of %d are sent", target, sent, len(html))
		}
		if head := b.accepting("HEAD", base+target, nil, "gzip"); head.Header.Get("Content-Encoding") != "gzip" || head.ContentLength <= 0 {
			t.Errorf("HEAD %s: Content-Encoding %q, length %d", target, head.Header.Get("Content-Encoding"), head.ContentLength)
		}
	}
}

// What is shown once, a token or a one-time link, is the answer to a form.
func TestAnswersToFormsAreNotCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	res := s.stranger().accepting("POST", base+"/login", url.Values{"username": {"nobody"}, "password": {"wrong"}}, "gzip")
	html, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity || res.Header.Get("Content-Encoding") != "" || !strings.Contains(string(html), "<h1>") {
		t.Errorf("status %d, Content-Encoding %q, %d bytes, %v", res.StatusCode, res.Header.Get("Content-Encoding"), len(html), err)
	}
}

func TestWhatAnotherSiteAskedForIsNotCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for from, compressed := range map[string]bool{"same-origin": true, "none": true, "same-site": false, "cross-site": false} {
		res := b.accepting("GET", base+"/", nil, "gzip", "Sec-Fetch-Site", from)
		if got := res.Header.Get("Content-Encoding") == "gzip"; res.StatusCode != http.StatusOK || got != compressed {
			t.Errorf("%s: status %d, compressed: %v", from, res.StatusCode, got)
		}
	}
}

func TestErrorPagesAreCompressedAndSmallAnswersAreNot(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.engine.NoRoute(s.admin.NotFound)
	if res := b.accepting("GET", base+"/nowhere", nil, "gzip"); res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the page for what does not exist: %d, Content-Encoding %q", res.StatusCode, res.Header.Get("Content-Encoding"))
	}
	if res := b.accepting("GET", base+"/users?q=nobody", nil, "gzip"); res.Header.Get("Content-Encoding") != "" {
		t.Errorf("an empty list of suggestions has the Content-Encoding %q", res.Header.Get("Content-Encoding"))
	}
}
