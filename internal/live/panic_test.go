package live_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/views"
)

// gone waits until a socket has been closed without a word.
func (s *site) gone(w *socket, left int64) {
	s.t.Helper()
	if err := w.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	for {
		_, _, err := w.ReadMessage()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.t.Fatal("the connection did not close")
		}
		if err != nil {
			break
		}
	}
	eventually(s.t, "it is gone", func() bool { return s.open.Load() == left })
}

// A panic costs the viewer her connection, so that her page connects again, and nobody else anything.
// That no goroutine is left is for TestMain.
func TestAPanicEndsOneSocketOnly(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.PanicWhenSpokenTo()
	other, speaks := s.watch("username", "ada", "json", "1"), s.watch("username", "ada", "json", "1")
	if err := speaks.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	s.gone(speaks, 1)
	s.record("ada", "/1")
	other.expect("entry /1")
}

// Pages that can't be rendered don't concern programs, nor do rows vanish from them.
func TestAPanicWhileRenderingEndsTheSocket(t *testing.T) {
	s := newSiteWith(t, redistest.Start(t).Client(t), new(views.Set))
	s.recorded("ada", "/1")
	program := s.watch("username", "ada", "json", "1")
	program.expect("entry /1")
	for range 2 { // the second is not given the first one's piece, which is empty
		s.gone(s.watch("username", "ada"), 1)
		s.gone(s.watch(), 1)
	}
	s.record("ada", "/2")
	program.expect("entry /2")
}

// Who may look is asked again after the question has failed in the worst way.
func TestAPanicWhileAskingWhoMayLook(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	w := s.watch("username", "ada", "account", "eve", "json", "1")
	s.panics.Store(true)
	eventually(t, "it was asked", func() bool { return s.asked.Load() >= 1 })
	s.panics.Store(false)
	s.endFor("eve", nil)
	if code := w.closing(); code != live.CloseAccessEnded {
		t.Errorf("closed with %d", code)
	}
}
