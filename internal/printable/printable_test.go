package printable_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/gin-userlog/userlog/internal/printable"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/plain": "/plain", "é🙂": "é🙂", "a\x1b[2Jb": `a\x1b[2Jb`, "a\u009bb": `a\u009bb`, "a\u202eb": `a\u202eb`, "a\xffb": `a\xffb`, "a\u200bb": `a\u200bb`,
	} {
		if got := printable.Text(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, text := range []string{"/plain", "é🙂", "\x1b[2J", "\u009b2J", "\u202e\u2066", "\U000e0001", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got := printable.JSON(line)
		if strings.ContainsFunc(string(got), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is shown as %q", text, got)
		}
		var before, after string
		if json.Unmarshal(line, &before) != nil || json.Unmarshal(got, &after) != nil || before != after {
			t.Errorf("%q means %q, and %q meant %q", got, after, line, before)
		}
	})
}
