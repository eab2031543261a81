package store

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// spellings are the usernames that may be meant by what somebody typed or pasted, the likeliest first. The first is what was
// typed, as it is: every printable name can be a username. None is empty.
func spellings(typed string) []string {
	var all []string
	known := make(map[string]bool)
	add := func(name string) {
		for _, form := range []string{name, strings.ReplaceAll(name, " ", "+")} { // in an address, a + stands for a space
			if form != "" && !known[form] {
				known[form] = true
				all = append(all, form)
			}
		}
	}
	if typed != "" {
		known[typed] = true
		all = append(all, typed)
	}
	tidied := tidy(typed)
	add(tidied)
	add(strings.ReplaceAll(norm.NFC.String(typed), "\u00a0", " "))
	add(norm.NFC.String(tidied))
	add(norm.NFD.String(tidied))
	add(norm.NFC.String(peel(tidied)))
	return all
}

// searched is the text that names are searched by, for what was typed.
func searched(typed string) string {
	if peeled := peel(tidy(typed)); peeled != "" {
		return peeled
	}
	return tidy(typed)
}

// tidy drops what can't be seen, and puts plain spaces, quotes and hyphens for others. No spaces are at its ends.
func tidy(typed string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r): // zero width, marks of direction, soft hyphens
			return -1
		case unicode.IsSpace(r), unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return plainMark(r)
	}, typed))
}

// plainMark is what keyboards have for a mark that word processors write. Another character is returned as it is.
func plainMark(r rune) rune {
	switch r {
	case '‘', '’', '‚', '‛', '′', 'ʼ', '＇':
		return '\''
	case '“', '”', '„', '‟', '«', '»', '″', '＂':
		return '"'
	case '‐', '‑', '‒', '–', '—', '−':
		return '-'
	}
	return r
}

// peel takes off what mail programs and sentences put around an address: "Ada <mailto:ada@example.com>." is ada@example.com.
func peel(name string) string {
	for {
		before := name
		name = strings.TrimSpace(strings.TrimRight(name, ".,;:!?"))
		if n := len(name); n > 1 && isPair(name[0], name[n-1]) {
			name = name[1 : n-1]
		}
		if open := strings.LastIndexByte(name, '<'); open >= 0 && strings.HasSuffix(name, ">") {
			name = name[open+1 : len(name)-1]
		}
		name = peelMailto(name)
		if name == before {
			return name
		}
	}
}

// isPair reports whether one mark begins what the other ends.
func isPair(opens, closes byte) bool {
	switch opens {
	case '"', '\'':
		return closes == opens
	case '(':
		return closes == ')'
	case '[':
		return closes == ']'
	}
	return false
}

// peelMailto takes the address out of a mailto: link.
func peelMailto(name string) string {
	const scheme = "mailto:"
	if len(name) < len(scheme) || !strings.EqualFold(name[:len(scheme)], scheme) {
		return name
	}
	address, _, _ := strings.Cut(name[len(scheme):], "?")
	if plain, err := url.PathUnescape(address); err == nil {
		return tidy(plain)
	}
	return address
}

// looseName is what names are compared by in memory: [foldName], and without what [tidy] takes away.
func looseName(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	return foldName(tidy(name))
}
