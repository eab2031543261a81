package mask

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// text is a stretch of an address, and what it says when all encodings are undone.
type text struct {
	decoded string
	has     traits  // of what is decoded
	encoded bool    // decoded is not what stands in the address
	depths  []uint8 // how often each byte was encoded, where that matters; nil: none was
}

// text decodes a stretch that has these traits.
func (w *walk) text(raw string, has traits) text {
	if has&encoded == 0 && (has&escape == 0 || !strings.Contains(raw, `\u`)) {
		return text{decoded: raw, has: has}
	}
	w.work += 2 * len(raw)
	if w.decoded.Cap() == 0 {
		w.decoded.Grow(2 * len(w.raw))
	}
	start := w.decoded.Len()
	w.decoded.Write(w.decoder.decode(raw))
	t := text{decoded: w.decoded.String()[start:], encoded: true}
	if t.has = traitsOf(t.decoded); t.has&at != 0 && t.has&naming != 0 {
		start := len(w.depths)
		w.depths = append(w.depths, w.decoder.depths[:len(t.decoded)]...)
		t.depths = w.depths[start:]
	}
	return t
}

// decode undoes percent-encoding and the \u of JSON until nothing is left to undo, and writes full-width letters
// and signs as the usual ones. A part that can't be decoded stays.
func decode(s string) string {
	var d decoder
	return string(d.decode(s))
}

const longestEncoded = len(`\u0070`)

// decoder undoes encodings that are applied several times in one pass: as soon as an encoded character is complete it is
// replaced, and it may complete another one. %2525 is %25 after its third byte, and % after its fifth.
type decoder struct {
	out    []byte
	depths []uint8 // how often each byte of out was encoded
	n      int     // how many there are
}

// decode returns what s says. It is valid until the next call.
func (d *decoder) decode(s string) []byte {
	if len(d.out) < len(s) {
		d.out, d.depths = make([]byte, len(s)), make([]uint8, len(s))
	}
	d.n = 0
	possible := 0 // up to which length of what is decoded an encoded character may end
	for i := 0; i < len(s); {
		if d.n >= possible {
			plain := i
			for i < len(s) && characters[s[i]].traits&(encoded|escape) == 0 {
				i++
			}
			clear(d.depths[d.n : d.n+copy(d.out[d.n:], s[plain:i])])
			if d.n += i - plain; i == len(s) {
				break
			}
		}
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			d.out[d.n], d.depths[d.n] = hexValue(s[i+1])<<4|hexValue(s[i+2]), 1
			i += 3
		} else {
			d.out[d.n], d.depths[d.n] = s[i], 0
			i++
		}
		for d.n++; d.reduce(); {
		}
		if characters[d.out[d.n-1]].traits&(encoded|escape) != 0 {
			possible = d.n + longestEncoded
		}
	}
	return d.out[:d.n]
}

// reduce replaces an encoded character at the end. It returns false if there is none.
func (d *decoder) reduce() bool {
	out := d.out[:d.n]
	n := len(out)
	if n < 3 {
		return false
	}
	switch last := out[n-1]; {
	case last >= utf8.RuneSelf:
		if letter, ok := halfWidth(out[n-3:]); ok {
			d.replace(3, rune(letter))
			return true
		}
	case !isHex(last):
	case out[n-3] == '%' && isHex(out[n-2]):
		d.out[n-3] = hexValue(out[n-2])<<4 | hexValue(last)
		d.deepen(3, 1)
		return true
	case n >= longestEncoded && out[n-longestEncoded] == '\\' && out[n-longestEncoded+1] == 'u':
		if r, ok := hexRune(out[n-4:]); ok {
			d.replace(longestEncoded, r)
			return true
		}
	}
	return false
}

// replace writes the character that the last length bytes stand for.
func (d *decoder) replace(length int, by rune) {
	size := utf8.EncodeRune(d.out[d.n-length:d.n], by)
	d.deepen(length, size)
}

// deepen keeps the first size of the last length bytes, which have been decoded once more.
func (d *decoder) deepen(length, size int) {
	depths := d.depths[d.n-length : d.n]
	depth := slices.Max(depths)
	if depth < math.MaxUint8 {
		depth++
	}
	for i := range size {
		depths[i] = depth
	}
	d.n -= length - size
}

// halfWidth returns the usual form of a full-width letter or sign, such as the colon of Chinese and Japanese.
func halfWidth(encoded []byte) (byte, bool) {
	const first, last = '\uff01', '\uff5e'
	r, size := utf8.DecodeRune(encoded)
	if size != len(encoded) || r < first || r > last {
		return 0, false
	}
	return byte(r - first + '!'), true
}

// hexRune returns the character that four hexadecimal digits stand for.
func hexRune(digits []byte) (r rune, ok bool) {
	for _, c := range digits {
		if !isHex(c) {
			return 0, false
		}
		r = r<<4 | rune(hexValue(c))
	}
	return r, true
}

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if class(c) == digit {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
