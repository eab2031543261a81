package live

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// recordEvenly records requests of a user, so far apart.
func (s *site) recordEvenly(username string, n int, apart time.Duration) {
	for i := range n {
		time.Sleep(apart)
		s.record(username, fmt.Sprint("/", i))
	}
}

// At 50 entries a second a program has each at once, and a page within the time of a frame. In a bubble the clock is exact.
func TestEntriesOfABusyLogDoNotGather(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		const entries, apart = 50, 20 * time.Millisecond
		program, page := s.watch("json", "1", "username", "ada"), s.watch("username", "ada")
		page.readFrame()
		began := time.Now()
		go s.recordEvenly("ada", entries, apart)
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			for rows := 0; rows < entries; {
				frame := page.readFrame()
				rows += len(frame.urls())
				if late := time.Since(began) - time.Duration(rows)*apart; late < 0 || late > pageFrame {
					t.Errorf("the page has %d rows after %s", rows, time.Since(began))
				}
			}
		}()
		for n := range entries {
			program.expect(fmt.Sprint("entry /", n))
			if late := time.Since(began) - time.Duration(n+1)*apart; late != 0 {
				t.Errorf("entry %d is %s late", n, late)
			}
		}
		<-seen
	})
}

// A page has a frame no sooner than a screen can show it, and its rows no faster than it takes them.
func TestRowsGatherForAPage(t *testing.T) {
	for _, watched := range []string{"ada", ""} {
		t.Run("watching "+watched, func(t *testing.T) {
			rowsGather(t, watched)
		})
	}
}

func rowsGather(t *testing.T, watched string) {
	t.Helper()
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		const entries = 200
		page := s.watch("username", watched)
		page.readFrame()
		time.Sleep(time.Second)
		go s.recordEvenly("ada", entries, time.Millisecond)
		frames, needs := 0, time.Duration(0) // needs is what the frame before takes the page
		for last := false; !last; frames++ {
			began := time.Now()
			frame := page.readFrame()
			if waited := time.Since(began); frames > 0 && waited < needs {
				t.Errorf("watching %q: a frame comes %s after one that takes %s", watched, waited, needs)
			}
			rows := frame.Find("tr[data-id]").Length()
			needs = min(max(pageFrame, time.Duration(rows)*pageRow), maxGather)
			last = frame.Find(fmt.Sprintf("tr[data-id='/%d']", entries-1)).Length() == 1
			if frames > entries {
				t.Fatal("the last row does not come")
			}
		}
		if frames > 10 {
			t.Errorf("watching %q: %d frames in a fifth of a second", watched, frames)
		}
	})
}

// What came while a viewer had not taken the frame before is one frame.
func TestEntriesGatherForAViewerThatIsBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		page := s.watch("username", "ada")
		page.readFrame()
		time.Sleep(time.Second)
		s.recordEvenly("ada", 5, 20*time.Millisecond) // the first is under way meanwhile
		synctest.Wait()                               // the audience has found the viewer busy
		for _, want := range [][]string{{"/0"}, {"/4", "/3", "/2", "/1"}} {
			if got := page.readFrame().urls(); !slices.Equal(got, want) {
				t.Errorf("a frame has %q, want %q", got, want)
			}
		}
	})
}

// Where more is sent than the rate allows, entries gather.
func TestEntriesGatherWhereMuchIsSent(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		program := s.watch("json", "1", "username", "ada")
		s.hub.pace.spend(time.Now(), 100*perSecond)
		began := time.Now()
		s.record("ada", "/first")
		program.expect("entry /first")
		if late := time.Since(began); late != 0 {
			t.Errorf("the first is %s late", late)
		}
		s.record("ada", "/second")
		program.expect("entry /second")
		if late := time.Since(began); late != maxGather {
			t.Errorf("the second is sent after %s", late)
		}
		time.Sleep(time.Second)
		again := time.Now()
		for n := range 3 {
			s.record("ada", fmt.Sprint("/", n))
			program.expect(fmt.Sprint("entry /", n))
		}
		if late := time.Since(again); late != 0 {
			t.Errorf("after a quiet second three entries take %s", late)
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	p := &pace{each: time.Millisecond}
	now := time.Now()
	step := func(after, took time.Duration, messages int, want time.Duration) {
		t.Helper()
		now = now.Add(after)
		if got := p.gather(now, took, messages); got != want {
			t.Errorf("%d messages: gathers %s, want %s", messages, got, want)
		}
	}
	step(0, 0, 50, 0)                                            // what may leave together
	step(0, 0, 10, 10*time.Millisecond)                          // and what is beyond
	step(10*time.Millisecond, 0, 0, 0)                           // nothing is sent
	step(0, 0, 10, 10*time.Millisecond)                          // at the rate it stays so
	step(10*time.Millisecond, 0, 100, maxGather)                 // at most
	step(0, 0, 100_000, maxGather)                               // whatever was sent
	step(allowed+maxGather, 0, 1, 0)                             // is forgotten soon
	step(time.Second, 2*time.Millisecond, 1, 4*time.Millisecond) // a round that took long
	step(time.Second, time.Second, 1, afterRound)
}

// An audience has no goroutine while its log is quiet, and is served all the same.
func TestAQuietAudienceHasNoGoroutine(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		program := s.watch("json", "1", "username", "ada")
		working := func() bool {
			s.hub.mu.Lock()
			a := s.hub.audiences["ada"]
			s.hub.mu.Unlock()
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.working
		}
		for n := range 3 {
			s.record("ada", fmt.Sprint("/", n))
			program.expect(fmt.Sprint("entry /", n))
			synctest.Wait()
			if !working() {
				t.Error("the goroutine has gone at once")
			}
			time.Sleep(2 * linger)
			synctest.Wait()
			if working() {
				t.Error("the goroutine is there still")
			}
		}
		program.expect("status live") // which is due while the goroutine is away
	})
}
