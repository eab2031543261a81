package mask

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minEcho   = 4   // bytes of what is looked for in a text; something shorter may be a word of the text
	maxEchoes = 256 // spellings and parts of values that are looked for
)

// Echoes masks in a text the values that [Masker.Path] masks in an address. An application often quotes its input when it says
// what went wrong: parsing "hunter2": invalid syntax. Where an address has more to be looked for than maxEchoes, it is made to be
// costly, and the whole text is masked.
func (m *Masker) Echoes(text, address string) string {
	if text == "" {
		return ""
	}
	hidden, complete := m.hiddenIn(address)
	secrets := hidden
	if m.restricted { // a list of what is kept hides ordinary words, too
		free := &Masker{host: m.host}
		secrets, _ = free.hiddenIn(address)
	}
	var words []string
	for _, value := range secrets {
		words = append(words, spellings(value)...)
	}
	for _, value := range hidden {
		for _, spelling := range spellings(value) {
			words = append(words, strange(spelling)...)
		}
	}
	if !complete || len(words) > maxEchoes {
		return masked
	}
	return maskWords(text, words)
}

// OnlyWords masks what does not read like words in a text. It is for a text that may quote an address of which a part is not known any
// more.
func OnlyWords(text string) string { return maskWords(text, strange(text)) }

// hiddenIn are the stretches of an address that are masked. complete tells that all of the address has been looked at.
func (m *Masker) hiddenIn(address string) (hidden []string, complete bool) {
	w := walk{Masker: m, raw: address, collects: true}
	w.maskPath()
	w.maskQuery()
	return w.hidden, !w.exhausted()
}

// spellings are the ways in which an application may write a value of an address: as it was sent, decoded as a part of the path or of the
// query, without the blanks around it, and as %q writes it.
func spellings(value string) []string {
	all := []string{value}
	add := func(spelling string) {
		if len(spelling) >= minEcho && !slices.Contains(all, spelling) {
			all = append(all, spelling)
		}
	}
	for _, decode := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		decoded, err := decode(value)
		if err != nil {
			continue
		}
		add(decoded)
		add(strings.TrimSpace(decoded))
		if again, err := decode(decoded); err == nil {
			add(again)
		}
	}
	for _, spelling := range all {
		quoted := strconv.Quote(spelling)
		add(quoted[1 : len(quoted)-1])
	}
	return all
}

// strange are the parts of a text that do not read like words. For example, that is hunter2 in {"pin":"hunter2"}.
func strange(text string) []string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r < utf8.RuneSelf && separators[r] != none })
	return slices.DeleteFunc(parts, func(part string) bool { return len(part) < minEcho || isWords(part) })
}

// maskWords masks words wherever a text has them.
func maskWords(text string, words []string) string {
	for _, word := range words {
		text = maskWord(text, word)
	}
	return text
}

// maskWord masks a word wherever a text has it, but not as a part of a longer one.
func maskWord(text, word string) string {
	if len(word) < minEcho {
		return text
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return text
		}
		start, end := from+i, from+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if from = end; !continuesWord(before) && !continuesWord(after) {
			text = text[:start] + masked + text[end:]
			from = start + len(masked)
		}
	}
}

// continuesWord reports whether a character that stands beside a word makes it a part of a longer one. Several scripts write words, or parts
// of them, without a blank beside others: hunter2 is a word of its own also in front of a particle in Korean.
func continuesWord(r rune) bool {
	joins := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
		unicode.Tibetan, unicode.Arabic, unicode.Hebrew)
	return unicode.IsDigit(r) || unicode.IsLetter(r) && !joins
}
