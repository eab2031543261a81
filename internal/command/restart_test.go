//go:build unix

package command_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// switchable is a proxy whose backend changes, as behind a rolling deploy. Where there is none, it says so.
type switchable struct {
	*httptest.Server
	backend atomic.Pointer[url.URL]
}

func newSwitchable(t *testing.T) *switchable {
	t.Helper()
	s := &switchable{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(s.backend.Load())
			r.Out.Host = r.In.Host // sockets compare it with the page's origin
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	s.Server = httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return s
}

func (s *switchable) lead(t *testing.T, to string) {
	t.Helper()
	backend, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	s.backend.Store(backend)
}

// livePage is a page's socket, which connects again as the page's script does.
type livePage struct {
	dialer  websocket.Dialer
	url     string
	header  http.Header
	open    *atomic.Int64 // sockets of all pages
	refused *atomic.Int64 // answers with 429
	failed  *atomic.Int64 // other failures: the look may have been written down
}

func (p *livePage) run(stop <-chan struct{}) {
	const first, last = 300 * time.Millisecond, 5 * time.Second // those of the template live.html
	for pause := first; ; pause = min(2*pause, last) {
		conn, response, err := p.dialer.Dial(p.url, p.header)
		switch {
		case err == nil:
			pause = first
			p.read(conn, stop)
		case response != nil && response.StatusCode == http.StatusTooManyRequests:
			p.refused.Add(1)
		default:
			p.failed.Add(1)
		}
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

// read reads until the socket ends.
func (p *livePage) read(conn *websocket.Conn, stop <-chan struct{}) {
	p.open.Add(1)
	defer p.open.Add(-1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-stop:
	}
	conn.Close()
	<-ended
}

// A page that connects again, because the admin was restarted, has not looked anew.
func TestARestartIsNoNewLook(t *testing.T) {
	t.Parallel()
	const pages = 95
	server := redistest.Start(t)
	args := []string{"serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--superuser", "root", "--superuser-password-file", passwordFile(t)}
	proxy := newSwitchable(t)
	serving := start(t, nil, args...)
	serving.err.await(t, "has been created")
	proxy.lead(t, serving.origin(t))
	v := visit(t, proxy.URL)
	v.logIn("/userlog", "root", password)

	var open, refused, failed atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	for n := range pages {
		page := &livePage{
			dialer: websocket.Dialer{Jar: v.client.Jar}, header: http.Header{"Origin": {proxy.URL}},
			url:  "ws" + strings.TrimPrefix(proxy.URL, "http") + fmt.Sprintf("/userlog/live/socket?username=user-%d", n),
			open: &open, refused: &refused, failed: &failed,
		}
		go func() {
			page.run(stop)
			done <- struct{}{}
		}()
	}
	defer func() {
		close(stop)
		for range pages {
			<-done
		}
	}()
	allOpen := func() bool { return open.Load() == pages }
	redistest.Eventually(t, "all pages are open", allOpen)
	tooMany, again := refused.Load(), failed.Load() // where a busy machine needs several attempts, each is a look
	drained := environ{"USERLOG_DRAIN": "1ms"}      // live pages are closed one after another
	for _, c := range []struct {
		env  environ // of the process that comes
		both bool    // it comes before the other one ends
	}{{}, {env: drained}, {both: true}} {
		before := serving
		if !c.both {
			before.end(t)
		}
		serving = start(t, c.env, args...)
		proxy.lead(t, serving.origin(t))
		before.end(t)
		began := time.Now()
		redistest.Eventually(t, "all pages are back", allOpen)
		t.Logf("all are back after %s", time.Since(began).Round(time.Millisecond))
	}
	if n := refused.Load() - tooMany; n > 0 {
		t.Errorf("%d connections were refused", n)
	}
	looks := make(map[audit.Action]int)
	log := audit.New(server.Client(t), audit.Keys{Prefix: store.DefaultKeyPrefix}, audit.Options{})
	for r, err := range log.All(t.Context(), audit.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		looks[r.Action]++
	}
	if n := looks[audit.Watch]; n < pages || n > pages+int(again) || looks[audit.ViewEnded] != 0 {
		t.Errorf("records: %v, want %d of %s, and up to %d of attempts that failed", looks, pages, audit.Watch, again)
	}
}
