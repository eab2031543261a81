package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// otherHost is a proxy in front of a program, by another name than those of pages. It notes what it sees.
type otherHost struct {
	url string // of its live socket

	mu       sync.Mutex
	requests []*http.Request
}

func openOtherHost(t *testing.T, p *program) *otherHost {
	t.Helper()
	target, err := url.Parse(p.origin)
	if err != nil {
		t.Fatal(err)
	}
	h := &otherHost{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, r.Clone(r.Context()))
		h.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.url = strings.Replace(server.URL, "http://127.0.0.1", "ws://localhost", 1) + "/userlog/live/socket"
	return h
}

// tickets are those that the host was shown. The test fails where there is a cookie, or a ticket in an address.
func (h *otherHost) tickets(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var tickets []string
	for _, r := range h.requests {
		_, ticket, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), "userlog.ticket.")
		tickets = append(tickets, ticket)
		if len(ticket) != 43 || len(r.Cookies()) != 0 || strings.Contains(r.RequestURI+r.Referer(), ticket) {
			t.Errorf("the host of the sockets sees %s with %v", r.RequestURI, r.Header)
		}
	}
	return tickets
}

// answersFirstTicket has somebody else answer when a page asks for its first ticket. That is none, and the page asks again.
const answersFirstTicket = `(fetch => {
	window.fetch = (address, how) => {
		if (how?.method !== "POST") return fetch(address, how);
		window.fetch = fetch;
		return Promise.resolve(new Response("<p>Welcome to the network</p>"));
	};
})(fetch)`

// The host of the sockets gets no cookie, but a ticket for each connection, and its sockets end with the session of the page.
func TestLiveLogFromAnotherHost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	logs, site := openStore(t, redis), serve(t, redis)
	sockets := start(t, anyAddress(t), "serve", "--redis", redis.URL, "--allowed-origin", site.origin)
	other := openOtherHost(t, sockets)
	site = site.again("--live-url", other.url)
	record(logs, "ada", "/before")
	b := site.enter(t)
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: answersFirstTicket})
	b.visit("/live?username=ada")
	b.isConnected("live")
	b.hasURLs("/before")

	b.expectOutage()
	lost := b.sees("the connection is lost", "document.querySelector('#connection[data-state=lost]')") // requests soon stand in for it
	sockets.stop()
	lost()
	record(logs, "ada", "/meanwhile")
	sockets.again()
	b.isConnected("live")
	b.hasURLs("/meanwhile", "/before")
	b.hasGaps(0)
	tickets := other.tickets(t)
	seen := map[string]bool{}
	for _, ticket := range tickets {
		seen[ticket] = true
	}
	if len(tickets) < 2 || len(seen) != len(tickets) {
		t.Errorf("tickets were shown again: %d of %d are different", len(seen), len(tickets))
	}

	b.expect("the server responded with a status of 401")
	if err := auth.NewAccounts(logs.Client(), keys, auth.AccountOptions{}).EndSessions(t.Context(), superuser); err != nil {
		t.Fatal(err)
	}
	b.eventually("the login", "document.querySelector('form#login')")
}
