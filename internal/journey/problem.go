package journey

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Problem is something that the person saw fail.
type Problem struct {
	Entry  store.Entry // that failed: see [store.Entry.Failed]
	StepID string      // of the step that it belongs to
	Solved time.Time   // when the same request first worked after it; zero if it has not
}

// problem is the newest problem of this visit that is not solved, or else the newest of all, or nil.
func (f *Folder) problem() *Problem {
	failed := f.failed()
	for i := range failed {
		if failed[i].Solved = f.solved(&failed[i].Entry); failed[i].Solved.IsZero() {
			return &failed[i]
		}
	}
	if len(failed) > 0 {
		return &failed[0]
	}
	return nil
}

// failed is what the person saw fail in this visit, the newest first.
func (f *Folder) failed() []Problem {
	began := f.visits()
	var all []Problem
	note := func(s *Step, e *store.Entry) {
		if e.Failed() && !e.Time.Before(began[s.browser]) {
			all = append(all, Problem{Entry: *e, StepID: s.ID})
		}
	}
	for _, s := range slices.Backward(f.steps) {
		if s.Entry.Actor != "" {
			continue
		}
		note(s, &s.problem)
		if failure := s.failure(); failure != nil && IsStep(s.Entry) {
			note(s, failure)
		}
	}
	slices.SortStableFunc(all, func(a, b Problem) int { return b.Entry.Time.Compare(a.Entry.Time) })
	return all
}

// PastFailure is when the user was last in trouble in a visit that is over: see [store.Entry.Troubles]. It is zero if there was no such
// trouble, or if there is some in a visit that goes on.
func (f *Folder) PastFailure() (at time.Time) {
	began := f.visits()
	for _, s := range f.steps {
		for e := range s.requests() {
			switch {
			case !e.Troubles():
			case e.Time.Before(began[s.browser]):
				at = later(at, e.Time)
			default:
				return time.Time{}
			}
		}
	}
	return at
}

// solved is when the request that failed first worked afterwards: see [store.Entry.Solves]. It is zero if it has
// not. A form that was shown again does not say that it was accepted.
func (f *Folder) solved(failed *store.Entry) (at time.Time) {
	for _, s := range f.steps {
		if s.Entry.Actor != "" || s.seen.Before(failed.Time) {
			continue
		}
		for e := range s.requests() {
			if e.Time.After(failed.Time) && (at.IsZero() || e.Time.Before(at)) && e.Solves(failed) {
				at = e.Time
			}
		}
	}
	return at
}

// failure is how a request failed: what is the same in all that are counted together.
type failure struct {
	method, path string
	code         int
	ended        store.End
	problem      string
}

func failureOf(e *store.Entry) failure {
	return failure{e.Method, withoutQuery(e.Path), e.Code, e.Ended, e.Problem}
}
