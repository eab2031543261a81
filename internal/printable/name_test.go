package printable_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/printable"
)

func TestNamesThatLookAlike(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, shown, taken string }{
		{"ada", "ada", ""},
		{"ada lovelace", "ada lovelace", ""},
		{"josé", "josé", ""},
		{"Łukasz", "Łukasz", ""},
		{"ışık", "ışık", ""},
		{"Мария", "Мария", ""},
		{"Ωρίων", "Ωρίων", ""},
		{"王小明 2", "王小明 2", ""},
		{"ada🙂", "ada🙂", ""},
		{"می\u200cخو", "می\u200cخو", ""},
		{"و\u200cخ", "و[U+200C]خ", "وخ"}, // these do not join anyway
		{"क्\u200dष", "क्\u200dष", ""},
		{"👩\u200d💻", "👩\u200d💻", ""},
		{"a\u200dda", "a[U+200D]da", "ada"},
		{"ada\u200c", "ada[U+200C]", "ada"},
		{"ada\u200b", "ada[U+200B]", "ada"},
		{"a\u00adda", "a[U+00AD]da", "ada"},
		{"\u2066ada\u2069", "[U+2066]ada[U+2069]", "ada"},
		{"ad\u034fa", "ad[U+034F]a", "ada"},
		{"ada\u3164", "ada[U+3164]", "ada"},
		{"ada\ufe0f", "ada[U+FE0F]", "ada"},
		{"ada\U000e0061", "ada[U+E0061]", "ada"},
		{"ada\u2800", "ada[U+2800]", "ada"},
		{"ada ", "ada[U+0020]", "ada"},
		{" ada", "[U+0020]ada", "ada"},
		{"ada  l", "ada [U+0020]l", "ada l"},
		{"ada\u00a0l", "ada[U+00A0]l", "ada l"},
		{"ada\xff", "ada[U+FFFD]", "ada"},
		{"\u200b", "[U+200B]", ""},
		{"аda", "аda", "ada"}, // the first letter is Cyrillic, and so on
		{"аԁа", "аԁа", "ada"},
		{"сора", "сора", "copa"},
		{"Mария", "Mария", "Мария"}, // the first one is Latin
		{"Νikos", "Νikos", "Nikos"},
		{"ＡＤＡ", "ＡＤＡ", "ADA"},
		{"𝒶da", "𝒶da", "ada"},
		{"jose\u0301", "jose\u0301", "josé"},
		{"ɑdɑ", "ɑdɑ", "ada"},
		{"ꓮDA", "ꓮDA", "ADA"},
	} {
		if got := printable.Name(test.name); got != test.shown {
			t.Errorf("%q is shown as %s, want %s", test.name, got, test.shown)
		}
		if other, found := printable.Lookalike(test.name); other != test.taken || found != (test.taken != "") {
			t.Errorf("%q is taken for %q (%v), want %q", test.name, other, found, test.taken)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, name := range []string{"ada", "ada\u200b", " a  b ", "\xff", "аda", "\u2800", "jose\u0301"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if shown := printable.Name(name); strings.ContainsFunc(shown, func(c rune) bool { return printable.IsHidden(c) && c != '\u200c' && c != '\u200d' }) || strings.TrimSpace(shown) != shown || strings.Contains(shown, "  ") {
			t.Errorf("%q is shown as %q", name, shown)
		}
		if other, found := printable.Lookalike(name); found && (other == name || other == "") {
			t.Errorf("%q is taken for %q", name, other)
		}
	})
}
