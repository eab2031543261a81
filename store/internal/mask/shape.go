package mask

import "math/bits"

// A random string is recognised by pairs of neighbouring characters that words and numbers seldom
// have: a digit beside a letter, a capital after a small letter, and two thirds of all pairs of
// letters. A test measures what that misses, and what it takes for random that is not.
const (
	window = 22 // characters that are judged at a time: 128 bits in base64

	// How many of the 21 pairs in a window make it random. Random strings have 11 to 15, words one;
	// what has no digit is more likely to be words.
	oddWithDigits = 7
	oddLetters    = 8 // in both cases: a camelCase name has up to seven
	oddOneCase    = 9 // and nothing that separates them
)

// random reports whether a decoded value contains a long run without the regularity of words and numbers,
// except those that are known.
func (w *walk) random(value string, k known) bool {
	if len(value) < window {
		return false
	}
	w.work += 2 * len(value)
	var r run
	for i := 0; i < len(value); i++ {
		if wordBegins(value, i) {
			if length := identifier(value[i:], k); length > 0 {
				i += length - 1
				r = run{}
				continue
			}
		}
		if !isTokenByte(value[i]) {
			r = run{}
			continue
		}
		if r.add(value[i]); r.random() {
			return true
		}
	}
	return false
}

// isTokenByte reports whether c belongs to base64, in either alphabet.
func isTokenByte(c byte) bool {
	return c == '-' || c == '_' || c == '+' || c == '/' || c == '=' || class(c) != other
}

// wordBegins reports whether a letter or digit stands at i and none before it.
func wordBegins(s string, i int) bool {
	return class(s[i]) != other && (i == 0 || class(s[i-1]) == other)
}

// run is what is known of the last characters of a run, the newest in the lowest bit.
type run struct {
	odd, digits, uppers, lowers uint32
	length                      int // of the run
	hex, hexDigits              int // of its end that is hexadecimal, and digits among that
	before                      byte
}

func (r *run) add(c byte) {
	kind := class(c)
	r.odd = r.odd<<1 | bit(isOdd(r.before, c))
	r.digits = r.digits<<1 | bit(kind == digit)
	r.uppers = r.uppers<<1 | bit(kind == upper)
	r.lowers = r.lowers<<1 | bit(kind == lower)
	r.length++
	switch {
	case kind == digit:
		r.hex++
		r.hexDigits++
	case kind != other && c|0x20 <= 'f':
		r.hex++
	default:
		r.hex, r.hexDigits = 0, 0
	}
	r.before = c
}

// random judges the last characters of the run.
func (r *run) random() bool {
	const all = 1<<window - 1
	if r.length < window {
		return false
	}
	if r.hex >= window && r.hexDigits >= 3 && r.hex-r.hexDigits >= 3 {
		return true
	}
	odd := bits.OnesCount32(r.odd & (all >> 1))
	switch {
	case odd < oddWithDigits:
		return false
	case r.digits&all != 0:
		return true
	case r.uppers&all != 0 && r.lowers&all != 0:
		return odd >= oddLetters
	}
	return odd >= oddOneCase && (r.lowers&all == all || r.uppers&all == all)
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
