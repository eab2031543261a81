package nametable

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Fit says where a text stands in a name. The lower, the better it fits.
type Fit int

// Where a text stands in a name.
const (
	Whole  Fit = iota // it is the name
	Begins            // the name begins with it
	Word              // a word of the name begins with it, such as what is behind a dot
	Inside            // it is elsewhere
	None              // it is nowhere
)

// FitOf is how well a text fits a folded name.
func FitOf(folded, text string) Fit {
	switch at := strings.Index(folded, text); {
	case at < 0:
		return None
	case at == 0 && len(folded) == len(text):
		return Whole
	case at == 0:
		return Begins
	default:
		return inside([]byte(folded), at)
	}
}

// inside tells a word's beginning at a place from any other.
func inside(folded []byte, at int) Fit {
	if before, _ := utf8.DecodeLastRune(folded[:at]); separates(before) {
		return Word
	}
	return Inside
}

// separates reports whether a rune stands between words.
func separates(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// match is a row that was found, and what it is sorted by.
type match struct {
	row    int
	away   bool // not seen since somebody counts as there
	fit    int  // a Fit, or a distance
	folded []byte
}

func (m match) compare(other match) int {
	if m.away != other.away {
		if m.away {
			return 1
		}
		return -1
	}
	if order := cmp.Compare(m.fit, other.fit); order != 0 {
		return order
	}
	return bytes.Compare(m.folded, other.folded)
}

// best are the best matches, in their order.
type best struct {
	limit   int
	matches []match
}

// refuses reports whether a match with these is worse than all there are.
func (b *best) refuses(away bool, fit int) bool {
	if len(b.matches) < b.limit {
		return false
	}
	last := b.matches[len(b.matches)-1]
	return away && !last.away || away == last.away && fit > last.fit
}

func (b *best) add(m match) {
	at, _ := slices.BinarySearchFunc(b.matches, m, match.compare)
	if at == b.limit {
		return
	}
	if len(b.matches) == b.limit {
		b.matches = b.matches[:b.limit-1]
	}
	b.matches = slices.Insert(b.matches, at, m)
}

// Times are when users have to be seen to be found, and to come first.
type Times struct{ Found, First time.Time }

// Containing returns up to limit usernames whose folded names contain a text that is not empty. Those that were seen since
// times.First come before the others, and then what fits better.
func (t *Table) Containing(text string, times Times, limit int) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found, wanted := best{limit: limit}, []byte(text)
	least, first := seconds(times.Found), seconds(times.First)
	for n, from := 0, 0; n < len(t.rows); n++ {
		at := bytes.Index(t.folded[from:], wanted)
		if at < 0 {
			break
		}
		at += from
		for n+1 < len(t.rows) && int(t.rows[n+1].folded) <= at {
			n++
		}
		r := t.rows[n]
		from = len(t.folded)
		if n+1 < len(t.rows) {
			from = int(t.rows[n+1].folded)
		}
		if away := r.seen < first; r.seen >= least && !found.refuses(away, 0) {
			folded := t.folded[r.folded : from-1]
			fit := int(fitAt(folded, at-int(r.folded), len(wanted)))
			if !found.refuses(away, fit) {
				found.add(match{n, away, fit, folded})
			}
		}
	}
	return t.usernames(found)
}

// fitAt is the fit of a text of some length that was found at a place first.
func fitAt(folded []byte, at, length int) Fit {
	switch {
	case at > 0:
		return inside(folded, at)
	case length == len(folded):
		return Whole
	}
	return Begins
}

func (t *Table) usernames(found best) []string {
	names := make([]string, len(found.matches))
	for i, m := range found.matches {
		names[i] = string(t.nameOf(t.rows[m.row]))
	}
	return names
}
