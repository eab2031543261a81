package journey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// polls are entries of a poll of /dash by one process, from number first to last, one a second.
func polls(process string, began time.Time, first, last int) []store.Entry {
	var entries []store.Entry
	for n := first; n <= last; n++ {
		entries = append(entries, store.Entry{
			ID: fmt.Sprintf("%s-%d", process, n+1000), Method: "GET", Path: fmt.Sprintf("/poll?t=%d", n), Kind: store.KindFetch, Code: 200, From: "/dash",
			Time: began.Add(time.Duration(n-1) * time.Second), Repeats: n, Since: began,
		})
	}
	return entries
}

func TestAPollIsCountedHoweverLongItRuns(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	page := store.Entry{ID: "a-1", Method: "GET", Path: "/dash", Kind: store.KindPage, Code: 200, Time: at}
	later := page
	later.ID, later.Time = "a-2", at.Add(time.Hour)
	failing := polls("a", at.Add(time.Second), 1, 40)
	for i := range failing {
		failing[i].Code = 503
	}
	for _, test := range []struct {
		name    string
		entries [][]store.Entry
		want    string
	}{
		{"all are there", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 1, 28)}, "/dash 28 poll"},
		{"the newest are there", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 2976, 3000)}, "/dash 3000 poll"},
		{"the page is not", [][]store.Entry{polls("a", at, 2976, 3000)}, "/dash 3000 poll"},
		{"some are missing between", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 1, 3), polls("a", at.Add(time.Second), 90, 100)}, "/dash 100 poll"},
		{"nearly all are missing", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 1, 2), polls("a", at.Add(time.Second), 99, 100)}, "/dash 100 poll"},
		{"two processes", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 900, 910), polls("b", at.Add(time.Second), 800, 810)}, "/dash 1720 poll"},
		{"the process began to count anew", [][]store.Entry{{page}, polls("a", at.Add(time.Second), 1, 30), polls("a", at.Add(100*time.Second), 5, 20)}, "/dash 50 poll"},
		{"another process recorded the page", [][]store.Entry{{later}, polls("b", at, 3661, 3670)}, "/dash 70 poll"},
		{"it fails", [][]store.Entry{{page}, failing[:1], failing[30:]}, "/dash 40 poll !40"},
	} {
		var entries []store.Entry
		for _, some := range test.entries {
			entries = append(entries, some...)
		}
		steps := journey.Fold(entries).Steps()
		s := steps[len(steps)-1]
		got := fmt.Sprintf("%s %d", s.Entry.Path, s.Folded())
		if s.Parts[0].Poll {
			got += " poll"
		}
		if s.Problems > 0 {
			got += fmt.Sprintf(" !%d", s.Problems)
		}
		if got != test.want || len(s.Parts) != 1 {
			t.Errorf("%s: %s in %d parts, want %s", test.name, got, len(s.Parts), test.want)
		}
	}
}
