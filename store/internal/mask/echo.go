package mask

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minEcho   = 4   // bytes of what is looked for in a text; something shorter may be a word of the text
	maxValues = 64  // values of addresses that are looked for,
	maxEchoes = 256 // and spellings and parts of them
)

// Echoes masks in a text the values that [Masker.Path] masks in addresses. An application often quotes its input when it says what went
// wrong: parsing "hunter2": invalid syntax. Of a value that has more than a secret, such as JSON, the parts are masked that do not read like
// words. Addresses with more to be looked for than the limits are made to be costly, and the whole text is masked.
func (m *Masker) Echoes(text string, addresses ...string) string {
	if text == "" {
		return ""
	}
	e := echoes{looked: map[string]bool{}}
	for _, address := range addresses {
		hidden, shown, complete := m.split(address)
		if !complete || len(e.values)+len(hidden) > maxValues {
			return masked
		}
		e.shown = append(e.shown, shown)
		if len(hidden) == 0 {
			continue
		}
		isSecret := m.secretsIn(address)
		for _, value := range hidden {
			e.values = append(e.values, hiddenValue{value, isSecret(value)})
		}
	}
	for _, value := range e.values {
		if !e.add(value) {
			return masked
		}
	}
	return maskSpans(text, e.spansIn(text))
}

// split returns the stretches of an address that are masked, and the masked address. complete tells that all of it has been looked at.
func (m *Masker) split(address string) (hidden []string, shown string, complete bool) {
	w := walk{Masker: m, raw: address, collects: true}
	w.maskPath()
	w.maskQuery()
	return w.hidden, w.result(), !w.exhausted()
}

// secretsIn returns whether a value that is masked in an address is a secret. It is, unless only a list of what is kept hides it.
func (m *Masker) secretsIn(address string) (isSecret func(value string) bool) {
	if !m.restricted {
		return func(string) bool { return true }
	}
	secrets, _, _ := (&Masker{host: m.host}).split(address) // what it has not looked at is among them
	return func(value string) bool {
		return slices.ContainsFunc(secrets, func(secret string) bool {
			return strings.Contains(secret, value)
		})
	}
}

// echoes are what is looked for in a text.
type echoes struct {
	shown  []string // the addresses as they are recorded
	values []hiddenValue
	words  []string
	looked map[string]bool // words, and what is none since an address shows it
}

// hiddenValue is a value that is masked in an address.
type hiddenValue struct {
	text   string
	secret bool // else it may be an ordinary word
}

// add adds the spellings and the parts of a value. It returns false where there are too many.
func (e *echoes) add(value hiddenValue) bool {
	for _, spelling := range spellings(value.text) {
		if value.secret {
			quoted := strconv.Quote(spelling) // as %q writes it
			e.look(spelling, true)
			e.look(quoted[1:len(quoted)-1], true)
		}
		eachStrange(spelling, func(start, end int) {
			part := spelling[start:end]
			name := strings.HasPrefix(spelling[end:], `":`) // of a member of JSON
			if len(e.looked) <= maxEchoes && !name {
				e.look(part, !slices.ContainsFunc(e.shown, func(address string) bool { return indexWord(address, part, 0) >= 0 }))
			}
		})
		if len(e.looked) > maxEchoes {
			return false
		}
	}
	return true
}

// look notes a word that is long enough. hidden tells that it is looked for.
func (e *echoes) look(word string, hidden bool) {
	if len(word) < minEcho || e.looked[word] {
		return
	}
	e.looked[word] = hidden
	if hidden {
		e.words = append(e.words, word)
	}
}

// spansIn are the places of the words in a text. They may overlap.
func (e *echoes) spansIn(text string) (spans []span) {
	for _, word := range e.words {
		for start := indexWord(text, word, 0); start >= 0; start = indexWord(text, word, start+len(word)) {
			spans = append(spans, span{start, start + len(word)})
		}
	}
	return spans
}

// spellings are the ways in which an application may write a value of an address. It is as it was sent, or decoded once or twice as a
// part of the path or of the query. A value that was decoded once is here without the blanks around it, too.
func spellings(value string) []string {
	all := []string{value}
	add := func(spelling string) {
		if !slices.Contains(all, spelling) {
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
	return all
}

// OnlyWords masks what does not read like words in a text. It is for a text that may quote an address of which a part is not known any
// more.
func OnlyWords(text string) string {
	var spans []span
	eachStrange(text, func(start, end int) { spans = append(spans, span{start, end}) })
	return maskSpans(text, spans)
}

// eachStrange finds the parts of a text that do not read like words. For example, that is hunter2 in {"pin":"hunter2"}.
func eachStrange(text string, found func(start, end int)) {
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && separators[text[i]] == none {
			continue
		}
		if i-start >= minEcho && !isWords(text[start:i]) {
			found(start, i)
		}
		start = i + 1
	}
}

// span is a place in a text.
type span struct{ start, end int }

// maskSpans masks places in a text, and those that overlap together.
func maskSpans(text string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var out strings.Builder
	copied := 0
	for i := 0; i < len(spans); {
		all := spans[i]
		for i++; i < len(spans) && spans[i].start < all.end; i++ {
			all.end = max(all.end, spans[i].end)
		}
		out.WriteString(text[copied:all.start])
		out.WriteString(masked)
		copied = all.end
	}
	out.WriteString(text[copied:])
	return out.String()
}

// indexWord is where a text, behind from, has a word that is no part of a longer one; -1 where it has not.
func indexWord(text, word string, from int) int {
	for {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		start, end := from+i, from+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if from = end; !continuesWord(before) && !continuesWord(after) {
			return start
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
