package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A live page that is not served is told why, by its socket: a browser tells a page nothing of a status. The page is told to try again.
func TestALivePageIsToldWhyItIsNotServed(t *testing.T) {
	t.Parallel()
	const of = "/live/socket?page=1&username="
	for what, c := range map[string]struct {
		options handlers.Options
		spoil   func(*testing.T, *site, *redistest.Server, *browser)
		state   string
		says    string
	}{
		"Redis takes nothing": {
			spoil: func(t *testing.T, _ *site, server *redistest.Server, _ *browser) {
				if err := server.Client(t).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
					t.Fatal(err)
				}
			},
			state: "not-served", says: "The memory of Redis is full, so it takes nothing new.",
		},
		"Redis is away": {
			spoil: func(_ *testing.T, _ *site, server *redistest.Server, _ *browser) { server.Kill() },
			state: "not-served", says: "The log store can’t be reached.",
		},
		"the allowance is used up": {
			spoil: func(_ *testing.T, s *site, _ *redistest.Server, _ *browser) { s.useUpAllowance(root, auth.ViaSession) },
			state: "not-served", says: "You asked for more than is allowed at a time.",
		},
		"the account has as many as it may": {
			options: handlers.Options{MaxSocketsPerAccount: 1},
			spoil: func(_ *testing.T, _ *site, _ *redistest.Server, b *browser) {
				b.dial(base + of + "ada")
			},
			state: "not-served", says: "You asked for more than is allowed at a time.",
		},
		"the server serves as many as it may": {
			options: handlers.Options{MaxSockets: 1},
			spoil: func(_ *testing.T, _ *site, _ *redistest.Server, b *browser) {
				b.dial(base + of + "ada")
			},
			state: "not-served", says: "As many live logs are open as this server can serve.",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			s := newSite(t, server.Client(t), c.options)
			b := s.superuser()
			c.spoil(t, s, server, b)
			conn, response := b.dial(base + of + "grace")
			if conn == nil {
				t.Fatalf("the page got %d", response.StatusCode)
			}
			if state, says := readStatus(t, conn); state != c.state || !strings.HasPrefix(says, c.says) {
				t.Errorf("the page is told %q, %q", state, says)
			}
			if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
				t.Errorf("the socket ends with %v", err)
			}
			if conn, _ := b.dial(base+of+"grace", "Origin", "https://evil.example"); conn != nil {
				t.Error("another site's page can connect")
			}
		})
	}
}

// readStatus reads one frame of a live page: the state of the connection, and the message.
func readStatus(t *testing.T, conn *websocket.Conn) (state, says string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, frame, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	a := &answer{t: t, body: strings.NewReplacer("<hx-partial", "<div", "</hx-partial", "</div").Replace(string(frame))}
	return a.find("#connection").AttrOr("data-state", ""), a.text("[hx-target='#messages']")
}

// A page whose server is about to end, and one that would not be shown any longer, get a status: it finds out by itself.
func TestALivePageThatIsNotTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	const target = base + "/live/socket?page=1&username=ada"
	if conn, response := s.stranger().dial(target); conn != nil || response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger's page: %d", response.StatusCode)
	}
	if err := s.admin.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if conn, response := b.dial(target); conn != nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d", response.StatusCode)
	}
}
