package live_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestTheOriginIsAsked(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	if _, response, err := s.dial(http.Header{"Origin": {"https://evil.example"}}, "username", "ada"); err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("another site's page: %v, %+v", err, response)
	}
	if _, _, err := s.dial(http.Header{"Origin": {"https://good.example"}}, "username", "ada"); err != nil {
		t.Errorf("a page that may: %v", err)
	}
}

// closing reads until the connection is closed, and returns with which code.
func (s *socket) closing() int {
	s.t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	for {
		_, _, err := s.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return closed.Code
		case err != nil:
			s.t.Fatalf("the connection did not close: %v", err)
		}
	}
}

func TestCloseTellsPagesToConnectElsewhere(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1")
		viewers := []*socket{s.watch("username", "ada"), s.watch("json", "1", "username", "ada"), s.watch()}
		for _, w := range viewers {
			w.read()
		}
		if err := s.hub.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, w := range viewers {
			if code := w.closing(); code != websocket.CloseServiceRestart {
				t.Errorf("closed with %d", code)
			}
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
	s := newSite(t, redistest.Start(t).Client(t))
	w, response, err := s.dial(http.Header{"Origin": {closesHub}}, "username", "ada")
	if err != nil {
		t.Fatalf("%v, %+v", err, response)
	}
	if code := (&socket{w, t}).closing(); code != websocket.CloseServiceRestart {
		t.Errorf("closed with %d", code)
	}
}

// A page has to wait until its user's log has been read: a program that watches the same user has not. And as long as
// that works for the page, it does not look as if all were over.
func TestWhatAPageWaitsForDelaysNobody(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("ada", "/1")
	release := s.hub.HoldTrail("ada")
	program, page := s.watch("json", "1", "username", "ada"), s.watch("username", "ada")
	program.expect("entry /1")
	s.record("ada", "/2")
	program.expect("entry /2")
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.hub.Close(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closed while a page is served: %v", err)
	}
	release()
	if err := s.hub.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if code := page.closing(); code != websocket.CloseServiceRestart {
		t.Errorf("closed with %d", code)
	}
}

// flood is more than the buffers between a server and a client that does not read hold, in parts
// that are few enough for the reader, who must miss nothing.
func flood(s *site, username string, reader *socket) {
	s.t.Helper()
	const parts, size = 25, 200
	long := strings.Repeat("x", 1500)
	for i := range parts {
		var paths []string
		for j := range size {
			paths = append(paths, fmt.Sprintf("/%d/%d/%s", i, j, long))
		}
		s.recorded(username, paths...)
		last := fmt.Sprintf("/%d/%d/", i, size-1)
		for line := ""; !strings.Contains(line, last); line = string(reader.read()) {
			if strings.Contains(line, `"gap"`) {
				s.t.Fatal("who reads has missed something")
			}
		}
	}
}

func TestAViewerThatDoesNotReadDelaysNobody(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("ada", "/first")
	slow, quick := s.watch("json", "1", "username", "ada"), s.watch("json", "1", "username", "ada")
	slow.expect("entry /first")
	quick.expect("entry /first")
	flood(s, "ada", quick)
	// Who did not read has missed something, and is told.
	s.recorded("ada", "/last")
	gaps := 0
	for line := ""; !strings.Contains(line, `"path":"/last"`); line = string(slow.read()) {
		if strings.Contains(line, `"gap"`) {
			gaps++
		}
	}
	if gaps == 0 {
		t.Error("who did not read was told of no gap")
	}
}

// What was recorded while nothing could be sent is sent afterwards, also if nothing else happens.
func TestAViewerThatReadsAgainIsServed(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	w := s.watch("json", "1", "username", "ada")
	long := strings.Repeat("x", 1500)
	stuck := 0 // for how many times 300 KB
	eventually(t, "nothing more can be sent, and something waits", func() bool {
		var paths []string
		for i := range 200 {
			paths = append(paths, fmt.Sprintf("/%d/%s", i, long))
		}
		s.recorded("ada", paths...)
		if stuck++; s.hub.Awaited() == 0 {
			stuck = 0
		}
		return stuck == 20
	})
	s.recorded("ada", "/last")
	for line := ""; !strings.Contains(line, `"path":"/last"`); {
		line = string(w.read())
	}
}

func TestCloseCutsOffWhoDoesNotRead(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("ada", "/first")
	s.watch("json", "1", "username", "ada").expect("entry /first") // and reads no more
	flood(s, "ada", s.watch("json", "1", "username", "ada"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.hub.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	// That no goroutine is left is for TestMain.
}

func TestMuchInboundEndsTheSocket(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	w := s.watch("username", "ada")
	w.read()
	if err := w.WriteMessage(websocket.TextMessage, []byte("ignored")); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteMessage(websocket.TextMessage, make([]byte, 1024)); err != nil {
		t.Fatal(err)
	}
	if code := w.closing(); code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %d", code)
	}
}

func TestManyInboundMessagesEndTheSocket(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	w := s.watch("username", "ada")
	w.read()
	for range 21 {
		if err := w.WriteMessage(websocket.TextMessage, []byte("anybody there?")); err != nil {
			t.Fatal(err)
		}
	}
	if code := w.closing(); code != websocket.ClosePolicyViolation {
		t.Errorf("closed with %d", code)
	}
}

func TestSocketsAreLimited(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	var open []*socket
	for range maxPerAccount {
		open = append(open, s.watch("username", "ada", "account", "root"))
	}
	if _, response, err := s.dial(nil, "username", "ada", "account", "root"); err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("one too many of an account: %v, %+v", err, response)
	}
	for n := maxPerAccount; n < maxSockets; n++ {
		s.watch("username", "ada", "account", fmt.Sprint(n))
	}
	if _, response, err := s.dial(nil, "username", "ada", "account", "another"); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("one too many in all: %v, %+v", err, response)
	}
	open[0].Close()
	eventually(t, "there is room again", func() bool {
		_, _, err := s.dial(nil, "username", "ada", "account", "root")
		return err == nil
	})
}

// One connection to Redis serves all viewers, and none is left when they are gone.
func TestViewersShareOneConnection(t *testing.T) {
	client := redistest.Start(t).Client(t)
	s := newSite(t, client)
	connections := func() int {
		list, err := client.ClientList(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(list, " sub=1") + strings.Count(list, " sub=2") + strings.Count(list, " sub=3")
	}
	for _, username := range []string{"ada", "ada", "bob"} {
		s.watch("username", username).readFrame()
	}
	gone := s.watch()
	gone.readFrame()
	if n := connections(); n != 1 {
		t.Fatalf("%d connections listen", n)
	}
	patterns := func() int64 { return client.PubSubNumPat(t.Context()).Val() }
	if n := patterns(); n != 1 {
		t.Fatalf("%d patterns are listened to", n)
	}
	gone.Close()
	eventually(t, "everyone's log is no longer listened to", func() bool { return patterns() == 0 })
	if channels := client.PubSubNumSub(t.Context(), s.logs.Keys().LogChannel("ada")).Val(); channels[s.logs.Keys().LogChannel("ada")] != 1 {
		t.Errorf("ada's channel: %v", channels)
	}
}

func TestRedisIsAwayAndBack(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := newSite(t, server.Client(t))
	s.recorded("ada", "/1")
	page, program := s.watch("username", "ada"), s.watch("json", "1", "username", "ada")
	page.readFrame()
	program.expect("entry /1")
	server.Kill()
	lost := page.readFrame()
	const message = "The log store can't be reached. We keep trying. If it lasts, tell whoever runs Redis."
	if lost.state() != "store-lost" || lost.message() != message || len(lost.urls()) != 0 {
		t.Errorf("state %q, message %q, rows %q", lost.state(), lost.message(), lost.urls())
	}
	program.expect("status store-lost")
	late := s.watch("username", "ada", "after", "/1")
	if f := late.readFrame(); f.state() != "store-lost" || f.message() != message {
		t.Errorf("who comes meanwhile: state %q, message %q", f.state(), f.message())
	}
	s.watch("json", "1", "username", "ada").expect("status store-lost")
	s.record("ada", "/2", "/3") // waits in the recorder
	server.Restart()
	program.expect("status live")
	for _, w := range []*socket{page, late} {
		var urls []string
		first := w.readFrame()
		if first.state() != "live" || first.message() != "Logs found for ada." {
			t.Errorf("back: state %q, message %q", first.state(), first.message())
		}
		for f := first; ; f = w.readFrame() {
			if urls = append(f.urls(), urls...); len(urls) >= 2 {
				break
			}
		}
		if urls[0] != "/3" || urls[1] != "/2" || len(urls) != 2 {
			t.Errorf("after it was away: %q", urls)
		}
	}
	program.expect("entry /2", "entry /3")
}
