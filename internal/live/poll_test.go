package live

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A page that asks by itself is told what is wrong with Redis as it is now, also where nobody has a socket.
func TestAPageThatAsksIsToldWhatIsWrong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		var fault store.Fault
		s.hub.options.Fault = func(context.Context) store.Fault { return fault }
		for _, test := range []struct {
			fault store.Fault
			state string
		}{{"out-of-memory", "store-refuses"}, {"", "instead"}, {"unreachable", "instead"}} {
			fault = test.fault
			frames, err := s.hub.Poll(t.Context(), Watch{Username: "ada", Lang: "en"})
			if err != nil || !strings.Contains(string(frames), `data-state="`+test.state+`"`) {
				t.Errorf("%q: %s, %v, want %s", test.fault, frames, err, test.state)
			}
		}
	})
}

// polls returns what a page is told that has the entry with this cursor.
func (s *site) polls(username, after string) frame {
	s.t.Helper()
	html, err := s.hub.Poll(s.t.Context(), Watch{Username: username, After: after, Lang: "en"})
	if err != nil {
		s.t.Fatal(err)
	}
	return parseFrame(s.t, html)
}

// A page that asks by itself, and knows entries of a log that holds none any more, is told that the log has expired. It is not told of a
// gap each time. It then asks from the beginning on.
func TestAPageThatAsksIsToldThatTheLogHasExpired(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, logs *memoryLogs) {
		s.record("gone", "/1")
		if told := s.polls("gone", "/1"); told.state() != "instead" || told.message() != "Logs found for gone." || told.Find("#newest").Length() != 0 {
			t.Errorf("before: %q, %q", told.state(), told.message())
		}
		logs.entries = nil
		for _, after := range []string{"/1", ""} {
			told := s.polls("gone", after)
			if !strings.Contains(told.message(), "was here until") || told.Find("tr").Length() != 0 {
				t.Errorf("behind %q: %q", after, told.message())
			}
			if emptied := told.Find("[hx-target='#rows'][hx-swap=innerHTML]").Length(); emptied == 1 != (after != "") {
				t.Errorf("behind %q: the rows stay", after)
			}
			if cursor, ok := told.Find("#newest").Attr("data-cursor"); cursor != "" || ok != (after != "") {
				t.Errorf("behind %q: it goes on behind %q, %t", after, cursor, ok)
			}
		}
		everyone := s.polls("", "/1")
		if cursor, ok := everyone.Find("#newest").Attr("data-cursor"); everyone.Find("tr.gap").Length() != 1 || cursor != "" || !ok {
			t.Errorf("everyone: %d gaps, and it goes on behind %q, %t", everyone.Find("tr.gap").Length(), cursor, ok)
		}
		s.record("gone", "/2")
		if told := s.polls("gone", ""); told.Find("tr.gap").Length() != 0 || told.message() != "Logs found for gone." {
			t.Errorf("she is back: %q", told.message())
		}
	})
}

// The feed of a store remembers the places of entries that have expired. To have seen them is to have missed nothing, but the log is gone.
func TestAPageThatAsksSeesALogExpire(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	stored, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler), Retention: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stored.Close(context.Background()) })
	s := newSite(t, FromStore(stored), newPages(t))
	recorded, path := 0, ""
	redistest.Eventually(t, "the page has an entry", func() bool {
		// A busy machine may let an entry expire before it is read.
		if stored.Stats().Queued == 0 && client.Exists(t.Context(), "userlog:log:ada").Val() == 0 {
			recorded++
			path = fmt.Sprintf("/%d", recorded)
			stored.Record(newEntry("ada", path))
		}
		return s.polls("ada", "").Find("tr:contains('"+path+"')").Length() == 1
	})
	redistest.Eventually(t, "the log has expired", func() bool {
		told := s.polls("ada", path)
		if told.Find("tr.gap").Length() > 0 {
			t.Error("the page is told of a gap")
		}
		return strings.Contains(told.message(), "No logs for ada") || strings.Contains(told.message(), "was here until")
	})
}
