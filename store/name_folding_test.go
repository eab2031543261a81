package store

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldName(t *testing.T) {
	for folded, names := range map[string]string{
		"jose":        "José JOSÉ jose\u0301 ＪＯＳＥ jòşę",
		"strasse":     "Straße STRASSE STRAẞE",
		"lukasz":      "Łukasz ŁUKASZ lukasz",
		"soren":       "Søren SØREN",
		"aeroskobing": "Ærøskøbing",
		"istanbul":    "İstanbul ISTANBUL ıstanbul",
		"οδυσσευσ":    "Ὀδυσσεύς ΟΔΥΣΣΕΎΣ",
		"иоанн":       "Йоанн ИОАНН йоанн",
		"محمد":        "مُحَمَّد محمد",
		"שלום":        "שָׁלוֹם שלום",
		"nguyen":      "Nguyễn NGUYỄN",
		"office":      "oﬃce",
		"🙂":           "🙂",
	} {
		for name := range strings.FieldsSeq(names) {
			if got := foldName(name); got != folded {
				t.Errorf("%q is folded to %q, want %q", name, got, folded)
			}
		}
	}
}

// FuzzFoldName: what is typed on the way to a name finds it, and so does what was found.
func FuzzFoldName(f *testing.F) {
	f.Add("Nguyễn Thị", 3)
	f.Add("각", 1)
	f.Add("a\u0323\u0307", 1)
	f.Fuzz(func(t *testing.T, name string, n int) {
		runes := []rune(name)
		if !utf8.ValidString(name) || n < 0 || n > len(runes) || strings.ContainsRune(name, 0) {
			return
		}
		if folded := foldName(name); !strings.HasPrefix(folded, foldName(string(runes[:n]))) || strings.ContainsRune(folded, 0) {
			t.Errorf("%q is folded to %q, its first %d characters to %q", name, folded, n, foldName(string(runes[:n])))
		}
	})
}
