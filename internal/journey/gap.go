package journey

import "github.com/gin-userlog/userlog/store"

// GapBefore returns a step that stands for the requests which are missing before an entry. The entry must have a Gap.
func GapBefore(e store.Entry) *Step {
	s := &Step{ID: e.ID + "-gap", Gap: e.Gap, Entry: store.Entry{ID: e.ID, Username: e.Username, Application: e.Application}}
	if e.OnlyGap() {
		s.Entry.Time = e.Time
	}
	return s
}

// ShowsGap reports whether the gap before an entry is shown. Every says that also requests are shown that no person made. Then a
// gap is shown as well where only such are missing.
func ShowsGap(e *store.Entry, every bool) bool {
	return e.Gap.Notable() || every && e.Gap != nil
}

// Alone returns the steps of an entry that is not folded, the oldest first: a gap before it if [ShowsGap], and its request.
func Alone(e store.Entry, every bool) []*Step {
	var steps []*Step
	if ShowsGap(&e, every) {
		steps = append(steps, GapBefore(e))
	}
	if !e.OnlyGap() {
		steps = append(steps, &Step{ID: e.ID, Entry: e})
	}
	return steps
}

// addGap begins the step of a gap before an entry, if a person would miss something there. A step that failed before it
// did not certainly fail in a row with those to come.
func (f *Folder) addGap(e store.Entry) *Step {
	if !e.Gap.Notable() {
		return nil
	}
	for _, b := range f.browsers {
		if b.actor == "" && b.current != nil {
			for i := range b.current.Parts {
				b.current.Parts[i].FailedInRow = 0
			}
		}
	}
	s := GapBefore(e)
	f.keep(f.browserOf(&store.Entry{}), s)
	return s
}
