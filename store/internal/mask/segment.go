package mask

import (
	"strings"
	"unicode/utf8"
)

// secretSegments are the words in a segment of a path that announce a secret in the next one:
// /reset/<token>, /magic-link/<token>.
var secretSegments = map[string]bool{
	"token": true, "tokens": true, "secret": true, "password": true, "passwort": true, "otp": true, "totp": true,
	"reset": true, "recover": true, "recovery": true, "unlock": true, "magic": true, "magiclink": true, "passwordless": true,
	"verify": true, "verification": true, "confirm": true, "confirmation": true, "activate": true, "activation": true,
	"invite": true, "invites": true, "invitation": true, "invitations": true, "unsubscribe": true, "optout": true,
}

// announces reports whether the last segment of a path, which ends with a delimiter, is followed by
// a secret. That the next segment is nothing but words speaks against it: see isWords.
func announces(path string) bool {
	end := len(path)
	for end > 0 && path[end-1] == '/' {
		end--
	}
	start := end
	for start > 0 && characters[path[start-1]].traits&(pathDelimiter|queryDelimiter|naming) == 0 {
		start--
	}
	segment := decode(path[start:end])
	for rest, word := cutLastWord(segment); word != ""; rest, word = cutLastWord(rest) {
		if secretSegments[word] {
			return true
		}
	}
	return false
}

// hasSecretSegment reports whether a decoded value is an address in whose path a secret is announced.
func hasSecretSegment(value string) bool {
	for start := 0; ; {
		slash := strings.IndexByte(value[start:], '/')
		if slash < 0 {
			return false
		}
		start += slash + 1
		end := start + strings.IndexAny(value[start:], "/?&;# ")
		if end < start {
			end = len(value)
		}
		if !isWords(value[start:end]) && announces(value[:start]) {
			return true
		}
	}
}

// isWords reports whether a segment reads like words, such as the last ones of /reset/password and
// /verify/phone-number: letters without an unusual number of odd pairs. Three characters and less
// are no secret.
func isWords(s string) bool {
	if len(s) <= 3 {
		return true
	}
	letters, capitals, odd := 0, 0, 0
	var before byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case class(c) == digit:
			return false
		case class(c) != other:
			letters++
			capitals += int(bit(class(c) == upper))
			odd += int(bit(isOdd(before, c)))
		case c < utf8.RuneSelf && strings.IndexByte("-_. +,", c) < 0:
			return false
		}
		before = s[i]
	}
	shouting := capitals > 3 && capitals == letters
	return !shouting && odd*5 <= letters
}
