// Package failures keeps the newest failures of a user longer than the log, and tells how many requests are missing between them and the
// log. It has the script that writes them in Redis, and the same rules in Go, by which the feed follows them.
//
// It knows nothing of entries. A [Mark] says what it has to know of one.
package failures

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Most is how many failed steps are kept of a user, and how many different failures of what pages fetch.
const Most = 10

// The classes of requests.
const (
	Other  = Class('-') // neither kept nor evidence
	Step   = Class('F') // something that a person did, and that failed
	Part   = Class('P') // something that a page fetched, or that repeats, and that failed
	Worked = Class('O') // something that went well, so that it may have solved a failure
)

// Class is what a request means for the failures of its user.
type Class byte

// Mark is what has to be known of a request.
type Mark struct {
	Class  Class
	Counts bool   // it is one of those that are numbered
	What   uint64 // hash of what was asked for: the same for a failure and for what solves it
}

// Fails reports whether the request is a failure that is kept.
func (m Mark) Fails() bool { return m.Class == Step || m.Class == Part }

// markSize is the length of a mark as text, and whatSize that of its hash.
const (
	markSize = 18
	whatSize = 16
)

// Append appends the mark as the script reads it, such as F1 and 16 digits.
func (m Mark) Append(b []byte) []byte {
	counts := byte('0')
	if m.Counts {
		counts = '1'
	}
	b = append(b, byte(m.Class), counts)
	digits := strconv.FormatUint(m.What, 16)
	for range whatSize - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}

// total is the member whose score is the number of the newest request. Other members are a class, a hash and a line. Their scores are
// the number of the request, or for one that does not count, of the last one before it that does, and a fraction more.
const total = "n"

// fraction is what lies between two that have the same number.
const fraction = 1.0 / (1 << 16)

// Held is a kept request.
type Held[T any] struct {
	Mark
	Number float64
	Line   T
}

// List are the kept failures of one user, and what solved them. The zero value has none.
type List[T any] struct {
	number float64   // of the newest request
	held   []Held[T] // oldest first
}

// Read makes a list of what Redis has. Lines that decode does not take are left out.
func Read[T any](members []redis.Z, decode func(line string) (T, bool)) List[T] {
	var l List[T]
	for _, z := range members {
		member, _ := z.Member.(string)
		if member == total {
			l.number = z.Score
			continue
		}
		if len(member) <= 1+whatSize {
			continue
		}
		what, err := strconv.ParseUint(member[1:1+whatSize], 16, 64)
		line, ok := decode(member[1+whatSize:])
		if err != nil || !ok {
			continue
		}
		l.held = append(l.held, Held[T]{Mark: Mark{Class: Class(member[0]), What: what}, Number: z.Score, Line: line})
	}
	return l
}

// Held are what is kept, the oldest first. They belong to the list.
func (l *List[T]) Held() []Held[T] { return l.held }

// Add notes the next request, as the script does.
func (l *List[T]) Add(m Mark, line T) {
	if m.Counts {
		l.number = math.Floor(l.number) + 1
	}
	if !m.Fails() && (m.Class != Worked || !l.open(m.What)) {
		return
	}
	if !m.Counts {
		l.number += fraction
	}
	l.held = append(l.held, Held[T]{Mark: m, Number: l.number, Line: line})
	l.trim()
}

// open reports whether a failure is kept that nothing has solved.
func (l *List[T]) open(what uint64) bool {
	for _, held := range slices.Backward(l.held) {
		if held.What == what {
			return held.Class != Worked
		}
	}
	return false
}

// trim leaves the newest failed steps, the newest of each other failure, and what solved one of these.
func (l *List[T]) trim() {
	steps, parts, seen := 0, 0, map[uint64]bool{}
	drop := make([]bool, len(l.held))
	for i := len(l.held) - 1; i >= 0; i-- {
		switch h := &l.held[i]; h.Class {
		case Step:
			steps++
			drop[i] = steps > Most
		case Part:
			if drop[i] = seen[h.What] || parts == Most; !drop[i] {
				seen[h.What] = true
				parts++
			}
		}
	}
	failing, kept := map[uint64]bool{}, l.held[:0:0]
	for i, h := range l.held {
		switch {
		case drop[i], h.Class == Worked && !failing[h.What]:
			continue
		case h.Class == Worked:
			failing[h.What] = false
		default:
			failing[h.What] = true
		}
		kept = append(kept, h)
	}
	l.held = kept
}

// Outlived returns the lines that are kept and not shown, the oldest first. It also returns how many requests that count are
// missing behind the oldest of them. The function newer says how many shown ones are newer than it. Neither these nor
// the lines are missing.
func (l *List[T]) Outlived(shown func(T) bool, newer func(oldest T) int) (lines []T, missing int) {
	counted, oldest := 0, -1
	for i := range l.held {
		h := &l.held[i]
		if shown(h.Line) {
			continue
		}
		if oldest < 0 {
			oldest = i
		} else if h.counts() {
			counted++
		}
		lines = append(lines, h.Line)
	}
	if oldest < 0 {
		return nil, 0
	}
	since := math.Floor(l.number) - math.Floor(l.held[oldest].Number)
	return lines, max(0, int(since)-counted-newer(l.held[oldest].Line))
}

// counts reports whether a kept request has a number of its own.
func (h *Held[T]) counts() bool { return h.Number == math.Floor(h.Number) }

// Marks are the marks of several requests, as the script reads them.
func Marks(marks []Mark) string {
	var b strings.Builder
	b.Grow(markSize * len(marks))
	buffer := make([]byte, 0, markSize)
	for _, m := range marks {
		b.Write(m.Append(buffer))
	}
	return b.String()
}
