package command

import (
	"testing"
	"time"
	"unicode"

	"github.com/gin-userlog/userlog/store"
)

func TestLines(t *testing.T) {
	e := &store.Entry{
		Username: "a\u202eb", Method: "GET", Path: "/x", Code: 404,
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 999, time.Local).UTC(),
		Duration: 1234567 * time.Microsecond,
	}
	if got, want := textLine(e), "03:04:05  GET    /x  404  1.2346s"; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
	if got, want := everyoneLine(e), `03:04:05  a\u202eb      GET    /x  404  1.2346s`; got != want {
		t.Errorf("everyone: got %q, want %q", got, want)
	}
}

func TestVisible(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"/orders/7?q=é&x='1'", "/orders/7?q=é&x='1'"},
		{"/日本/👍", "/日本/👍"},
		{"\x1b]0;title\x07", `\x1b]0;title\a`},
		{"a\r\nb\tc\x7f", `a\r\nb\tc\x7f`},
		{"\u009b2J", `\u009b2J`},
		{"\u202egpj\u2066", `\u202egpj\u2066`},
		{"a\u00a0b\u2028", `a\u00a0b\u2028`},
		{"\xff\xfe", `\xff\xfe`},
		{"\ufffd", "\ufffd"},
	}
	for _, test := range tests {
		if got := visible(test.text); got != test.want {
			t.Errorf("visible(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("/a\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range visible(text) {
			if !unicode.IsPrint(r) {
				t.Fatalf("visible(%q) has %q", text, r)
			}
		}
	})
}
