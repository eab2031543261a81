package live_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A page and a program are told at intervals that all is well: neither can see the protocol's pings.
func TestAQuietSocketIsHeardOf(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.Hurry(50*time.Millisecond, live.PongWait, live.WriteWait)
	page, program := s.watch("username", "ada"), s.watch("json", "1", "username", "ada")
	page.readFrame()
	for range 2 {
		if got := string(page.read()); got != "{}" { // which htmx swaps nothing for
			t.Errorf("a page is sent %s", got)
		}
		program.expect("status live")
	}
	s.record("ada", "/1")
	for {
		var m message
		if err := json.Unmarshal(program.read(), &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "status" && m.Cursor == "/1" {
			break
		}
		if m.Type == "status" && m.Cursor != "" || m.Type != "entry" && m.Type != "status" {
			t.Fatalf("got %+v", m)
		}
	}
}

// A program that wants few of everyone's requests learns how far it has come.
func TestAProgramGoesOnAfterWhatItDidNotWant(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.Hurry(50*time.Millisecond, live.PongWait, live.WriteWait)
	s.filter = journey.Filter{Text: "pay"}
	w := s.watch("json", "1")
	s.record("ada", "/pay", "/cart")
	m := message{}
	for !strings.HasPrefix(m.Cursor, "/cart") {
		m = message{}
		if err := json.Unmarshal(w.read(), &m); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	again := s.watch("json", "1", "after", m.Cursor)
	s.record("ada", "/pay/2")
	for m.ID != "/pay/2" {
		m = message{}
		if err := json.Unmarshal(again.read(), &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "gap" {
			t.Fatal("there is a gap")
		}
	}
}

// It learns that also where there is no quiet moment in what it does not want.
func TestAProgramIsHeardOfOnABusyLog(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.Hurry(50*time.Millisecond, live.PongWait, live.WriteWait)
	s.filter = journey.Filter{Text: "pay"}
	w := s.watch("json", "1")
	heard, busy := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(busy)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-heard:
				return
			case <-tick.C:
				s.record("ada", fmt.Sprint("/cart/", n))
			}
		}
	}()
	for range 5 {
		if got := string(w.read()); !strings.HasPrefix(got, `{"type":"status","state":"live"`) {
			t.Errorf("a program is sent %s", got)
		}
	}
	close(heard)
	<-busy
}

// The times that are promised.
func TestLimits(t *testing.T) {
	if live.PingPeriod != 25*time.Second || live.PongWait <= 2*live.PingPeriod || live.WriteWait > 10*time.Second {
		t.Errorf("ping %v, pong %v, write %v", live.PingPeriod, live.PongWait, live.WriteWait)
	}
}

// Whoever does not answer pings is gone, and nothing of it is left.
func TestWhoDoesNotAnswerIsCutOff(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.Hurry(100*time.Millisecond, 2*time.Second, live.WriteWait)
	answers := s.watch("username", "ada", "json", "1")
	silent := s.watch("username", "ada", "json", "1")
	silent.SetPingHandler(func(string) error { return nil })
	for _, w := range []*socket{answers, silent} {
		go func() {
			for {
				if _, _, err := w.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
	eventually(t, "only who answers is left", func() bool { return s.open.Load() == 1 })
	if err := answers.WriteMessage(1, []byte("still here")); err != nil {
		t.Error(err)
	}
}

// Whoever takes nothing is gone soon after its buffers are full, and the page connects again.
func TestWhoDoesNotReadIsCutOff(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.hub.Hurry(live.PingPeriod, live.PongWait, 300*time.Millisecond)
	s.recorded("ada", "/first")
	slow, quick := s.watch("json", "1", "username", "ada"), s.watch("json", "1", "username", "ada")
	slow.expect("entry /first")
	flood(s, "ada", quick)
	eventually(t, "only the reader is left", func() bool { return s.open.Load() == 1 })
}
