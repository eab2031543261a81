package store

import "strings"

// IsLoginPath reports whether an address looks like that of a login: a segment of its path is login, logon or signin. Case, punctuation
// (sign-in) and what follows a dot or a semicolon (login.php) do not matter. /login-history is no login.
func IsLoginPath(address string) bool { return hasWord(address, "login", "logon", "signin") }

// IsLogoutPath is [IsLoginPath] for logout, logoff and signout.
func IsLogoutPath(address string) bool { return hasWord(address, "logout", "logoff", "signout") }

// hasWord reports whether a segment of the path is one of the words.
func hasWord(address string, words ...string) bool {
	for segment := range strings.SplitSeq(withoutQuery(address), "/") {
		for _, word := range words {
			if isWord(segment, word) {
				return true
			}
		}
	}
	return false
}

// isWord compares a segment with a word. It makes no copy: each step is asked several times when anything
// happens.
func isWord(segment, word string) bool {
	matched := 0
	for i := 0; i < len(segment) && segment[i] != '.' && segment[i] != ';'; i++ {
		switch c := segment[i]; {
		case c == '-' || c == '_':
		case matched == len(word) || c != word[matched] && c != word[matched]-'a'+'A':
			return false
		default:
			matched++
		}
	}
	return matched == len(word)
}

// withoutQuery is an address up to its query.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}
