package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// watchedSite is a program behind a proxy that notes what is asked of it.
type watchedSite struct {
	*program
	mu    sync.Mutex
	asked map[string]int // requests by path, what the browser said of them, and status
}

func watchSite(t *testing.T, p *program) *watchedSite {
	t.Helper()
	target, err := url.Parse(p.origin)
	if err != nil {
		t.Fatal(err)
	}
	behind := *p
	w := &watchedSite{program: &behind, asked: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		ahead, _, _ := strings.Cut(res.Request.Header.Get("Sec-Purpose"), ";")
		w.asked[fmt.Sprintf("%s %s %d", strings.TrimPrefix(res.Request.URL.Path, "/userlog"), ahead, res.StatusCode)]++
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	behind.origin = server.URL
	return w
}

func (w *watchedSite) times(request string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[request]
}

// Another port of a host is a sibling site. What its pages have the browser load ahead, or lead it to, is no look.
func TestASiblingSiteForgesNoLooks(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := watchSite(t, serve(t, redis)), openStore(t, redis)
	record(logs, "ada", "/")
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	looks := func() (found []string) {
		for r, err := range log.All(t.Context(), audit.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Action != audit.Login {
				found = append(found, string(r.Action)+" "+r.Subject)
			}
		}
		return found
	}
	const target = "/userlog/static?username=ada"
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/prefetch":
			fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><a href="%s">x</a>
				<script type="speculationrules">{"prefetch":[{"source":"list","urls":["%s"],"eagerness":"immediate"}]}</script>`, site.origin+target, site.origin+target)
		case "/lead":
			fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><script>location = %q</script>`, site.origin+target)
		case "/export":
			fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><script>location = %q</script>`, site.origin+"/userlog/audit/export?format=csv")
		}
	}))
	defer evil.Close()

	b := site.enter(t)
	b.expect("403")
	b.expect("net::ERR_")
	b.base = evil.URL
	b.visit("/prefetch")
	redistest.Eventually(t, "the page was loaded ahead, and refused", func() bool { return site.times("/static prefetch 403") > 0 })
	b.visit("/lead")
	b.eventually("the person is asked", "document.querySelector('#go-on')")
	b.visit("/export")
	b.eventually("the export is refused", "location.pathname === '/userlog/audit/export' && document.querySelector('.failure')")
	if got := looks(); len(got) != 0 {
		t.Errorf("written down: %q", got)
	}

	b.visit("/lead")
	b.click("#go-on")
	b.shows("h1", "Static log of ada")
	if got := looks(); len(got) != 1 || got[0] != "view ada" {
		t.Errorf("when the person has gone on, written down is %q", got)
	}
}
