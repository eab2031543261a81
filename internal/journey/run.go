package journey

import (
	"math"
	"slices"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// maxRuns is how many processes are told apart. Lines without an id seem to come from as many as there are lines.
const maxRuns = 16

// run is how often one process said that it had recorded the same request.
type run struct {
	process string
	repeats int
}

// times returns how many requests a part of a step has more than before with e: one, or as many as were recorded since the
// last one that is remembered. A log does not remember each request of a poll, but each says how many there were.
func (p *Part) times(e store.Entry, s *Step) int {
	process, _, _ := strings.Cut(e.ID, "-")
	repeats := max(1, e.Repeats)
	for i := range p.runs {
		if r := &p.runs[i]; r.process == process {
			before := r.repeats
			if r.repeats = repeats; before >= repeats {
				before = 0 // it counts anew
			}
			return repeats - before
		}
	}
	if len(p.runs) == maxRuns {
		p.runs = slices.Delete(p.runs, 0, 1)
	}
	p.runs = append(p.runs, run{process, repeats})
	return s.share(e, repeats)
}

// share returns how many of the repeats of a request belong to a step. All do, unless another process recorded that the
// page was opened: then the one that counts does not know, and they are divided as the time is.
func (s *Step) share(e store.Entry, repeats int) int {
	begun := started(s.Entry).Add(-clockSkew)
	if repeats == 1 || s.Implied || !e.Since.Before(begun) || !e.Time.After(e.Since) {
		return repeats
	}
	part := e.Time.Sub(begun).Seconds() / e.Time.Sub(e.Since).Seconds()
	return max(1, int(math.Round(part*float64(repeats))))
}
