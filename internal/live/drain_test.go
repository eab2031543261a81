package live

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// Draining lets nobody in, tells one viewer after another to connect elsewhere, and serves the rest meanwhile.
func TestDrainIsSpread(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		const viewers = 6
		began := time.Now()
		told := make(chan time.Duration, viewers)
		for range viewers {
			w := s.watch("json", "1", "username", "ada")
			go func() {
				for {
					if _, _, err := w.ReadMessage(); err != nil {
						if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
							t.Errorf("closed with %v", err)
						}
						told <- time.Since(began)
						return
					}
				}
			}()
		}
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- s.hub.Drain(t.Context(), 3*time.Second) }()
		synctest.Wait()
		if _, response, err := s.dial(nil, "username", "ada"); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("while it drains, one more gets %v", err)
		}
		for n := range viewers {
			want := time.Duration(n) * 3 * time.Second / viewers
			if after := <-told; after < want || after > want+100*time.Millisecond {
				t.Errorf("viewer %d is told after %s, want %s", n+1, after, want)
			}
		}
		if err := <-drained; err != nil || time.Since(began) > 3*time.Second {
			t.Errorf("drained after %s: %v", time.Since(began), err)
		}
		if err := s.hub.Drain(t.Context(), time.Hour); err != nil { // nobody is left
			t.Error(err)
		}
	})
}

// What a viewer sees goes on until its turn.
func TestDrainServesWhoeverIsLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		first, second := s.watch("json", "1", "username", "ada"), s.watch("json", "1", "username", "ada")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.hub.Drain(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained with %v", err)
		}
		s.record("ada", "/1")
		served, closed := 0, 0
		for _, w := range []*socket{first, second} {
			if _, _, err := w.ReadMessage(); err == nil {
				served++
			} else if websocket.IsCloseError(err, websocket.CloseServiceRestart) {
				closed++
			}
		}
		if served != 1 || closed != 1 {
			t.Errorf("%d were served and %d closed, want one each", served, closed)
		}
	})
}
