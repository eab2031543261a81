package handlers_test

import (
	"errors"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Frames that are no message count, too: a program that floods the socket with them loses it, with the reason.
func TestFramesThatAreNoMessagesAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	token := s.token(root)
	for what, frames := range map[string][2][]byte{ // the first one, and the one that is repeated; all with a mask of zeros
		"pings":               {nil, {0x89, 0x80, 0, 0, 0, 0}},
		"pongs":               {nil, {0x8a, 0x80, 0, 0, 0, 0}},
		"empty continuations": {{0x01, 0x80, 0, 0, 0, 0}, {0x00, 0x80, 0, 0, 0, 0}},
	} {
		t.Run(what, func(t *testing.T) {
			conn, response := s.stranger().dial(base+"/live/socket?format=json&everyone=1", "Authorization", "Bearer "+token, "Origin", "")
			if conn == nil {
				t.Fatalf("the socket: %d", response.StatusCode)
			}
			ended := make(chan error, 1)
			go func() {
				for {
					if _, _, err := conn.ReadMessage(); err != nil {
						ended <- err
						return
					}
				}
			}()
			under := conn.NetConn()
			_, err := under.Write(frames[0])
			for n := 0; err == nil && n < 1_000_000; n++ {
				_, err = under.Write(frames[1])
			}
			if err == nil {
				t.Fatal("a million frames were taken")
			}
			var closed *websocket.CloseError
			if got := <-ended; errors.As(got, &closed) && closed.Code != websocket.ClosePolicyViolation && closed.Code != websocket.CloseAbnormalClosure {
				t.Errorf("ended with %v", got) // or cut off, which can overtake the reason
			}
		})
	}
	if a := s.stranger().logIn(base, root, password, ""); a.StatusCode != 303 {
		t.Errorf("then: %d", a.StatusCode)
	}
}
