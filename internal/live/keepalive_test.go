package live

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/internal/journey"
)

// A page and a program are told at intervals that all is well: neither can see the protocol's pings.
func TestAQuietSocketGetsKeepalives(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		page, program := s.watch("username", "ada"), s.watch("json", "1", "username", "ada")
		page.readFrame()
		began := time.Now()
		for range 2 {
			if got, want := string(page.read()), timeNow(); got != want { // htmx swaps nothing for it
				t.Errorf("a page is sent %s, want %s", got, want)
			}
			program.expect("status live")
		}
		if took := time.Since(began); took > 2*pingPeriod {
			t.Errorf("two keepalives within %s", took)
		}
		s.record("ada", "/1")
		program.expect("entry /1")
		if m := program.readMessage(); m.Type != "status" || m.Cursor != "/1" {
			t.Errorf("then %+v", m)
		}
	})
}

// timeNow is the message that says what time it is.
func timeNow() string { return fmt.Sprintf(`{"now":%d}`, time.Now().UnixMilli()) }

// say sends a message to the hub.
func (s *socket) say(message string) {
	s.t.Helper()
	if err := s.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		s.t.Fatal(err)
	}
}

// A page that is looked at has an answer at once, and then a keepalive every five seconds, so that its agent sees within ten
// that nothing comes any more.
func TestAPageThatIsLookedAtGetsKeepalivesMoreOften(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		page := s.watch("username", "ada")
		page.readFrame()
		page.say(pageSeen)
		asked := time.Now()
		answer := string(page.read())
		if want := strings.Replace(timeNow(), "}", `,"answers":true}`, 1); answer != want || time.Since(asked) > pageFrame {
			t.Errorf("after %s the answer is %s, want %s", time.Since(asked), answer, want)
		}
		for range 3 {
			began := time.Now()
			if got := string(page.read()); got != timeNow() || time.Since(began) > seenPeriod {
				t.Errorf("after %s a page is sent %s", time.Since(began), got)
			}
		}
		page.say(pageHidden)
		synctest.Wait()
		began := time.Now()
		page.read() // was due already
		page.read()
		if took := time.Since(began); took < pingPeriod {
			t.Errorf("a page that nobody looks at is sent two keepalives in %s", took)
		}
	})
}

// On a busy log, frames do not stand for keepalives: they don't say what time it is.
func TestABusyPageIsToldTheTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		page := s.watch("username", "ada")
		page.readFrame()
		page.say(pageSeen)
		page.read()
		told, began := 0, time.Now()
		for n := 0; time.Since(began) < 4*seenPeriod; n++ {
			time.Sleep(time.Second)
			s.record("ada", fmt.Sprint("/", n))
			for strings.HasPrefix(string(page.read()), `{"now":`) {
				told++
			}
		}
		if told < 3 || told > 6 {
			t.Errorf("in %s the page was told the time %d times", time.Since(began), told)
		}
	})
}

// A program has pings of its own, and is told nothing more often.
func TestAProgramCannotAskForTheTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		program := s.watch("json", "1", "username", "ada")
		program.say(pageSeen)
		began := time.Now()
		program.expect("status live")
		if took := time.Since(began); took < pingPeriod*4/5 {
			t.Errorf("after %s a program is told that all is well", took)
		}
	})
}

// A program that wants few of everyone's requests learns how far the log has come, and can resume there.
func TestAProgramResumesBehindWhatItDidNotWant(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.filter = journey.Filter{Text: "pay"}
		w := s.watch("json", "1")
		s.record("ada", "/pay", "/cart")
		w.expect("entry /pay")
		m := w.readMessage()
		if m.Type != "status" || m.Cursor != "/cart" {
			t.Fatalf("got %+v", m)
		}
		w.Close()
		again := s.watch("json", "1", "after", m.Cursor)
		s.record("ada", "/pay/2")
		again.expect("entry /pay/2")
	})
}

// A log that is busy with what a program does not want is no quiet log, and no dead connection either.
func TestAProgramGetsKeepalivesOnABusyLog(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.filter = journey.Filter{Text: "pay"}
		w := s.watch("json", "1")
		over := make(chan struct{})
		defer close(over)
		go func() {
			tick := time.NewTicker(5 * time.Second)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				case <-tick.C:
					s.record("ada", fmt.Sprint("/cart/", n))
				}
			}
		}()
		began := time.Now()
		for range 5 {
			if got := string(w.read()); !strings.HasPrefix(got, `{"type":"status","state":"live"`) {
				t.Errorf("a program is sent %s", got)
			}
		}
		if took := time.Since(began); took > 5*pingPeriod {
			t.Errorf("five keepalives within %s", took)
		}
	})
}

// The times that are promised.
func TestLimits(t *testing.T) {
	t.Parallel()
	if pingPeriod != 25*time.Second || pongWait <= 2*pingPeriod || writeWait > 10*time.Second {
		t.Errorf("ping %v, pong %v, write %v", pingPeriod, pongWait, writeWait)
	}
}

// readAll reads until the socket is closed.
func (s *socket) readAll() {
	for {
		if _, _, err := s.ReadMessage(); err != nil {
			return
		}
	}
}

// A viewer that does not answer pings is gone, and nothing of it is left.
func TestAViewerThatDoesNotAnswerIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		answers, silent := s.watch("username", "ada", "json", "1"), s.watch("username", "ada", "json", "1")
		silent.SetPingHandler(func(string) error { return nil })
		go answers.readAll()
		go silent.readAll()
		time.Sleep(pongWait - time.Second)
		synctest.Wait()
		if open := s.open.Load(); open != 2 {
			t.Errorf("too early %d sockets are open", open)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if open := s.open.Load(); open != 1 {
			t.Errorf("after %s %d sockets are open", pongWait, open)
		}
		if err := answers.WriteMessage(websocket.TextMessage, []byte("still here")); err != nil {
			t.Error(err)
		}
	})
}

// A viewer that takes nothing is cut off soon, and its page connects again.
func TestAViewerThatDoesNotReadIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		slow := s.watch("json", "1", "username", "ada")
		s.record("ada", "/1")
		time.Sleep(writeWait - time.Second)
		if open := s.open.Load(); open != 1 {
			t.Fatal("cut off too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if open := s.open.Load(); open != 0 {
			t.Errorf("after %s %d sockets are open", writeWait, open)
		}
		if _, _, err := slow.ReadMessage(); err == nil {
			t.Error("the connection is still there")
		}
	})
}
