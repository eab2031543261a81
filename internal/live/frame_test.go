package live_test

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestFramesPutTheNewestOnTop(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1", "/2", "/3")
		w := s.watch("username", "ada")
		first := w.readFrame()
		if got := first.urls(); !slices.Equal(got, []string{"/3", "/2", "/1"}) {
			t.Errorf("the backlog is %q", got)
		}
		if first.state() != "live" || first.message() != "Logs found for ada." {
			t.Errorf("state %q, message %q", first.state(), first.message())
		}
		if got := first.Find("tr[data-id='/3']").Length(); got != 1 {
			t.Errorf("%d rows with the newest id", got)
		}
		s.recorded("ada", "/4")
		next := w.readFrame()
		if got := next.urls(); !slices.Equal(got, []string{"/4"}) || next.state() != "" || next.message() != "" {
			t.Errorf("then %q, state %q, message %q", got, next.state(), next.message())
		}
		if next.Find("td.user").Length() != 0 {
			t.Error("a user's page has a user column")
		}
	})
}

func TestTheFirstFrameComesWithoutABacklog(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	w := s.watch("username", "ada", "lang", "fr")
	empty := w.readFrame()
	if empty.state() != "live" || empty.message() != "Aucun journal pour ada." || len(empty.urls()) != 0 {
		t.Errorf("state %q, message %q, rows %q", empty.state(), empty.message(), empty.urls())
	}
	s.record("ada", "/1")
	next := w.readFrame()
	if got := next.urls(); !slices.Equal(got, []string{"/1"}) || next.message() == "" {
		t.Errorf("then %q, message %q", got, next.message())
	}
}

func TestFramesGoOnAfter(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	s.recorded("ada", "/1", "/2", "/3")
	for after, want := range map[string][]string{"/1": {"/3", "/2"}, "/3": {}, "gone": {"/3", "/2", "/1", "gap"}} {
		f := s.watch("username", "ada", "after", after).readFrame()
		if got := f.urls(); !slices.Equal(got, want) || f.state() != "live" || f.message() != "Logs found for ada." {
			t.Errorf("after %s: %q, state %q, message %q", after, got, f.state(), f.message())
		}
	}
	gap := s.watch("username", "ada", "after", "gone").readFrame().Find("tr.gap td")
	if gap.Text() != "Requests may be missing here." || gap.AttrOr("colspan", "") != "4" {
		t.Errorf("the gap says %q over %s columns", gap.Text(), gap.AttrOr("colspan", ""))
	}
}

func TestFramesOfEveryoneNameTheUser(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.recorded("ada", "/1")
		w := s.watch()
		first := w.readFrame()
		if first.state() != "live" || first.message() != "" || !slices.Equal(first.urls(), []string{"/1"}) {
			t.Errorf("state %q, message %q, rows %q", first.state(), first.message(), first.urls())
		}
		s.recorded("b&c", "/2")
		user := w.readFrame().Find("tr > td.user a")
		if user.Text() != "b&c" || user.AttrOr("href", "") != "/base/live?username=b%26c" {
			t.Errorf("the user is %q, at %q", user.Text(), user.AttrOr("href", ""))
		}
		gap := s.watch("after", "gone").readFrame()
		if got := gap.Find("tr.gap td").AttrOr("colspan", ""); got != "5" {
			t.Errorf("the gap spans %s columns", got)
		}
	})
}

// readFrame fails for anything that would run.
func TestFramesAreTextWhateverIsInThem(t *testing.T) {
	s := newSite(t, redistest.Start(t).Client(t))
	for _, hostile := range []string{
		"<script>alert(1)</script>", "</td></tr></hx-partial><img src=x onerror=alert(1)>", `"><b onclick=alert(1)>`, "</template><script>x</script>",
	} {
		s.recorded(hostile, "/"+hostile)
		f := s.watch("username", hostile).readFrame()
		if got := f.urls(); !slices.Equal(got, []string{"/" + hostile}) || f.message() != "Logs found for "+hostile+"." {
			t.Errorf("%q: rows %q, message %q", hostile, got, f.message())
		}
	}
	rows := s.watch().readFrame()
	if got := rows.Find("td.user").Length(); got != 4 {
		t.Errorf("everyone has %d users", got)
	}
}
