package mask

import "strings"

const (
	uuidLength     = 36
	uuidFirst      = 8 // digits before its first dash
	ulidLength     = 26
	objectIDLength = 24
	longestDigest  = 128 // SHA-512
)

// identifier returns the length of the identifier that is the word at the beginning of s, or 0. Identifiers are
// readable although they are random.
func identifier(s string, k known) int {
	switch length := wordLength(s); {
	case length == uuidFirst && isUUID(s):
		return uuidLength
	case length == ulidLength && isULID(s[:length]):
		return length
	case length == objectIDLength && k&objectIDs != 0 && isObjectID(s[:length]):
		return length
	case k&digests != 0 && (length == 32 || length == 40 || length == 64 || length == longestDigest) && allHex(s[:length]):
		return length
	}
	return 0
}

// wordLength returns how many letters and digits s begins with. Longer than any identifier is long enough.
func wordLength(s string) int {
	n := 0
	for n < len(s) && n <= longestDigest && class(s[n]) != other {
		n++
	}
	return n
}

// isUUID recognises the 8-4-4-4-12 form at the beginning of s, as a word of its own.
func isUUID(s string) bool {
	if len(s) < uuidLength || len(s) > uuidLength && class(s[uuidLength]) != other {
		return false
	}
	for i := range uuidLength {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isULID recognises a ULID of the years 2004 to 2039 by its first characters, which are a time, and its alphabet, which
// lacks letters that look like others.
func isULID(s string) bool {
	return strings.HasPrefix(s, "01") && !strings.ContainsAny(s, "ILOUilou") && (strings.ToUpper(s) == s || strings.ToLower(s) == s)
}

// isObjectID recognises an id of MongoDB of the years 2012 to 2038 by its first characters, which are a time.
func isObjectID(s string) bool { return '5' <= s[0] && s[0] <= '7' && allHex(s) }

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isHex reports whether c is a hexadecimal digit.
func isHex(c byte) bool {
	return class(c) == digit || class(c) != other && c|0x20 <= 'f'
}
