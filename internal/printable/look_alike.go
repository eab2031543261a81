package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// alike are letters of other scripts, each before the Latin letter that it is taken for, after Unicode's confusables (UTS 39). Those
// that only resemble each other are left out.
const alike = "аaеeоoрpсcуyхxіiјjѕsԁdһhԛqԝwѵvӏlАAВBЕEКKМMНHОOРPСCТTУYХXІIЈJЅSԚQԜWԌGѴVҮYҺhӀI" + // Cyrillic
	"οoαaνvιiρpϲcϳjΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXϹCͿJ" + // Greek
	"օoսuհhցgոnՕOՍUԼL" + // Armenian
	"ɑaɡgƖIǀl" + // Latin
	"ᎪAᏴBᏟCᎠDᎬEᎻHᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏙVᎳWᏃZ" + // Cherokee
	"ꓮAꓐBꓚCꓓDꓰEꓝFꓖGꓧHꓲIꓙJꓗKꓡLꓟMꓠNꓳOꓑPꓣRꓢSꓔTꓴUꓦVꓪWꓫXꓬYꓜZ" // Lisu

// scripts are those whose letters are told apart, the one that most names are written in first.
var scripts = [...]*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek}

// Lookalike returns the name that a reader takes this one for, where that is another name: without what can't be seen, and with
// the letters that the others seem to be of one alphabet with. Where all letters of a name look Latin, it is taken for a Latin one.
// An answer says nothing of whether there is a user of the other name.
func Lookalike(username string) (other string, found bool) {
	if isPlain(username) && !hides(username) {
		return "", false
	}
	var seen strings.Builder
	for i, c := range username {
		switch {
		case !isHiddenAt(username, i, c):
			seen.WriteRune(c)
		case unicode.IsSpace(c):
			seen.WriteByte(' ')
		}
	}
	other = ofOneScript(norm.NFKC.String(strings.Join(strings.Fields(seen.String()), " ")))
	if other == username {
		return "", false
	}
	return other, other != ""
}

// ofOneScript writes a name with letters of one script, where those that it has of others look like them. Other names stay as they are.
func ofOneScript(name string) string {
	for _, script := range scripts {
		if other, all := inScript(name, script); all {
			return other
		}
	}
	return name
}

// inScript replaces the letters that look like one of a script, and reports whether then all are of it.
func inScript(name string, script *unicode.RangeTable) (other string, all bool) {
	var b strings.Builder
	for _, c := range name {
		switch like := alikeIn(c, script); {
		case like != 0:
			c = like
		case unicode.IsLetter(c) && !unicode.Is(script, c):
			return "", false
		}
		b.WriteRune(c)
	}
	return b.String(), true
}

// alikeIn returns the letter of a script that looks like another one, or 0.
func alikeIn(c rune, script *unicode.RangeTable) rune {
	if c < utf8.RuneSelf == (script == unicode.Latin) {
		return 0
	}
	var other rune
	for _, letter := range alike {
		switch isLatin := letter < utf8.RuneSelf; {
		case !isLatin:
			other = letter
		case script == unicode.Latin && c == other:
			return letter
		case script != unicode.Latin && c == letter && unicode.Is(script, other):
			return other
		}
	}
	return 0
}
