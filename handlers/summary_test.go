package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestSummaryIsForTheTicket(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/reset?token=sk_live_4eC39HqLyjWDarjtT1zdp7dc", "/orders/7")
	a := b.get(base + "/summary?username=ada")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, %v", a.StatusCode, a.Header)
	}
	if !strings.Contains(a.body, "`GET /orders/7`") || !strings.Contains(a.body, "`GET /reset?token=***`") || strings.Contains(a.body, "sk_live") {
		t.Errorf("the summary is\n%s", a.body)
	}
	if got := s.audited(); !slices.Equal(got, []string{"root login", "root view ada"}) {
		t.Errorf("written down: %q", got)
	}
	if a := b.get(base + "/summary"); a.StatusCode != http.StatusNotFound {
		t.Errorf("without a name: %d", a.StatusCode)
	}
	if a := b.get(base+"/summary?username=ada", "Accept-Language", "fr"); !strings.Contains(a.body, "| Heure |") {
		t.Errorf("in French it is\n%s", a.body)
	}
}

// Where it can't be looked up who is meant, the ticket does not say that nothing is known of this user. Where only similar names can't be, it
// is known that nobody else is meant.
func TestWhomASummaryIsOfIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/orders/7")
	before := len(s.audited())
	for _, test := range []struct {
		typed, forbidden string
		lost             bool
	}{{store.NewReference(), "smembers", true}, {"Ada", "zrangebylex", true}, {"aba", "zrangebyscore", false}} {
		for _, sign := range []string{"-", "+"} {
			redis.Permit(sign + test.forbidden)
			a := b.get(base + "/summary?username=" + test.typed)
			if lost := a.StatusCode == http.StatusServiceUnavailable; lost != (test.lost && sign == "-") {
				t.Errorf("%s %s%s: %d %s", test.typed, sign, test.forbidden, a.StatusCode, a.body)
			}
			if got := s.audited(); test.lost && sign == "-" && len(got) != before {
				t.Errorf("%s: written down: %q", test.typed, got[before:])
			}
		}
		before = len(s.audited())
	}
}

func TestLinksOfRowsAreChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	for what, options := range map[string]handlers.Options{
		"a site with a path":    {SiteURL: "https://shop.example.com/x"},
		"a site that is none":   {SiteURL: "javascript:alert(1)"},
		"a trace without place": {TraceURL: "https://traces.example.com/"},
		"a trace that is none":  {TraceURL: "javascript:alert('{request_id}')"},
	} {
		if _, err := handlers.New(s.logs, options); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	admin, err := handlers.New(s.logs, handlers.Options{SiteURL: "https://shop.example.com", TraceURL: "https://traces.example.com/{request_id}?a=b"})
	if err == nil {
		err = admin.Close(t.Context())
	}
	if err != nil {
		t.Error(err)
	}
}

// Each line has a link, and a text for a ticket behind the same gate as the log.
func TestALineHasALinkAndAText(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.logs.Record(store.Entry{Username: "ada b", Method: "POST", Path: "/pay", Code: 500, RequestID: "r1", Kind: store.KindPage, Client: "Safari, iOS, phone"})
	redistest.Eventually(t, "it is written", func() bool { return s.logs.Stats().Queued == 0 })
	links := b.get(base + "/static?username=ada+b").find("#rows .copies:not([hidden]) a")
	if links.Length() != 2 {
		t.Fatalf("there are %d links", links.Length())
	}
	line, ticket := links.Eq(0).AttrOr("href", ""), links.Eq(1).AttrOr("data-copy-url", "")
	if row := b.get(base + "/" + strings.TrimSuffix(line, "#line")).find("#rows > tr[aria-current]"); row.Length() != 1 {
		t.Errorf("%s points nothing out", line)
	}
	text := b.get(base + "/" + ticket + "&zone=120")
	for _, part := range []string{"POST /pay", "+02:00)", "`r1`", "`Safari, iOS, phone`", s.server.URL + base + "/" + line} {
		if text.StatusCode != http.StatusOK || !strings.Contains(text.body, part) {
			t.Errorf("%d, without %s: %s", text.StatusCode, part, text.body)
		}
	}
	if a := b.get(base + "/summary?username=ada+b&line=gone"); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a line that is gone: %d", a.StatusCode)
	}
	if a := s.stranger().get(base + "/" + ticket); strings.Contains(a.body, "/pay") {
		t.Errorf("a stranger reads %s", a.body)
	}
}
