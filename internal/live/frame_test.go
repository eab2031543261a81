package live

import (
	"slices"
	"strings"
	"testing"
)

func TestTheFirstFrameComesWithoutABacklog(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		w := s.watch("username", "ada", "lang", "fr")
		empty := w.readFrame()
		if empty.state() != "live" || !strings.HasPrefix(empty.message(), "Aucun journal pour ada. Demandez ") || len(empty.urls()) != 0 {
			t.Errorf("state %q, message %q, rows %q", empty.state(), empty.message(), empty.urls())
		}
		s.record("ada", "/1")
		next := w.readFrame()
		if got := next.urls(); !slices.Equal(got, []string{"/1"}) || next.message() == "" {
			t.Errorf("then %q, message %q", got, next.message())
		}
	})
}

func TestFramesResume(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		s.record("ada", "/1", "/2", "/3")
		for after, want := range map[string][]string{"/1": {"/3", "/2"}, "/3": {}, "gone": {"/3", "/2", "/1", "gap"}} {
			f := s.watch("username", "ada", "after", after).readFrame()
			if got := f.urls(); !slices.Equal(got, want) || f.state() != "live" || f.message() != "Logs found for ada." {
				t.Errorf("after %s: %q, state %q, message %q", after, got, f.state(), f.message())
			}
		}
		gap := s.watch("username", "ada", "after", "gone").readFrame().Find("tr.gap td")
		if gap.Text() != "Requests may be missing here." || gap.AttrOr("colspan", "") != "5" {
			t.Errorf("the gap says %q over %s columns", gap.Text(), gap.AttrOr("colspan", ""))
		}
	})
}

// readFrame fails for anything that would run.
func TestFramesAreTextWhateverIsInThem(t *testing.T) {
	inBubble(t, func(t *testing.T, s *site, _ *memoryLogs) {
		for _, hostile := range []string{
			"<script>alert(1)</script>", "</td></tr></hx-partial><img src=x onerror=alert(1)>", `"><b onclick=alert(1)>`, "</template><script>x</script>",
		} {
			s.record(hostile, "/"+hostile)
			f := s.watch("username", hostile).readFrame()
			if got := f.urls(); !slices.Equal(got, []string{"/" + hostile}) || f.message() != "Logs found for "+hostile+"." {
				t.Errorf("%q: rows %q, message %q", hostile, got, f.message())
			}
		}
		rows := s.watch().readFrame()
		if got := rows.Find("td.user").Length(); got != 4 {
			t.Errorf("everyone has %d users", got)
		}
	})
}
