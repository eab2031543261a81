package live

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// An open page says that the log has expired which it shows, once, and shows a log again when there is one.
func TestAnOpenPageIsToldThatTheLogHasExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := newMemoryLogs()
		hub := &Hub{logs: logs, pages: newPages(t), cache: newRenderCache(), sharedSteps: map[string]*sharedSteps{}, reading: t.Context()}
		e := hub.encoderFor(Watch{Username: "ada", Lang: "en"}, hub.joinSteps("ada"))
		entry := &store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/cart", Code: 200, Time: time.Now()}
		encode := func(entries ...*store.Entry) string {
			frames, err := e.encode(store.Update{State: store.Live, Entries: entries})
			if err != nil {
				t.Fatal(err)
			}
			return join(frames)
		}
		encode(entry)
		time.Sleep(store.DefaultRetention)
		if told := join(e.expire()); told != "" {
			t.Errorf("before it has expired: %s", told)
		}
		time.Sleep(2 * expiryMargin)
		if told := join(e.expire()); !strings.Contains(told, "was here until") || !strings.Contains(told, "alone") {
			t.Errorf("it has expired: %s", told)
		}
		if told := join(e.expire()); told != "" {
			t.Errorf("told again: %s", told)
		}
		entry = &store.Entry{ID: "2", Username: "ada", Method: "GET", Path: "/pay", Code: 200, Time: time.Now()}
		if told := encode(entry); !strings.Contains(told, "Logs found") {
			t.Errorf("she is back: %s", told)
		}
		expired := hub.encoderFor(Watch{Username: "gone", Lang: "en", After: "7"}, hub.joinSteps("gone"))
		if away, err := expired.encode(store.Update{State: store.Lost}); err != nil || strings.Contains(join(away), "was here until") {
			t.Errorf("the log store is away: %s, %v", join(away), err)
		}
		woken, err := expired.encode(store.Update{State: store.Live, Gap: true})
		if told := join(woken); err != nil || !strings.Contains(told, "was here until") || strings.Contains(told, "may be missing") || !strings.Contains(told, `hx-target="#rows" hx-swap="innerHTML"></`) {
			t.Errorf("a page that slept while the log expired: %s, %v", told, err)
		}
		logs.entries = append(logs.entries, &store.Entry{ID: "7", Username: "gone", Path: "/", Time: time.Now()})
		back := hub.encoderFor(Watch{Username: "gone", Lang: "en", After: "7"}, hub.joinSteps("gone"))
		if frames, err := back.encode(store.Update{State: store.Live}); err != nil || strings.Contains(join(frames), "was here until") {
			t.Fatal(join(frames), err)
		}
		logs.entries = nil
		time.Sleep(store.DefaultRetention + 2*expiryMargin)
		logs.forgetful = store.ErrPartial
		if told := join(back.expire()); strings.Contains(told, "was here until") {
			t.Errorf("a page that came back, when nobody knows since when: %s", told)
		}
		logs.forgetful = nil
		time.Sleep(recheckAfter)
		if told := join(back.expire()); !strings.Contains(told, "2023-11-14") {
			t.Errorf("a page that came back: %s", told)
		}
		stranger := hub.encoderFor(Watch{Username: "gone", Lang: "en"}, hub.joinSteps("gone"))
		frames, err := stranger.encode(store.Update{State: store.Live})
		if told := join(frames); err != nil || !strings.Contains(told, "was here until") {
			t.Errorf("a page that comes late: %s, %v", told, err)
		}
	})
}

// While it can't be read whether a log has expired, an open page says nothing of that, and it is told as soon as that can be read.
func TestWhoIsGoneIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := newMemoryLogs()
		hub := &Hub{logs: logs, pages: newPages(t), cache: newRenderCache(), sharedSteps: map[string]*sharedSteps{}, reading: t.Context()}
		for what, again := range map[string]func(e encoder) [][]byte{
			"an update": func(e encoder) [][]byte {
				if !e.isSlow(store.Update{State: store.Live}) {
					t.Error("others wait for the answer")
				}
				frames, err := e.encode(store.Update{State: store.Live})
				if err != nil {
					t.Error(err)
				}
				return frames
			},
			"a while": func(e encoder) [][]byte {
				if told := join(e.expire()); told != "" {
					t.Errorf("at once: %s", told)
				}
				time.Sleep(recheckAfter)
				return e.expire()
			},
		} {
			logs.forgetful = store.ErrPartial
			e := hub.encoderFor(Watch{Username: "gone", Lang: "en"}, hub.joinSteps("gone"))
			first, err := e.encode(store.Update{State: store.Live})
			if told := join(first); err != nil || strings.Contains(told, "No logs") || strings.Contains(told, "was here until") || !strings.Contains(told, "connection") {
				t.Errorf("at first: %s, %v", told, err)
			}
			logs.forgetful = nil
			if told := join(again(e)); !strings.Contains(told, "was here until") {
				t.Errorf("after %s: %s", what, told)
			}
			if told := join(e.expire()); told != "" {
				t.Errorf("told again: %s", told)
			}
		}
	})
}

// join are messages as one text.
func join(messages [][]byte) string {
	var all strings.Builder
	for _, m := range messages {
		all.Write(m)
	}
	return all.String()
}

// An entry that has waited for Redis for longer than a log lives is in a log that is there.
func TestALogOfOldEntriesHasNotExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	g := goneLog{retention: time.Hour}
	g.found(now.Add(-2*time.Hour), now)
	if g.expired(now.Add(time.Minute)) || !g.expired(now.Add(time.Hour+2*expiryMargin)) {
		t.Error("the log lives from the time at which it was read")
	}
	g.found(now.Add(-time.Minute), now)
	if !g.expired(now.Add(time.Hour)) {
		t.Error("the log lives from its newest entry")
	}
}

// An entry may have waited for Redis for a part of the time that a log lives. The log lives from when it was written.
func TestALogThatWasWrittenLateHasNotExpired(t *testing.T) {
	t.Parallel()
	asked, there := 0, true
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	g := goneLog{retention: time.Hour, isThere: func() bool { asked++; return there }}
	g.found(now.Add(-30*time.Minute), now)
	at := now.Add(30*time.Minute + 2*expiryMargin)
	if g.expired(at) || g.expired(at.Add(recheckAfter/2)) || asked != 1 {
		t.Errorf("the log is there, and was looked at %d times", asked)
	}
	there = false
	if !g.expired(at.Add(recheckAfter)) {
		t.Error("the log has expired")
	}
}
