package store

import "strconv"

// Gap says how many requests of a user are missing at a place in a log, because they did not reach Redis, or are not kept any more. None
// of its numbers is negative, and one at least is not 0. Its JSON form is the field "gap" of the wire format.
//
// A person's requests are those that count ([Entry.Counts]). A log never has all of the others.
type Gap struct {
	Dropped       int `json:"dropped,omitempty"`       // of a person's requests, those that certainly are missing
	Indeterminate int `json:"indeterminate,omitempty"` // of a person's requests, those that may be missing
	Background    int `json:"background,omitempty"`    // other requests that may be missing: what pages fetch by themselves, and repeats
	Unnamed       int `json:"unnamed,omitempty"`       // of all users together, lost requests of which it is not known whose they were
	NotKept       int `json:"not_kept,omitempty"`      // of a person's requests, those that newer ones have pushed out; set by readers, never recorded
}

// maxGap bounds what is accepted as a number of a gap.
const maxGap = 1e12

// Notable reports whether something that a person did may be missing.
func (g *Gap) Notable() bool { return g != nil && g.Dropped+g.Indeterminate+g.Unnamed+g.NotKept > 0 }

// plus is what is missing by both.
func (g Gap) plus(more Gap) Gap {
	return Gap{
		Dropped: g.Dropped + more.Dropped, Indeterminate: g.Indeterminate + more.Indeterminate, Background: g.Background + more.Background,
		Unnamed: g.Unnamed + more.Unnamed, NotKept: g.NotKept + more.NotKept,
	}
}

// with is plus for a gap that there may be.
func (g *Gap) with(more Gap) *Gap {
	if g != nil {
		more = g.plus(more)
	}
	return &more
}

// doubted is g where a log may tell it already. Told again, its requests are only perhaps missing: they are indeterminate.
func (g Gap) doubted() Gap {
	g.Indeterminate, g.Dropped = g.Indeterminate+g.Dropped, 0
	return g
}

// appendJSON appends the field of a gap and a comma, or nothing where nothing is missing.
func (g *Gap) appendJSON(b []byte) []byte {
	if g == nil {
		return b
	}
	b = append(b, `"gap":{`...)
	b = appendCount(b, "dropped", g.Dropped)
	b = appendCount(b, "indeterminate", g.Indeterminate)
	b = appendCount(b, "background", g.Background)
	b = appendCount(b, "unnamed", g.Unnamed)
	b = appendCount(b, "not_kept", g.NotKept)
	b[len(b)-1] = '}'
	return append(b, ',')
}

// appendCount appends a number and a comma, or nothing where it is 0.
func appendCount(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, ',')
}

// gapJSON is the JSON form of a gap, as it is read.
type gapJSON struct {
	Dropped, Indeterminate, Background, Unnamed float64
	NotKept                                     float64 `json:"not_kept"`
}

// gap is nil where nothing is missing, or where a number is none of ours.
func (w *gapJSON) gap() *Gap {
	if w == nil {
		return nil
	}
	for _, n := range [...]float64{w.Dropped, w.Indeterminate, w.Background, w.Unnamed, w.NotKept} {
		if n < 0 || n > maxGap {
			return nil
		}
	}
	g := Gap{int(w.Dropped), int(w.Indeterminate), int(w.Background), int(w.Unnamed), int(w.NotKept)}
	if g == (Gap{}) {
		return nil
	}
	return &g
}
