package store

// verdict is what came of an entry.
type verdict uint8

const (
	isWritten verdict = iota
	isRefused         // by Redis, which will not take it later either
	isBack            // certainly not written, and to be written again
	isInDoubt
	isDropped // by the queue
)

// settlement says what became of the entries of one batch. Its zero value says that nothing was done.
type settlement struct {
	written, refused, indeterminate, truncated int
	markers                                    int      // of which one of these is known; they are no requests
	lost                                       []*Entry // those that were refused, and those in doubt
}

// add counts an entry, of which the verdict is known.
func (o *settlement) add(e *Entry, v verdict) {
	e.turn.verdict = v
	if v == isRefused || v == isInDoubt {
		o.lost = append(o.lost, e)
	}
	switch {
	case v == isBack:
	case e.OnlyGap():
		o.markers++
	case v == isWritten:
		o.written++
	case v == isRefused:
		o.refused++
	case v == isInDoubt:
		o.indeterminate++
	}
}

// decided is how many entries and markers were written, refused or are in doubt.
func (o *settlement) decided() int { return o.written + o.refused + o.indeterminate + o.markers }
