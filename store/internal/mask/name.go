package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// meaning is what the name of a value says of the value. The name may be that of a parameter, of a member of
// JSON, or the segment of the path before it.
type meaning uint8

const (
	harmless   meaning = iota
	common             // code: the name of secrets and of harmless things
	announcing         // reset: the value is a secret unless it reads like words
	secret             // password
)

// IsName reports whether a parameter can have this name: it has letters or digits.
func IsName(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// meaning returns what a name says of its value, by the words in it and by the host's list.
func (w *walk) meaning(name string, r *nameWords) meaning {
	if found := r.meaning(); found == secret || !w.host.endsName(name[:r.end]) {
		return found
	}
	return secret
}

// beginsWord reports whether a word of a name begins at i.
func beginsWord(name string, i int) bool {
	return isWordByte(name[i]) && (i == 0 || !isWordByte(name[i-1]) || class(name[i]) == upper && class(name[i-1]) == lower)
}

// isWordByte reports whether c belongs to a word: letters of any script, and digits.
func isWordByte(c byte) bool { return c >= utf8.RuneSelf || class(c) != other }

// appendFolded appends what names are compared by: letters and digits in lower case. So access_token,
// accessToken and Access-Token are one.
func appendFolded(b []byte, name string) []byte {
	for i := 0; i < len(name); {
		if c := name[i]; c < utf8.RuneSelf {
			if k := class(c); k == upper {
				b = append(b, c|0x20)
			} else if k != other {
				b = append(b, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(name[i:])
		if r = foldRune(r); r != 0 {
			b = utf8.AppendRune(b, r)
		}
		i += size
	}
	return b
}

// foldRune returns a letter in lower case, or 0 for the accent of the letter before it.
func foldRune(r rune) rune {
	const lastWithCase = 0x1fff // scripts behind it have no capitals that matter here
	switch {
	case 0x300 <= r && r <= 0x36f:
		return 0
	case r <= lastWithCase:
		return unicode.ToLower(r)
	}
	return r
}

// nameSet is a set of names that are compared folded.
type nameSet struct {
	names   map[string]bool
	longest int // bytes
}

func newNameSet(names []string) nameSet {
	s := nameSet{names: make(map[string]bool, len(names))}
	for _, name := range names {
		folded := appendFolded(nil, name)
		s.names[string(folded)] = true
		s.longest = max(s.longest, len(folded))
	}
	return s
}

// has reports whether a name is in the set.
func (s nameSet) has(name string) bool {
	if len(s.names) == 0 {
		return false
	}
	var buffer [64]byte
	return s.names[string(appendFolded(buffer[:0], name))]
}

// endsName reports whether the last words of a name are one of the set: user[iban] ends with iban. Digits
// at the end don't count.
func (s nameSet) endsName(name string) bool {
	if len(s.names) == 0 {
		return false
	}
	name = strings.TrimRight(name, "0123456789")
	const punctuation = 2 // times as long may a name be as its folded form
	for start := len(name) - 1; start >= max(0, len(name)-punctuation*s.longest); start-- {
		if beginsWord(name, start) && s.has(name[start:]) {
			return true
		}
	}
	return false
}
