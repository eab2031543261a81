package mask

import "strings"

// hasNamedSecret reports whether a text has a secret in it together with its name: the address in
// next=/reset?token=..., the JSON in data={"pin":1}, the argument in me(code:"1"), the search for password:x. The scan
// takes every text for a row of words and separators, however they are nested.
func (w *walk) hasNamedSecret(text string) bool {
	w.work += len(text)
	t := textScan{walk: w, text: text}
	start := 0
	for i := 0; i < len(text); i++ {
		kind := separators[text[i]]
		if kind == none {
			continue
		}
		if i > start && t.word(start, i) || t.separator(kind, text[i]) || t.exhausted() {
			return true
		}
		start = i + 1
	}
	return start < len(text) && t.word(start, len(text))
}

// separator is the class of a character between words.
type separator uint8

const (
	none       separator = iota
	blank                // may stand around = and :
	quote                // likewise
	slashes              // stands behind a segment
	names                // stands behind a name
	closesTag            // does in XML
	opens                // may stand before a value
	ends                 // stands behind a value, which may be empty
	separates            // any other
	parameters           // ends, and begins parameters of a segment
)

var separators = func() (table [256]separator) {
	for class, marks := range map[separator]string{
		blank: " +\t\r\n\\", quote: "\"'`", slashes: "/", names: "=:", closesTag: ">", opens: "{(<", ends: ",&})", separates: "?#|~", parameters: ";",
	} {
		for _, mark := range []byte(marks) {
			table[mark] = class
		}
	}
	return table
}()

// expectation says which word, if it comes next, tells a secret.
type expectation uint8

const (
	nothing     expectation = iota
	anyWord                 // password=
	noWords                 // reset=, and what comes does not read like words
	noColumn                // code:, likewise, or in quotes. It may be the name of a column: sort=code:asc
	nameInPair              // {"name":
	valueInPair             // {"value":
)

// textScan is what is known of a text at one place.
type textScan struct {
	*walk
	text string

	start, end int  // the word before, as long as it can be a name
	adjacent   bool // nothing stands behind that word yet
	quoted     bool // it stands in quotes
	tag        bool // it stands behind a <
	opening    byte // the separator before the next word

	expect expectation // of the value
	quotes int         // that the value has so far

	secretInPair, valueInPair bool // {"name":"password"} and {"value":"x"} have been seen

	nested, first, tuple bool // in [[, behind a [, and at the first word behind it: [["password","x"]]

	path pathInText
}

// pathInText is where in a path a place of a text is. The zero value is outside of one.
type pathInText struct {
	announced   meaning // by the segments before
	inSegment   bool    // the next word is a segment, or a parameter of one
	inParameter bool    // it is a parameter
}

// word reports whether a word is a secret where it stands.
func (t *textScan) word(start, end int) bool {
	word := t.text[start:end]
	if word[0] == '[' && strings.Trim(word, "[") == "" {
		t.nested = t.nested || t.first || len(word) > 1
		t.first = true
		return false
	}
	if t.expect != nothing && t.fulfils(word) {
		return true
	}
	if t.path.announced != harmless && t.path.inSegment && t.hides(t.path.announced, word) {
		return true
	}
	t.start, t.end, t.adjacent, t.quoted = start, end, true, false
	t.tag, t.tuple = t.opening == '<', t.nested && t.first
	t.first, t.path.inSegment = false, false
	return false
}

// fulfils reports whether a word is the secret that is expected, and expects nothing from then on.
func (t *textScan) fulfils(word string) bool {
	expect := t.expect
	t.expect = nothing
	switch expect {
	case anyWord:
		return true
	case noWords, noColumn:
		t.work += len(word)
		return !isWords(word)
	case nameInPair:
		t.secretInPair = t.secretInPair || t.namesValue(word)
	case valueInPair:
		t.valueInPair = true
	}
	return t.secretInPair && t.valueInPair
}

// separator reports whether a separator tells a secret: a password may begin with one.
func (t *textScan) separator(kind separator, c byte) bool {
	adjacent := t.adjacent
	t.adjacent, t.opening = false, c
	switch kind {
	case slashes:
		t.endSegment(adjacent, false)
		t.end = t.start
		return false
	case parameters:
		t.endSegment(adjacent, true)
		return t.endValue(c)
	case names:
		if !t.path.inParameter {
			t.path = pathInText{}
		}
		t.named(c)
		return false
	}
	t.path = pathInText{}
	switch kind {
	case quote:
		t.quotes++
		t.quoted = true
		if t.expect == noColumn {
			t.expect = anyWord
		}
	case closesTag:
		if t.tag && adjacent {
			t.named(c)
		}
	case ends:
		return t.endValue(c)
	case opens:
		t.end = t.start
		return t.expect == anyWord && t.quotes == 1
	case separates:
		t.end = t.start
		return t.expect == anyWord
	}
	return false
}

// named sets what is expected of the value behind a name.
func (t *textScan) named(c byte) {
	name := t.text[t.start:t.end]
	if name == "" {
		return
	}
	r := t.read(name)
	found := t.meaning(name, &r)
	switch {
	case c == '=' && t.restricted:
		if !t.allow.has(name) {
			t.expect = anyWord
		}
	case found == common && c == ':' && !t.quoted:
		t.expect = noColumn
	case found == announcing:
		t.expect = noWords
	case found != harmless:
		t.expect = anyWord
	case r.last&nameMember != 0:
		t.expect = nameInPair
	case r.last&valueMember != 0:
		t.expect = valueInPair
	}
	t.end, t.quotes = t.start, 0
}

// endValue ends a value, which may be empty unless the separator is in its quotes. In [["password","x"]], it ends a name.
func (t *textScan) endValue(c byte) bool {
	if t.tuple && t.quoted && c == ',' {
		t.named(c)
		return false
	}
	secret := t.expect == anyWord && t.quotes == 1
	t.end, t.expect = t.start, nothing
	return secret
}

// endSegment keeps what a path in the text announces, at the end of a segment or of one of its parameters.
func (t *textScan) endSegment(adjacent, parameterFollows bool) {
	if adjacent && !t.path.inParameter {
		segment := t.text[t.start:t.end]
		r := t.readSegment(segment)
		t.path.announced = t.announces(t.path.announced, segment, &r, false)
	}
	t.path.inSegment, t.path.inParameter = true, parameterFollows
}
