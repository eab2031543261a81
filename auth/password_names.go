package auth

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minBesideNames is how many characters of a password there must be beside names, at least.
const minBesideNames = 8

// minNamePart is how long a part of a name is at least, in characters, so that a password is compared with it.
const minNamePart = 3

// maxHost is how long the name of a host can be, in bytes.
const maxHost = 253

// programWords are what this program calls itself, and what it calls those who log in.
func programWords() []string { return []string{"userlog", "admin", "superuser", "viewer"} }

// fillers are what people put beside a name to make a password of it.
func fillers() []string { return []string{"password", "secret", "welcome", "login"} }

// SiteNames returns what a site is called, of addresses such as https://shop.example.com and of hosts with or without a port.
// [CheckPassword] takes them. An address that can't be read gives no name.
func SiteNames(addresses ...string) []string {
	var names []string
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			address = u.Host
		}
		if host, _, err := net.SplitHostPort(address); err == nil {
			address = host
		}
		if net.ParseIP(strings.Trim(address, "[]")) == nil && address != "" && len(address) <= maxHost {
			names = append(names, address)
		}
	}
	return names
}

// madeOfNames reports whether a password says little besides names, forwards or backwards, in whatever case, and with digits and signs for
// letters: for the account alice, Al1ce-userlog-2026 does.
func madeOfNames(password string, names []string) bool {
	original := []rune(norm.NFKC.String(password))
	folded := foldLetters(original)
	named := make([]bool, len(folded))
	for _, part := range partsOf(append(programWords(), names...)) {
		if len(part) >= len(folded) && strings.Contains(string(part), string(folded)) {
			return true
		}
		markAll(named, folded, part)
		slices.Reverse(part)
		markAll(named, folded, part)
	}
	if !slices.Contains(named, true) {
		return false
	}
	for _, part := range partsOf(fillers()) {
		markAll(named, folded, part)
	}
	return charactersBeside(original, named) < minBesideNames
}

// partsOf returns each name, without what is neither letter nor digit, and the parts between that, folded.
func partsOf(names []string) [][]rune {
	var parts [][]rune
	for _, name := range names {
		fields := strings.FieldsFunc(norm.NFKC.String(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		for _, part := range append(fields, strings.Join(fields, "")) {
			if utf8.RuneCountInString(part) >= minNamePart || len(fields) == 1 && utf8.RuneCountInString(part) > 1 {
				parts = append(parts, foldLetters([]rune(part)))
			}
		}
	}
	return parts
}

// foldLetters returns the letters that characters stand for, one for each: in lower case, and of digits and signs those
// that they look like.
func foldLetters(text []rune) []rune {
	alike := map[rune]rune{
		'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '@': 'a', '$': 's', '!': 'i', '|': 'i', '+': 't', 'l': 'i',
	}
	folded := make([]rune, len(text))
	for i, r := range text {
		folded[i] = unicode.ToLower(r)
		if letter, ok := alike[folded[i]]; ok {
			folded[i] = letter
		}
	}
	return folded
}

// markAll marks where a part occurs in a text. Signs between its characters that are neither letter nor digit make no difference.
func markAll(marked []bool, text, part []rune) {
	for begin := range text {
		end, matched := begin, 0
		for ; end < len(text) && matched < len(part); end++ {
			switch {
			case text[end] == part[matched]:
				matched++
			case matched == 0 || unicode.IsLetter(text[end]) || unicode.IsNumber(text[end]):
				matched = len(part) + 1
			}
		}
		if matched == len(part) {
			for i := begin; i < end; i++ {
				marked[i] = true
			}
		}
	}
}

// charactersBeside counts letters and digits that are not marked. A row of one character, or of characters that follow each other
// as in 1234, counts as one.
func charactersBeside(text []rune, marked []bool) int {
	const unknown = 2
	count := 0
	var previous, step rune = 0, unknown // of the row that goes on
	for i, r := range text {
		if marked[i] || !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			if marked[i] {
				previous = 0
			}
			continue
		}
		next := r - previous
		if previous != 0 && next >= -1 && next <= 1 && (step == unknown || next == step) {
			step = next
		} else {
			count, step = count+1, unknown
		}
		previous = r
	}
	return count
}
