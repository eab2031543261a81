package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestTheOriginIsAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		if _, response, err := s.dial(http.Header{"Origin": {"https://evil.example"}}, "username", "ada"); err == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("another site's page: %v, %+v", err, response)
		}
		if _, _, err := s.dial(http.Header{"Origin": {"https://good.example"}}, "username", "ada"); err != nil {
			t.Errorf("a page that may: %v", err)
		}
	})
}

func TestCloseTellsPagesToConnectElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.record("ada", "/1")
		viewers := []*socket{s.watch("username", "ada"), s.watch("json", "1", "username", "ada"), s.watch()}
		for _, w := range viewers {
			w.read()
		}
		closed := make(chan error)
		go func() { closed <- s.hub.Close(t.Context()) }()
		for _, w := range viewers {
			if code := w.closing(); code != websocket.CloseServiceRestart {
				t.Errorf("closed with %d", code)
			}
		}
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
		if _, response, err := s.dial(nil, "username", "ada"); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a socket after Close: %v, %+v", err, response)
		}
		if err := s.hub.Close(t.Context()); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}

// A socket that is just being opened when the hub closes must not be forgotten.
func TestCloseMeetsASocketThatIsBeingOpened(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w, response, err := s.dial(http.Header{"Origin": {closesHub}}, "username", "ada")
		if err != nil {
			t.Fatalf("%v, %+v", err, response)
		}
		if code := (&socket{w, t}).closing(); code != websocket.CloseServiceRestart {
			t.Errorf("closed with %d", code)
		}
	})
}

// A page has to wait until its user's log has been read. A program that watches the same user has not. And while
// the hub works for the page, Close does not return as if nothing were left.
func TestWhatAPageWaitsForDelaysNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, logs *memoryLogs) {
		s.record("ada", "/1")
		logs.held = make(chan struct{})
		program, page := s.watch("json", "1", "username", "ada"), s.watch("username", "ada")
		program.expect("entry /1")
		s.record("ada", "/2")
		program.expect("entry /2")
		go program.readAll()
		go page.readAll() // so both sockets close at once
		synctest.Wait()   // until the hub works for the page
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.hub.Close(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed while a page is served: %v", err)
		}
		close(logs.held)
		if err := s.hub.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A viewer that does not read has missed something in the end, and is told.
func TestAViewerThatDoesNotReadDelaysNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		slow, quick := s.watch("json", "1", "username", "ada"), s.watch("json", "1", "username", "ada")
		for n := range 10 {
			for m := range memoryQueue / 5 {
				s.record("ada", fmt.Sprintf("/%d/%d", n, m))
			}
			for m := range memoryQueue / 5 {
				quick.expect(fmt.Sprintf("entry /%d/%d", n, m))
			}
		}
		s.record("ada", "/last")
		gaps, last := 0, message{}
		for last.ID != "/last" {
			if last = slow.readMessage(); last.Type == "gap" {
				gaps++
			}
		}
		if gaps != 1 {
			t.Errorf("the viewer was told of %d gaps", gaps)
		}
	})
}

// What was recorded while nothing could be sent is sent afterwards, also if nothing else happens.
func TestAViewerThatReadsAgainIsServed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w := s.watch("json", "1", "username", "ada")
		s.record("ada", "/1")
		synctest.Wait() // the first is under way
		s.record("ada", "/2", "/3")
		time.Sleep(writeWait - time.Second)
		w.expect("entry /1", "entry /2", "entry /3")
	})
}

func TestCloseCutsOffAViewerThatDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.watch("json", "1", "username", "ada") // and never reads
		s.record("ada", "/1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.hub.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if open := s.open.Load(); open != 0 {
			t.Errorf("%d sockets are open", open)
		}
	})
}

func TestMuchInboundEndsTheSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w := s.watch("username", "ada")
		w.read()
		if err := w.WriteMessage(websocket.TextMessage, []byte("ignored")); err != nil {
			t.Fatal(err)
		}
		go func() { _ = w.WriteMessage(websocket.TextMessage, make([]byte, 2*maxInbound)) }() // fails: the server closes meanwhile
		if code := w.closing(); code != websocket.CloseMessageTooBig {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestManyInboundMessagesEndTheSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w := s.watch("username", "ada")
		w.read()
		for range maxMessages + 1 {
			if err := w.WriteMessage(websocket.TextMessage, []byte("anybody there?")); err != nil {
				t.Fatal(err)
			}
		}
		if code := w.closing(); code != websocket.ClosePolicyViolation {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestSocketsAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var open []*socket
		for range testPerAccount {
			open = append(open, s.watch("username", "ada", "account", "root", "json", ""))
		}
		if _, response, err := s.dial(nil, "username", "ada", "account", "root"); err == nil || response.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("one too many of an account: %v, %+v", err, response)
		}
		for n := testPerAccount; n < testSockets; n++ {
			s.watch("username", "ada", "account", fmt.Sprint(n), "json", "")
		}
		if _, response, err := s.dial(nil, "username", "ada", "account", "another"); err == nil || response.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("one too many in all: %v, %+v", err, response)
		}
		open[0].Close()
		synctest.Wait()
		if _, _, err := s.dial(nil, "username", "ada", "account", "root"); err != nil {
			t.Errorf("there is no room again: %v", err)
		}
	})
}
