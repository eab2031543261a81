package live

import (
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A panic costs the viewer its connection, so that its page connects again, and nobody else anything.
func TestAPanicEndsOneSocketOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		received := s.hub.guarded(func(*viewer, *melody.Session) { panic("spoken to") })
		s.hub.melody.HandleMessage(func(s *melody.Session, _ []byte) { received(s) })
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
		if open := s.open.Load(); open != 1 {
			t.Errorf("%d sockets are open", open)
		}
	})
}

// brokenPages can render nothing.
type brokenPages struct{ Pages }

// Pages that can't be rendered don't concern programs, nor do rows vanish from them.
func TestAPanicWhileRenderingEndsTheSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.hub.pages = brokenPages{}
		s.record("ada", "/1")
		program := s.watch("username", "ada", "json", "1")
		program.expect("entry /1")
		for range 2 { // the second is not given the first one's item of the cache, which is empty
			for _, watched := range []string{"ada", ""} {
				if code := s.watch("username", watched).closing(); code != 0 {
					t.Errorf("watching %q: closed with %d", watched, code)
				}
			}
		}
		synctest.Wait()
		if open := s.open.Load(); open != 1 {
			t.Errorf("%d sockets are open", open)
		}
		s.record("ada", "/2")
		program.expect("entry /2")
	})
}

// The hub asks again who may look after the question has failed in the worst way.
func TestAPanicWhileAskingWhoMayLook(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w := s.watch("username", "ada", "account", "eve", "json", "1")
		s.panics.Store(true)
		redistest.Eventually(t, "it was asked", func() bool { return s.asked.Load() >= 1 })
		s.panics.Store(false)
		s.endFor("eve", nil)
		if code := w.closing(); code != CloseAccessEnded {
			t.Errorf("closed with %d", code)
		}
	})
}
