package store

import (
	"crypto/rand"
	"errors"
	"strings"
)

// The form of references. The alphabet has no two characters that look alike, and as many as a prime number: so the check
// character tells any one wrong character, and any two neighbours that are swapped.
const (
	referenceAlphabet = "3479ABCEFGHJKMPRSTVWXYZ"
	referenceSize     = 6 // the last one is the check character
)

// Why a text is not a reference. See [ParseReference].
var (
	ErrNotReference      = errors.New("store: not a reference: it has other characters, or not six")
	ErrMistypedReference = errors.New("store: a reference with a wrong character, or with two that are swapped")
)

// NewReference returns a random reference: six characters by which a customer names a request on the phone, as in "K7W3XF". There
// are 6.4 million, so that two requests may have the same one. It does not block.
func NewReference() string {
	var code [referenceSize]byte
	const base = len(referenceAlphabet)
	var random [32]byte
	for n := 0; n < referenceSize-1; {
		rand.Read(random[:]) // never fails, says its documentation
		for _, b := range random {
			if n < referenceSize-1 && int(b) < 256/base*base { // or else some characters would be more likely
				code[n] = referenceAlphabet[int(b)%base]
				n++
			}
		}
	}
	code[referenceSize-1] = referenceAlphabet[(base-weigh(string(code[:referenceSize-1]))%base)%base]
	return string(code[:])
}

// weigh adds up the places of characters in the alphabet, each times its distance from the end of a reference, beginning with 1
// for the check character. Of a whole reference the sum is a multiple of the size of the alphabet.
func weigh(code string) int {
	sum := 0
	for i := range len(code) {
		sum += strings.IndexByte(referenceAlphabet, code[i]) * (referenceSize - i)
	}
	return sum
}

// lookalikes are characters that references don't have, and those for which they are taken.
const lookalikes = "2Z5S6G8BUVNM"

// ParseReference reads a reference as people type it: in any case, with spaces, hyphens and dots, and with a character that looks
// like one of ours. The error is [ErrNotReference] or [ErrMistypedReference]. Names of people may be references as well.
func ParseReference(text string) (code string, err error) {
	var b strings.Builder
	for _, r := range strings.ToUpper(text) {
		switch {
		case strings.ContainsRune(" -.\u00a0\u2010\u2011\u2013", r):
			continue
		case b.Len() == referenceSize:
			return "", ErrNotReference
		}
		if i := strings.IndexRune(lookalikes, r); i >= 0 && i%2 == 0 {
			r = rune(lookalikes[i+1])
		}
		if !strings.ContainsRune(referenceAlphabet, r) {
			return "", ErrNotReference
		}
		b.WriteRune(r)
	}
	switch {
	case b.Len() < referenceSize:
		return "", ErrNotReference
	case weigh(b.String())%len(referenceAlphabet) != 0:
		return "", ErrMistypedReference
	}
	return b.String(), nil
}
