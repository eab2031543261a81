package journey_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// withGap is the entries of lines, of which one tells a gap.
func withGap(t *testing.T, n int, gap store.Gap, lines string) []store.Entry {
	t.Helper()
	all := entries(t, lines)
	all[n].Gap = &gap
	return all
}

// marker stands for a request that is missing, and was finished at a second.
func marker(second float64) store.Entry {
	return store.Entry{ID: "marker", Username: "ada", Time: at(second), Gap: &store.Gap{Dropped: 1}}
}

// describeGaps writes steps as describe does, and gaps as a number.
func describeGaps(steps []*journey.Step) string {
	var lines []string
	for _, s := range steps {
		if s.Gap != nil {
			lines = append(lines, fmt.Sprintf("%s: %+v", s.ID, *s.Gap))
			continue
		}
		lines = append(lines, describe(s))
	}
	return strings.Join(lines, "\n")
}

func TestAGapIsAStep(t *testing.T) {
	dropped, background := store.Gap{Dropped: 3}, store.Gap{Background: 2}
	lines := `
		1 page GET /cart 200
		2 fetch GET /stock 500 from=/cart
		3 page GET /pay 200`
	for _, test := range []struct {
		name    string
		entries []store.Entry
		want    string
	}{
		{"before a page", withGap(t, 2, dropped, lines), `
			GET /cart 200 +/stock !1
			e2-gap: {Dropped:3 Indeterminate:0 Background:0 Unnamed:0 NotKept:0}
			GET /pay 200`},
		{"before a part of a page", withGap(t, 1, dropped, lines), `
			GET /cart 200 +/stock !1
			e1-gap: {Dropped:3 Indeterminate:0 Background:0 Unnamed:0 NotKept:0}
			GET /pay 200`},
		{"before everything", withGap(t, 0, dropped, lines), `
			e0-gap: {Dropped:3 Indeterminate:0 Background:0 Unnamed:0 NotKept:0}
			GET /cart 200 +/stock !1
			GET /pay 200`},
		{"of what pages fetch", withGap(t, 2, background, lines), `
			GET /cart 200 +/stock !1
			GET /pay 200`},
		{"behind everything", append(entries(t, lines), marker(4)), `
			GET /cart 200 +/stock !1
			GET /pay 200
			marker-gap: {Dropped:1 Indeterminate:0 Background:0 Unnamed:0 NotKept:0}`},
	} {
		if got := describeGaps(journey.Fold(test.entries).Steps()); got != trim(test.want) {
			t.Errorf("%s:\n%s", test.name, got)
		}
	}
}

func TestNoFilterLeavesAGapOut(t *testing.T) {
	f := journey.Fold([]store.Entry{marker(1)})
	for _, filter := range []journey.Filter{{Show: journey.ShowErrors}, {Show: journey.ShowChanges}, {Text: "cart"}} {
		if !filter.Matches(f.Steps()[0]) {
			t.Errorf("%+v leaves it out", filter)
		}
	}
}

// What is missing was done, too. So nobody is idle since before it.
func TestWhatIsMissingWasDone(t *testing.T) {
	f := journey.Fold(append(entries(t, `1 page GET /cart 200`), marker(50)))
	if now := f.Now(at(60)); now.Path != "/cart" || now.Idle != 10*time.Second {
		t.Errorf("now: %+v", now)
	}
	f = journey.Fold(withGap(t, 1, store.Gap{Dropped: 1}, `
		1 page GET /cart 200
		50 beacon POST /seen 500 from=/cart`))
	if now := f.Now(at(60)); now.Idle != 59*time.Second {
		t.Errorf("where nobody knows when that was: %+v", now)
	}
}

// What is missing may have gone well. So nothing is said to have failed in a row across it.
func TestHintsBeginAnewBehindAGap(t *testing.T) {
	failures := `
		1 page POST /pay 422
		2 page POST /pay 422
		3 page POST /pay 422
		4 page POST /pay 422`
	parts := `
		1 page GET /cart 200
		2 fetch GET /stock 500 from=/cart
		3 fetch GET /stock 500 from=/cart
		4 fetch GET /stock 500 from=/cart`
	login := `
		1 page GET /orders 303 to=/login
		2 page GET /login 200
		3 page GET /cart 200`
	for _, test := range []struct {
		name, lines string
		gap         int
		want        string
	}{
		{"failures", failures, -1, "failures 4"},
		{"failures, long ago", failures, 1, "failures 3"},
		{"failures on both sides", failures, 2, ""},
		{"failures of a script", parts, -1, "failures 3"},
		{"failures of a script on both sides", parts, 3, ""},
		{"a login", login, -1, "login 1"},
		{"a login that is missing", login, 2, ""},
	} {
		all := entries(t, test.lines)
		if test.gap >= 0 {
			all[test.gap].Gap = &store.Gap{Indeterminate: 1}
		}
		var got []string
		for _, h := range journey.Fold(all).Hints() {
			got = append(got, fmt.Sprintf("%s %d", h.Kind, h.Count))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAFolderForgetsGapsLikeOtherSteps(t *testing.T) {
	f := journey.NewFolder(10)
	for n := range 100 {
		m := marker(float64(n))
		m.ID = fmt.Sprint(n)
		f.Add(m)
	}
	if n := len(f.Steps()); n != 10 {
		t.Errorf("%d steps are remembered", n)
	}
}
