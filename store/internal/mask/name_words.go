package mask

import "unicode/utf8"

// nameWords is what the words of a name say. Words end at punctuation and at the humps of camelCase.
type nameWords struct {
	words   int32
	last    senses // of the last word
	telling senses // of the last word that says something
	before  senses // of the word before that one
	end     int32  // where the telling word ends
	any     senses // of all words together

	parts    senses // of what [secretParts] has found in the name
	partWord int32  // the number of the word in which the last of these ends
}

const longName = 16 // bytes, as which a name costs twice as much

// read reads a name in one pass. That costs more than to pass over a text: see [walk.exhausted].
func (w *walk) read(name string) nameWords {
	w.work += 3 * len(name)
	if isNumber(name) {
		return nameWords{words: 1, last: neutral, telling: neutral, any: neutral, end: int32(len(name))}
	}
	w.reads += 1 + len(name)/longName
	r := nameReader{part: beginning}
	var before uint8
	for i := 0; i < len(name); {
		c, size := name[i], 1
		kind := class(c)
		switch {
		case c >= utf8.RuneSelf:
			size = r.addRune(name[i:])
		case kind == other:
			r.endWord(i)
		default:
			if kind == upper && before == lower {
				r.endWord(i)
			}
			r.add(c, kind == digit)
		}
		before = kind
		i += size
	}
	r.endWord(len(name))
	return r.nameWords
}

// isNumber reports whether a name has digits only.
func isNumber(name string) bool {
	for i := range len(name) {
		if class(name[i]) != digit {
			return false
		}
	}
	return true
}

// nameReader looks the words of a name up while it reads.
type nameReader struct {
	nameWords
	part uint16 // the state of secretParts

	inWord   bool
	word     uint16 // the state of words
	compound uint16 // likewise, behind a holder
	digits   bool   // the word ends with digits
	letters  senses // of the word before these digits
}

// addRune adds a character that is not ASCII, and returns how many bytes it has.
func (r *nameReader) addRune(s string) (size int) {
	letter, size := utf8.DecodeRuneInString(s)
	folded := foldRune(letter)
	if letter == utf8.RuneError || folded == 0 {
		return size
	}
	encoded := s[:size]
	if folded != letter {
		encoded = string(folded)
	}
	for i := range len(encoded) {
		r.add(encoded[i], false)
	}
	return size
}

// add adds a byte of a letter, or a digit.
func (r *nameReader) add(c byte, isDigit bool) {
	if !r.inWord {
		r.inWord, r.word, r.compound, r.digits, r.letters = true, beginning, dead, false, 0
	}
	if isDigit && !r.digits {
		r.letters = r.senses()
	}
	r.digits = isDigit
	r.part = secretParts.step(r.part, c)
	if r.compound != dead {
		r.compound = words.step(r.compound, c)
	}
	if r.word != dead {
		r.word = words.step(r.word, c)
		if words.senses[r.word]&holder != 0 {
			r.compound = beginning
		}
	}
	if found := secretParts.senses[r.part]; found != 0 {
		r.parts |= found
		r.partWord = r.words + 1
	}
}

// senses returns those of the word as far as it has been read: its own, or of a compound such as authcode.
func (r *nameReader) senses() senses {
	switch own := words.senses[r.word]; {
	case own != 0:
		return own
	case words.senses[r.compound]&compoundEnd != 0:
		return secretWord
	case r.word == beginning:
		return neutral // what follows is a number
	}
	return 0
}

// endWord ends the word before place i, if there is one.
func (r *nameReader) endWord(i int) {
	if !r.inWord {
		return
	}
	s := r.senses()
	if s == 0 && r.digits {
		s = r.letters // the number at the end does not count: otp1
	}
	if r.words == 0 || s&neutral == 0 {
		r.telling, r.before, r.end = s, r.last, int32(i)
	}
	r.inWord = false
	r.words++
	r.last = s
	r.any |= s
}

// meaning returns what a name says of a value.
func (r *nameWords) meaning() meaning {
	if r.any|r.parts == 0 {
		return harmless
	}
	return max(r.ownMeaning(), r.parts.meaning())
}

// ownMeaning is that of the telling word, where it stands.
func (r *nameWords) ownMeaning() meaning {
	found := r.telling.meaning()
	switch {
	case found != common:
		return found
	case r.before&modest != 0:
		return harmless // zip_code
	case r.before&holder != 0 && r.telling&compoundEnd != 0:
		return secret // auth_code
	}
	return common
}

// segmentMeaning returns what a segment of a path says of the next one. A secret's word may stand anywhere in it, unless
// the segment has so many words that it is a title.
func (r *nameWords) segmentMeaning() meaning {
	const longestName = 4 // words
	if r.any|r.parts == 0 || r.words > longestName {
		return harmless
	}
	found := (r.any &^ commonWord).meaning()
	if own := r.ownMeaning(); own != common || r.words <= 2 {
		found = max(found, own)
	}
	if r.partWord >= r.words-1 {
		found = max(found, r.parts.meaning())
	}
	return found
}
