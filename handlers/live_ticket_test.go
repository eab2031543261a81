package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// twoHosts are a site of pages, and the one that its live pages connect to.
func twoHosts(t *testing.T, client redis.UniversalClient) (pages, sockets *site) {
	t.Helper()
	pages = newSite(t, client, handlers.Options{LiveURL: "wss://live.example.com/userlog/live/socket"})
	return pages, newSite(t, client, handlers.Options{AllowedOrigins: []string{pages.server.URL}})
}

// ticket asks for a ticket, as a live page does.
func (b *browser) ticket(form url.Values) string {
	b.t.Helper()
	a := b.post(base+"/live/ticket", form)
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("a ticket for %v: %d %s", form, a.StatusCode, a.body)
	}
	return a.body
}

// offers are the headers of a socket that is opened with a ticket by a page of another site.
func (s *site) offers(ticket string) []string {
	return []string{"Sec-WebSocket-Protocol", "userlog, userlog.ticket." + ticket, "Origin", s.server.URL}
}

func TestATicketOpensOneSocketElsewhere(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		pages, sockets := twoHosts(t, client)
		b, there := pages.superuser(), sockets.stranger()
		pages.record("ada", "/first")
		live := b.get(base + "/live?username=ada").find("#live")
		if got := live.AttrOr("data-ticket", ""); got != base+"/live/ticket" {
			t.Errorf("tickets are asked for at %q", got)
		}
		const address = base + "/live/socket?format=json&username=ada"
		headers := pages.offers(b.ticket(form("username", "ada")))
		conn, response := there.dial(address, headers...)
		if conn == nil || conn.Subprotocol() != "userlog" || len(response.Cookies()) != 0 {
			t.Fatalf("no socket: %d, protocol %q", response.StatusCode, response.Header.Get("Sec-WebSocket-Protocol"))
		}
		if got := readPath(t, conn); got != "/first" {
			t.Errorf("the socket begins with %q", got)
		}
		refused := func(what, target string, headers ...string) {
			t.Helper()
			if conn, response := there.dial(target, headers...); conn != nil || response.StatusCode/100 != 4 {
				t.Errorf("%s: %d", what, response.StatusCode)
			}
		}
		refused("once more", address, headers...)
		refused("without a ticket", address, "Origin", pages.server.URL)
		refused("another log", base+"/live/socket?username=grace", pages.offers(b.ticket(form("username", "ada")))...)
		refused("everyone's log", base+"/live/socket?everyone=1", pages.offers(b.ticket(form("username", "ada")))...)
		refused("another site", address, append(pages.offers(b.ticket(form("username", "ada"))), "Origin", "https://evil.example")...)
		if conn, response := there.dial(base+"/live/socket?everyone=1", pages.offers(b.ticket(form("everyone", "1")))...); conn == nil {
			t.Errorf("everyone's log: %d", response.StatusCode)
		}
		if got, want := pages.audited(), []string{"root login", "root watch ada", "root watch-everyone"}; !slices.Equal(got, want) {
			t.Errorf("written down: %q, want %q", got, want)
		}

		unused := b.ticket(form("username", "ada"))
		b.post(base+"/logout", nil)
		refused("after the logout", address, pages.offers(unused)...)
		awaitClose(t, conn)
	})
}

func TestWhoGetsATicket(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	pages := newSite(t, server.Client(t), handlers.Options{LiveURL: "wss://live.example.com/userlog/live/socket", RequireReason: true})
	b := pages.superuser()
	ask := func(b *browser, form url.Values, headers ...string) *answer {
		return b.post(base+"/live/ticket", form, headers...)
	}
	for what, c := range map[string]struct {
		a    *answer
		want int
	}{
		"a stranger":          {ask(pages.stranger(), form("username", "ada")), http.StatusSeeOther},
		"without a reason":    {ask(b, form("username", "ada")), http.StatusForbidden},
		"another site's page": {ask(b, form("username", "ada"), "Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"for no log":          {ask(b, nil), http.StatusBadRequest},
		"for both logs":       {ask(b, form("username", "ada", "everyone", "1")), http.StatusBadRequest},
		"for an odd name":     {ask(b, form("username", "a\x00")), http.StatusBadRequest},
	} {
		if c.a.StatusCode != c.want {
			t.Errorf("%s gets %d, want %d", what, c.a.StatusCode, c.want)
		}
	}
	b.post(base+"/reason", form("username", "ada", "reason", "ticket 12"))
	b.ticket(form("username", "ada"))
	server.Kill()
	if a := ask(b, form("username", "ada")); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while Redis is away: %d", a.StatusCode)
	}
}
