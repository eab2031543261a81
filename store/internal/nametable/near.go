package nametable

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// letters are the letters and digits that a name has, a bit for each. Rarer ones share bits, and all that separates words has one.
type letters uint64

const separator letters = 1 << 63

func lettersOf(folded string) letters {
	var has letters
	for _, r := range folded {
		if separates(r) {
			has |= separator
		} else {
			has |= 1 << letterBit(r)
		}
	}
	return has
}

func letterBit(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		return int(r - 'a')
	case r >= '0' && r <= '9':
		return 26 + int(r-'0')
	}
	return 36 + int(r)%27
}

// lacks is how many letters there are that others has not.
func (l letters) lacks(others letters) int { return bits.OnesCount64(uint64(l &^ others)) }

// maxNear is the longest text that near names are found for, in characters.
const maxNear = 64

// MaxDistance is how many characters a name near a text of some characters may differ in: nobody means "bob" who says "ada".
func MaxDistance(characters int) int {
	switch {
	case characters < 3, characters > maxNear:
		return 0
	case characters < 5:
		return 1
	}
	return 2
}

// Near returns up to limit usernames whose folded names differ from a text by [MaxDistance] characters at most: one more, one
// less, another one, or two that have changed places. A text of one word is compared with each word of a name, too, and any text
// with what stands before an @. Names with other digits are not near: user-17 is nobody who was misheard as user-16. Those that
// differ least come first, and of them those that were seen since times.First.
func (t *Table) Near(text string, times Times, limit int) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := newPattern(text)
	allowed := MaxDistance(p.length)
	if allowed == 0 {
		return nil
	}
	found := best{limit: limit}
	least, first := seconds(times.Found), seconds(times.First)
	has := lettersOf(text)
	for n := range t.rows {
		r := &t.rows[n]
		if has.lacks(r.letters) > allowed || r.seen < least {
			continue
		}
		folded := t.foldedAt(n)
		if distance := p.nearest(folded, r.letters, allowed); distance <= allowed {
			// A name that differs less fits better than one that is there.
			found.add(match{n, false, 2*distance + btoi(r.seen < first), folded})
		}
	}
	return t.usernames(found)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pattern computes distances from a text. It is the bit-parallel algorithm of Hyyrö (2003) for optimal string alignment: a
// column of the matrix of distances is two words.
type pattern struct {
	length int // in characters
	last   uint64
	digits string
	ascii  [utf8.RuneSelf]uint64
	others map[rune]uint64
	word   bool // no separator is in it
}

func newPattern(text string) *pattern {
	p := &pattern{length: utf8.RuneCountInString(text), digits: digitsOf(text), others: make(map[rune]uint64), word: true}
	if p.length == 0 || p.length > maxNear {
		return p
	}
	p.last = 1 << (p.length - 1)
	n := 0
	for _, r := range text {
		if r < utf8.RuneSelf {
			p.ascii[r] |= 1 << n
		} else {
			p.others[r] |= 1 << n
		}
		p.word = p.word && !separates(r)
		n++
	}
	return p
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isDigit(byte(r)) {
			return r
		}
		return -1
	}, text)
}

// hasDigitsOf reports whether a part of a name has the digits of the text, in their order.
func (p *pattern) hasDigitsOf(part []byte) bool {
	n := 0
	for _, b := range part {
		if isDigit(b) {
			if n == len(p.digits) || p.digits[n] != b {
				return false
			}
			n++
		}
	}
	return n == len(p.digits)
}

// nearest is the least distance from a name, from what it has before an @, and where the text is one word, from a word.
// Distances of more than allowed may be any.
func (p *pattern) nearest(folded []byte, has letters, allowed int) int {
	least := allowed + 1
	compare := func(part []byte) {
		if p.mayBeNear(part, allowed) {
			least = min(least, p.distance(part, allowed))
		}
	}
	compare(folded)
	if has&separator == 0 {
		return least
	}
	if at := bytes.IndexByte(folded, '@'); at > 0 {
		compare(folded[:at])
	}
	if !p.word {
		return least
	}
	for begin, i := 0, 0; i <= len(folded); {
		r, size := rune(' '), 1
		if i < len(folded) {
			if r, size = rune(folded[i]), 1; r >= utf8.RuneSelf {
				r, size = utf8.DecodeRune(folded[i:])
			}
		}
		if separates(r) {
			if i-begin < len(folded) {
				compare(folded[begin:i])
			}
			begin = i + size
		}
		i += size
	}
	return least
}

// mayBeNear tells by length and digits what can't be near.
func (p *pattern) mayBeNear(part []byte, allowed int) bool {
	if len(part) < p.length-allowed {
		return false
	}
	if most := p.length + allowed; len(part) > most && (len(part) > utf8.UTFMax*most || utf8.RuneCount(part) > most) {
		return false
	}
	return p.hasDigitsOf(part)
}

// distance is the distance from a part of a name, or more than allowed.
func (p *pattern) distance(part []byte, allowed int) int {
	more, less, diagonal, before := ^uint64(0), uint64(0), uint64(0), uint64(0)
	score := p.length
	for i := 0; i < len(part) && score-(len(part)-i) <= allowed; { // a character takes one off at most
		var same uint64
		if b := part[i]; b < utf8.RuneSelf {
			same = p.ascii[b]
			i++
		} else {
			r, size := utf8.DecodeRune(part[i:])
			same = p.others[r]
			i += size
		}
		changed := ((^diagonal & same) << 1) & before
		diagonal = (((same & more) + more) ^ more) | same | less | changed
		right, left := less|^(diagonal|more), diagonal&more
		if right&p.last != 0 {
			score++
		}
		if left&p.last != 0 {
			score--
		}
		right, left = right<<1|1, left<<1
		more, less, before = left|^(diagonal|right), right&diagonal, same
	}
	return score
}
