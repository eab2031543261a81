package live

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Nothing of a request is held by its socket.
func TestASocketDoesNotHoldItsRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		requests := make(chan weak.Pointer[http.Request], 1)
		s.seen = func(r *http.Request) { requests <- weak.Make(r) }
		program := s.watch("json", "1", "username", "ada")
		request := <-requests
		redistest.Eventually(t, "the request is gone", func() bool {
			runtime.GC()
			return request.Value() == nil
		})
		s.record("ada", "/1")
		program.expect("entry /1")
	})
}

// The handler returns when the socket is open, and the end is told once, when it is closed.
func TestServeReturnsWhenTheSocketIsOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		program := s.watch("json", "1", "username", "ada")
		synctest.Wait()
		if handling, open := s.handling.Load(), s.open.Load(); handling != 0 || open != 1 {
			t.Errorf("%d handlers serve %d sockets", handling, open)
		}
		program.Close()
		synctest.Wait()
		if open := s.open.Load(); open != 0 {
			t.Errorf("%d sockets are open", open)
		}
	})
}

// Where no socket opens, the end is told before the handler knows.
func TestServeTellsTheEndOfWhatDidNotBegin(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		for _, c := range []struct {
			what  string
			watch Watch
			want  error
		}{
			{"a name that can't be", Watch{Username: "a\x00b"}, store.ErrUsernameInvalid},
			{"no upgrade", Watch{Username: "ada"}, websocket.HandshakeError{}},
			{"a hub that drains", Watch{Username: "ada"}, ErrClosed},
		} {
			if errors.Is(c.want, ErrClosed) {
				if err := s.hub.Drain(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
			}
			ended := 0
			err := s.hub.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), c.watch, func() { ended++ })
			if handshake := new(websocket.HandshakeError); ended != 1 || !errors.Is(err, c.want) && !errors.As(err, handshake) {
				t.Errorf("%s: ended %d times, %v", c.what, ended, err)
			}
			synctest.Wait()
			if n := len(s.hub.viewers); n != 0 {
				t.Errorf("%s: %d viewers are left", c.what, n)
			}
		}
	})
}

// A panic of the handshake is one of the handler, whose recovery knows what to do.
func TestAPanicOfTheHandshakeIsTheHandlers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		ended, recovered := false, any(nil)
		func() {
			defer func() { recovered = recover() }()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": panics} {
				r.Header.Set(name, value)
			}
			_ = s.hub.Serve(httptest.NewRecorder(), r, Watch{Username: "ada"}, func() { ended = true })
		}()
		if recovered != panics || !ended {
			t.Errorf("recovered %v, ended %v", recovered, ended)
		}
		program := s.watch("json", "1", "username", "ada")
		s.record("ada", "/1")
		program.expect("entry /1")
	})
}

// No handler is there any more that would recover a panic of the socket's goroutine. It ends that socket, and leaves nothing.
func TestAPanicWhileReadingEndsOneSocketOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		sessions := make(chan *melody.Session, 1)
		s.hub.melody.HandleMessage(func(s *melody.Session, _ []byte) {
			sessions <- s
			panic("spoken to")
		})
		other, speaks := s.watch("username", "ada", "json", "1"), s.watch("username", "ada", "json", "1")
		if err := speaks.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if code := speaks.closing(); code != 0 {
			t.Errorf("closed with %d", code)
		}
		s.record("ada", "/1")
		other.expect("entry /1")
		synctest.Wait()
		if open, served := s.open.Load(), len(s.hub.audiences["ada"].appendViewers(nil)); open != 1 || served != 1 {
			t.Errorf("%d sockets are open, and %d served", open, served)
		}
		if !(<-sessions).IsClosed() {
			t.Error("its writer is there still")
		}
	})
}
