package journey_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// history makes entries of what the bytes say, four each: from few addresses, so that much of it belongs
// together.
func history(choices []byte) []store.Entry {
	paths := []string{"/", "/a", "/a?b=c", "/login", "/app.css", "/frame", "/api"}
	kinds := []store.Kind{
		store.KindPage, store.KindPage, store.KindUnknown, store.KindAsset, store.KindFetch, store.KindFragment,
		store.KindPrefetch, store.KindSocket, store.KindBeacon, store.KindDownload,
	}
	codes := []int{200, 200, 302, 404, 500, 101, 0}
	var made []store.Entry
	clock := start
	for ; len(choices) >= 4; choices = choices[4:] {
		a, b, c, d := int(choices[0]), int(choices[1]), int(choices[2]), int(choices[3])
		clock = clock.Add(time.Duration(d-50) * 100 * time.Millisecond) // also back
		e := store.Entry{
			ID: fmt.Sprint(len(made)), Username: "ada", Method: "GET", Time: clock, Path: paths[a%len(paths)],
			Kind: kinds[b%len(kinds)], Code: codes[c%len(codes)], Duration: time.Duration(d) * 20 * time.Millisecond,
		}
		if a > 180 {
			e.Method = "POST"
		}
		if b > 100 {
			e.From = paths[b%len(paths)]
		}
		if d%5 == 0 {
			e.Actor = "bob"
		}
		if c > 128 {
			e.Location = paths[c%len(paths)]
		}
		made = append(made, e)
	}
	return made
}

// requests is the number of entries in a step.
func requests(s *journey.Step) int {
	n := len(s.Redirects) + s.Folded()
	if !s.Implied {
		n++
	}
	return n
}

// checkFolding folds a history one by one, and checks what is true of all of them.
func checkFolding(t *testing.T, all []store.Entry) {
	t.Helper()
	f := journey.NewFolder(len(all))
	seen := make(map[*journey.Step]int)
	for n, e := range all {
		before := len(f.Steps())
		c := f.Add(e)
		if c.Visited != nil {
			if c.Visited != f.Steps()[before] || requests(c.Visited) != 0 {
				t.Fatalf("entry %d: visited is %+v", n, c.Visited)
			}
			before++
		}
		if c.New != (len(f.Steps()) == before+1) || c.New && (c.Step != f.Steps()[before] || c.Step.ID != e.ID) {
			t.Fatalf("entry %d: change %+v of %d steps", n, c, before)
		}
		if seen[c.Step]++; requests(c.Step) != seen[c.Step] {
			t.Fatalf("entry %d: the step has %d entries, want %d: %s", n, requests(c.Step), seen[c.Step], describe(c.Step))
		}
	}
	total, ids := 0, make(map[string]bool)
	for _, s := range f.Steps() {
		total += requests(s)
		if ids[s.ID] {
			t.Errorf("two steps with id %s", s.ID)
		}
		ids[s.ID] = true
	}
	if total != len(all) {
		t.Errorf("%d entries are in steps, want %d", total, len(all))
	}
	whole := journey.Fold(all)
	if a, b := describeAll(f.Steps()), describeAll(whole.Steps()); a != b {
		t.Errorf("one by one\n%s\nas a whole\n%s", a, b)
	}
	if now := whole.Now(start); now.Idle < 0 {
		t.Errorf("idle for %v", now.Idle)
	}
	for _, h := range whole.Hints() {
		if h.Count == 0 || len(h.Entries) == 0 || len(h.Entries) > journey.MaxEvidence {
			t.Errorf("hint %+v", h)
		}
	}
}

func TestEveryEntryIsInExactlyOneStep(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		choices := make([]byte, random.IntN(1200))
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		checkFolding(t, history(choices))
	}
}

// A Folder that forgets must not stumble over what it has forgotten.
func TestForgettingIsHarmless(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	choices := make([]byte, 8_000)
	for i := range choices {
		choices[i] = byte(random.Uint32())
	}
	f := journey.NewFolder(7)
	for _, e := range history(choices) {
		f.Add(e)
		if n := len(f.Steps()); n > 7 {
			t.Fatalf("%d steps", n)
		}
		f.Now(e.Time)
		f.Hints()
	}
}

func FuzzFold(f *testing.F) {
	f.Add([]byte{1, 0, 0, 60, 4, 103, 0, 60, 200, 0, 200, 60, 1, 0, 0, 60})
	f.Add([]byte{2, 104, 3, 90, 2, 104, 3, 90, 2, 104, 3, 90, 2, 0, 0, 250})
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) < 4000 {
			checkFolding(t, history(choices))
		}
	})
}
