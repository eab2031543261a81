//go:build unix

package team_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/team"
)

func TestNotesAreWhatCanBeSeen(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Card declined twice.":                   "Card declined twice.",
		"  two\t blanks \r\n\r\n\r\n and a line": "two blanks\nand a line",
		"\u202eevil\u202c \u2066x\u2069":         "evil x",
		"zero\u200bwidth\u200d":                  "zerowidth",
		"bell\a\x1b[2J\x00":                      "bell[2J",
		"می\u200cخو":                             "می\u200cخو", // changes how the letters look
		"👩\u200d💻 sees 500":                      "👩\u200d💻 sees 500",
		"<script>alert(1)</script>":              "<script>alert(1)</script>",
		"a\xffb":                                 "ab",
		"line\u2028separator":                    "line\nseparator",
		strings.Repeat("é", team.MaxNote):        strings.Repeat("é", team.MaxNote),
	} {
		if got, err := team.CheckNote(typed); err != nil || got != want {
			t.Errorf("%q is kept as %q (%v), want %q", typed, got, err, want)
		}
	}
	for typed, want := range map[string]error{
		"": team.ErrNoteEmpty, " \n\t": team.ErrNoteEmpty, "\u200b\u202e\u3164": team.ErrNoteEmpty, "\x00": team.ErrNoteEmpty,
		strings.Repeat("x", team.MaxNote+1): team.ErrNoteLong, strings.Repeat("x ", 4096): team.ErrNoteLong, strings.Repeat("\n", 8<<10): team.ErrNoteLong,
	} {
		if got, err := team.CheckNote(typed); !errors.Is(err, want) || got != "" {
			t.Errorf("%.9q: %q, %v, want %v", typed, got, err, want)
		}
	}
}

func FuzzCheckNote(f *testing.F) {
	for _, text := range []string{"a note", "\u202e\u200b", "two\nlines", "\xff", " \u00a0 "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		text, err := team.CheckNote(typed)
		if err != nil {
			return
		}
		hidden := strings.ContainsFunc(text, func(r rune) bool { return printable.IsHidden(r) && r != '\n' && r != '\u200c' && r != '\u200d' })
		if again, err := team.CheckNote(text); hidden || !utf8.ValidString(text) || err != nil || again != text {
			t.Errorf("%q is kept as %q, and that as %q (%v)", typed, text, again, err)
		}
	})
}
