package live

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// promptly is how soon a socket must be closed whose access has ended. In a bubble the clock is exact.
const promptly = 5 * time.Second

func TestAccessEndsTheSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		disabled, other := s.watch("username", "ada", "account", "eve"), s.watch("username", "ada", "account", "root", "json", "")
		disabled.read()
		s.endFor("eve", nil)
		began := time.Now()
		if code := disabled.closing(); code != CloseAccessEnded || time.Since(began) > promptly {
			t.Errorf("closed with %d after %s", code, time.Since(began))
		}
		s.record("ada", "/1")
		other.expect("entry /1")
	})
}

// A viewer that reads nothing, so that it can't be told, is cut off all the same.
func TestAccessEndsTheSocketOfAViewerThatDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.record("ada", "/1")
		s.watch("username", "ada", "account", "eve") // and never reads
		other := s.watch("username", "ada", "account", "root")
		other.readFrame()
		s.endFor("eve", nil)
		time.Sleep(promptly)
		synctest.Wait()
		if open := s.open.Load(); open != 1 {
			t.Errorf("after %s %d sockets are open", promptly, open)
		}
	})
}

// While it can't be known who may look, no socket is closed but those of whom it is known.
func TestUnknownAccessIsNotTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		disabled, w := s.watch("username", "ada", "account", "eve"), s.watch("username", "ada", "account", "root", "json", "")
		disabled.read()
		s.endFor("eve", errors.New("a master is away"))
		if code := disabled.closing(); code != CloseAccessEnded {
			t.Errorf("closed with %d", code)
		}
		time.Sleep(4 * accessInterval)
		if asked := s.asked.Load(); asked < 3 {
			t.Errorf("asked %d times", asked)
		}
		s.record("ada", "/1")
		w.expect("entry /1")
	})
}

func TestAViewerConnectsAgainAfterItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		const after = 20 * time.Second // before the first ping, which needs a reader
		s.until = time.Now().Add(after)
		w := s.watch("username", "ada", "account", "root", "json", "")
		time.Sleep(after - time.Second)
		if open := s.open.Load(); open != 1 {
			t.Fatal("closed before its time")
		}
		if code := w.closing(); code != websocket.CloseServiceRestart || time.Now().After(s.until.Add(promptly)) {
			t.Errorf("closed with %d, %s after its time", code, time.Since(s.until))
		}
	})
}
