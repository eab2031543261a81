package handlers_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// An open socket does not outlive what let it in, in any process.
func TestOpenSocketsEndWithTheRights(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first, second := newSite(t, server.Client(t), handlers.Options{}), newSite(t, server.Client(t), handlers.Options{})
	first.createSuperuser()
	first.record("ada", "/1")
	for what, end := range rightsEnd(first.accounts()) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := first.enter(what, auth.Superuser)
			there := b.at(second)
			var sockets []*websocket.Conn
			for _, page := range []*browser{b, there} {
				for _, target := range []string{"?username=ada", "?everyone=1"} {
					conn, response := page.dial(base + "/live/socket" + target + "&format=json")
					if conn == nil {
						t.Fatalf("no socket: %d", response.StatusCode)
					}
					readPath(t, conn)
					sockets = append(sockets, conn)
				}
			}
			if err := end(t.Context(), what, b); err != nil {
				t.Fatal(err)
			}
			for _, conn := range sockets {
				awaitClose(t, conn)
			}
			if conn, response := there.dial(base + "/live/socket?username=ada"); conn != nil || response.StatusCode != http.StatusUnauthorized {
				t.Errorf("one more socket: %d", response.StatusCode)
			}
		})
	}
}

// Where the login is somebody else's, that can be asked again only when the socket connects again.
func TestOpenSocketsAskSomebodyElsesLoginAgain(t *testing.T) {
	t.Parallel()
	for header, options := range map[string]handlers.Options{
		"X-Host-User":      {Identify: hostLogin},
		"X-Forwarded-User": {AuthHeader: "X-Forwarded-User", TrustedProxies: here, AuthHeaderRole: auth.Viewer},
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			s := newSiteWith(t, redistest.Start(t).Client(t), options, time.Millisecond)
			var sockets []*websocket.Conn
			for _, target := range []string{"?username=ada", "?everyone=1"} {
				conn, response := s.stranger().dial(base+"/live/socket"+target, header, root)
				if conn == nil {
					t.Fatalf("no socket: %d", response.StatusCode)
				}
				sockets = append(sockets, conn)
			}
			for _, conn := range sockets {
				awaitCloseWith(t, conn, websocket.CloseServiceRestart)
			}
		})
	}
}

// A socket lasts no longer than the reason for which it was opened, and then that is asked for again.
func TestOpenSocketsEndWithTheirReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	for _, conn := range b.openForAReason(2 * time.Second) {
		awaitCloseWith(t, conn, websocket.CloseServiceRestart)
	}
	if conn, response := b.dial(base + "/live/socket?username=ada"); conn != nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("one more socket: %d", response.StatusCode)
	}
}

// openForAReason opens sockets for a reason that ends in so long. On a machine that takes longer than that to open them, it
// begins again with more time.
func (b *browser) openForAReason(lasts time.Duration) (sockets []*websocket.Conn) {
	b.t.Helper()
	until := time.Now().Add(lasts)
	for username, target := range map[string]string{"ada": "?username=ada", "": "?everyone=1"} {
		b.site.setReason(username, until)
		conn, response := b.dial(base + "/live/socket" + target)
		if conn == nil && time.Now().After(until) {
			return b.openForAReason(4 * lasts)
		}
		if conn == nil {
			b.t.Fatalf("no socket: %d", response.StatusCode)
		}
		sockets = append(sockets, conn)
	}
	return sockets
}

// awaitClose wants the socket to be closed because access has ended.
func awaitClose(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	awaitCloseWith(t, conn, live.CloseAccessEnded)
}

// awaitCloseWith wants the socket to be closed with a code.
func awaitCloseWith(t *testing.T, conn *websocket.Conn, code int) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := conn.ReadMessage()
		switch {
		case err == nil: // what was under way
		case websocket.IsCloseError(err, code):
			return
		default:
			t.Errorf("the socket ended with %v", err)
			return
		}
	}
}

// One account that opens sockets without end gets its share, and leaves the others theirs.
func TestFiveThousandSocketsOfOneAccount(t *testing.T) {
	t.Parallel()
	const attempts, workers = 5_000, 20
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	greedy, modest := s.superuser(), s.viewer("vera")
	var open, refused, other atomic.Int64
	var work sync.WaitGroup
	for range workers {
		work.Go(func() {
			for range attempts / workers {
				switch _, response := greedy.dial(base + "/live/socket?username=ada"); response.StatusCode {
				case http.StatusSwitchingProtocols:
					open.Add(1)
				case http.StatusTooManyRequests:
					refused.Add(1)
				default:
					other.Add(1)
				}
			}
		})
	}
	work.Wait()
	if open.Load() != live.DefaultMaxPerAccount || refused.Load() != attempts-live.DefaultMaxPerAccount || other.Load() != 0 {
		t.Errorf("%d sockets are open, %d were refused, %d got something else", open.Load(), refused.Load(), other.Load())
	}
	s.record("ada", "/still-here")
	conn, response := modest.dial(base + "/live/socket?username=ada&format=json")
	if conn == nil {
		t.Fatalf("another account: %d", response.StatusCode)
	}
	if got := readPath(t, conn); got != "/still-here" {
		t.Errorf("another account reads %q", got)
	}
	if a := greedy.get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("a page of the greedy account: %d", a.StatusCode)
	}
}

// Another site's page can't watch in the name of who is logged in, whatever it says it is; nor can
// somebody without an Origin who has no token.
func TestNoSocketForAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for who, origin := range map[string]string{
		"another site": "https://evil.example", "a sandboxed frame": "null", "nobody": "", "a sibling subdomain": "http://evil.localhost",
		"our name in theirs": s.server.URL + ".evil.example", "our address in theirs": "http://evil.example/?" + s.server.URL, "a file": "file://",
	} {
		for _, target := range []string{"?username=ada", "?everyone=1", "?username=ada&format=json"} {
			if conn, response := b.dial(base+"/live/socket"+target, "Origin", origin); conn != nil || response.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s answers %d", who, target, response.StatusCode)
			}
		}
	}
	if records := s.audited(); len(records) != 1 {
		t.Errorf("written down: %q", records) // the login
	}
}

// Where browsers come by https, a page of plain http under our own name was put there by somebody on
// the way.
func TestNoSocketForAForgedPageOfPlainHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SecureCookies: true})
	s.createSuperuser()
	bearer := "Bearer " + s.token(root)
	host := strings.TrimPrefix(s.server.URL, "http://")
	for origin, want := range map[string]int{"https://" + host: http.StatusSwitchingProtocols, "http://" + host: http.StatusForbidden} {
		if _, response := s.stranger().dial(base+"/live/socket?username=ada", "Origin", origin, "Authorization", bearer); response.StatusCode != want {
			t.Errorf("from %s: %d, want %d", origin, response.StatusCode, want)
		}
	}
}

// Connecting again at another process is no way to another log, past the allowance, or past the end of one's rights.
func TestAReconnectionIsNoWayAround(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first, second := newSite(t, server.Client(t), handlers.Options{}), newSite(t, server.Client(t), handlers.Options{})
	first.createSuperuser()
	vera, eve := first.viewer("vera"), first.viewer("eve")
	target := base + "/live/socket?username=ada"
	if conn, response := vera.dial(target); conn == nil {
		t.Fatalf("no socket: %d", response.StatusCode)
	}
	first.useUpAllowance("vera", auth.ViaSession)
	first.useUpAllowance("eve", auth.ViaSession)
	if err := first.admin.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(second.records())
	want := func(what string, b *browser, target string, status int, headers ...string) {
		t.Helper()
		conn, response := b.at(second).dial(target, headers...)
		if response.StatusCode != status {
			t.Errorf("%s: %d, want %d", what, response.StatusCode, status)
		}
		if conn != nil {
			conn.Close()
		}
	}
	want("the same log", vera, target, http.StatusSwitchingProtocols)
	want("another log", vera, base+"/live/socket?username=grace", http.StatusTooManyRequests)
	want("everyone's log", vera, base+"/live/socket?everyone=1", http.StatusTooManyRequests)
	want("somebody else", eve, target, http.StatusTooManyRequests)
	if records := second.records(); len(records) != before {
		t.Errorf("%d records more", len(records)-before)
	}
	token := second.token("vera") // an allowance of its own, and a record of its own
	want("a program of the same account", second.stranger(), target, http.StatusSwitchingProtocols, "Authorization", "Bearer "+token, "Origin", "")
	if records := second.records(); len(records) != before+1 {
		t.Errorf("%d records more, want one", len(records)-before)
	}
	if err := second.accounts().Disable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	want("after the account was disabled", vera, target, http.StatusUnauthorized)
}
