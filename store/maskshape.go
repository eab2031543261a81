package store

import "strings"

// minSecret is the length from which a run of characters is suspected to be a random string: 128
// bits are 22 characters of base64.
const minSecret = 22

// secretShape reports whether a decoded value looks like a credential: a JSON Web Token, or a long
// string without the regularity of words and numbers. UUIDs are identifiers, and pass.
func secretShape(value string) bool {
	if len(value) < minSecret {
		return false
	}
	start := -1
	for i := 0; i <= len(value); i++ {
		if i < len(value) && isTokenByte(value[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && i-start >= minSecret && (isJWT(value[start:]) || isRandom(value[start:i])) {
			return true
		}
		start = -1
	}
	return false
}

// isTokenByte reports whether c belongs to base64, in either alphabet.
func isTokenByte(c byte) bool {
	return c == '-' || c == '_' || c == '+' || c == '/' || c == '=' || class(c) != other
}

// isJWT recognises the header of a JSON Web Token: {" in base64, then more parts.
func isJWT(s string) bool {
	return strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") >= 2
}

// Classes of characters; a random string changes between them all the time.
const (
	other = iota
	lower
	upper
	digit
)

func class(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return lower
	case 'A' <= c && c <= 'Z':
		return upper
	case '0' <= c && c <= '9':
		return digit
	}
	return other
}

// isRandom judges a run of at least minSecret characters by how often letters, capitals and digits
// follow on each other. Uniformly random base62 changes its class at 62 % of its places, base36 at
// 40 %, hexadecimal at 47 %, base32 at 30 %; words and numbers change at their ends. What the
// thresholds miss is measured by a test; lower-case letters alone look like words, and pass.
func isRandom(run string) bool {
	if isUUID(run) {
		return false
	}
	var counts [4]int
	changes, before := 0, other
	for i := 0; i < len(run); i++ {
		c := class(run[i])
		counts[c]++
		if c != before && c != other && before != other {
			changes++
		}
		before = c
	}
	length := len(run) - counts[other]
	switch {
	case counts[digit] == 0:
		// Random letters without a single digit are rare at this length; mixed capitals are not words.
		return counts[upper] > 0 && counts[lower] > 0 && changes*5 >= length*2
	case counts[upper] > 0 && counts[lower] > 0:
		return changes*3 >= length
	case counts[upper] > 0:
		return changes*10 >= length
	case counts[lower] > 0:
		return changes*5 >= length
	}
	return false
}

// isUUID recognises the 8-4-4-4-12 form.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		}
	}
	return true
}
