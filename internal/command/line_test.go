package command

import (
	"encoding/json"
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
	if got, want := textLine(e), "03:04:05  GET    /x  404  1.2s"; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
	if got, want := everyoneLine(e), `03:04:05  a\u202eb      GET    /x  404  1.2s`; got != want {
		t.Errorf("everyone: got %q, want %q", got, want)
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1:                          "<0.1ms",
		99 * time.Microsecond:      "<0.1ms",
		100 * time.Microsecond:     "0.1ms",
		12 * time.Millisecond:      "12.0ms",
		999_940 * time.Microsecond: "999.9ms",
		999_960 * time.Microsecond: "1.0s",
		75 * time.Second:           "75.0s",
	} {
		if got := took(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	if got := request(&store.Entry{Method: "GET", Path: "/x", Code: 200}); got != "GET    /x  200" {
		t.Errorf("without a duration: got %q", got)
	}
}

func TestJSONLineIsHarmlessAndMeansTheSame(t *testing.T) {
	const path = "/\u009b2J\u202egpj\u00a0\u2028\U000e0001é👍日"
	line := jsonLine(&store.Entry{Username: "ada", Path: path})
	for _, r := range line {
		if !unicode.IsPrint(r) {
			t.Errorf("%q has %q", line, r)
		}
	}
	var read struct{ Path string }
	if err := json.Unmarshal([]byte(line), &read); err != nil || read.Path != path {
		t.Errorf("%s is read as %q, %v; want %q", line, read.Path, err, path)
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
