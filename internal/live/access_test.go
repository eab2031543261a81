package live_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// promptly is how soon a socket must be closed whose viewer may not look any longer.
const promptly = 5 * time.Second

func TestAccessEndsTheSocket(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		disabled, other := s.watch("username", "ada", "account", "eve"), s.watch("username", "ada", "account", "root", "json", "")
		disabled.read()
		s.endFor("eve", nil)
		began := time.Now()
		if code := disabled.closing(); code != live.CloseAccessEnded || time.Since(began) > promptly {
			t.Errorf("closed with %d after %s", code, time.Since(began))
		}
		s.record("ada", "/1")
		other.expect("entry /1")
	})
}

// A viewer that reads nothing, so that it can't be told, is cut off all the same.
func TestAccessEndsTheSocketOfWhoDoesNotRead(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("ada", "/first")
	s.watch("json", "1", "username", "ada", "account", "eve").expect("entry /first") // and reads no more
	flood(s, "ada", s.watch("json", "1", "username", "ada"))
	s.endFor("eve", nil)
	began := time.Now()
	eventually(t, "only the reader is left", func() bool { return s.open.Load() == 1 })
	if took := time.Since(began); took > promptly {
		t.Errorf("it took %s", took)
	}
}

// While it can't be known who may look, nobody is thrown out.
func TestUnknownAccessIsNotTheEnd(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	asked := s.watch("username", "ada", "account", "eve", "json", "")
	s.endFor("eve", errors.New("redis is away"))
	eventually(t, "it was asked", func() bool { return s.asked.Load() >= 2 })
	s.record("ada", "/1")
	asked.expect("entry /1")
}

func TestViewerConnectsAgainAfterItsTime(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.until = time.Now().Add(time.Second)
	w := s.watch("username", "ada", "account", "root")
	if code := w.closing(); code != websocket.CloseServiceRestart {
		t.Errorf("closed with %d", code)
	}
}
