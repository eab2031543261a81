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

// times returns how many requests e adds to a part of a step. A log does not remember each request of a poll, but each says
// how many there were. For example, the 7th request adds four where the last one that is remembered was the 3rd.
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

// share returns how many of the repeats of a request belong to a step: all, mostly, because a process counts anew when the
// page is opened. Where another process recorded the opening, the one that counts goes on. Then the step has as many as
// came since the opening, if they came evenly.
func (s *Step) share(e store.Entry, repeats int) int {
	begun := started(s.Entry).Add(-clockSkew)
	if repeats == 1 || s.Implied || !e.Since.Before(begun) || !e.Time.After(e.Since) {
		return repeats
	}
	fraction := e.Time.Sub(begun).Seconds() / e.Time.Sub(e.Since).Seconds()
	return max(1, int(math.Round(fraction*float64(repeats))))
}
