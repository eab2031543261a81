package printable

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// IsHidden reports whether a reader would not see the character, or would take it for another: what is not printable, and what is
// drawn as nothing although Unicode calls it a letter or a mark.
func IsHidden(c rune) bool {
	return !unicode.IsPrint(c) || c == utf8.RuneError || c == blankBraille ||
		unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

const blankBraille = '\u2800'

// Name is a username as a part of a sentence. A character that can't be seen stands as its number, such as "ada[U+200B]": also spaces at
// either end, and all but the first of several.
func Name(username string) string {
	if !hides(username) {
		return username
	}
	var b strings.Builder
	for part, hidden := range Parts(username) {
		if hidden {
			part = "[" + part + "]"
		}
		b.WriteString(part)
	}
	return b.String()
}

// Parts yields a username in parts: text that is seen as it is, and the numbers of characters that are hidden, such as "U+200B".
func Parts(username string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		seen := 0
		for i, c := range username {
			if !isHiddenAt(username, i, c) {
				continue
			}
			if i > seen && !yield(username[seen:i], false) || !yield(fmt.Sprintf("U+%04X", c), true) {
				return
			}
			_, size := utf8.DecodeRuneInString(username[i:])
			seen = i + size
		}
		if seen < len(username) {
			yield(username[seen:], false)
		}
	}
}

// hides reports whether a name has characters that can't be seen.
func hides(username string) bool {
	for i, c := range username {
		if isHiddenAt(username, i, c) {
			return true
		}
	}
	return false
}

// isHiddenAt reports whether a character is hidden, or a space that HTML leaves out. A joiner is seen by what it does to its neighbours.
func isHiddenAt(username string, at int, c rune) bool {
	switch c {
	case ' ':
		return at == 0 || at == len(username)-1 || username[at-1] == ' '
	case joiner, nonJoiner:
		before, _ := utf8.DecodeLastRuneInString(username[:at])
		after, _ := utf8.DecodeRuneInString(username[at+utf8.RuneLen(c):])
		return !joins(before, c, after)
	}
	return IsHidden(c)
}

const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
	virama    = 9 // as a combining class
)

// joins reports whether a joiner or non-joiner changes how the characters around it look, after RFC 5892, appendix A: behind a virama,
// and between letters that would join. Emoji are joined, too.
func joins(before, c, after rune) bool {
	switch {
	case norm.NFC.PropertiesString(string(before)).CCC() == virama:
		return true
	case c == joiner:
		return unicode.Is(unicode.So, after) && unicode.In(before, unicode.So, unicode.Sk, unicode.Variation_Selector)
	}
	return unicode.Is(unicode.Arabic, after) && unicode.IsLetter(after) && unicode.Is(unicode.Arabic, before) && !strings.ContainsRune(endsJoining, before)
}

// endsJoining are the Arabic letters that never join the next one.
const endsJoining = "ءآأؤإاةدذرزوىٱٲٳٵٶٷڈډڊڋڌڍڎڏڐڑڒړڔڕږڗژڙۀۃۄۅۆۇۈۉۊۋۍەۮۯ"
