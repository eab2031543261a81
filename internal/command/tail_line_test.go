package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestLines(t *testing.T) {
	t.Parallel()
	e := &store.Entry{
		Username: "a\u202eb", Method: "GET", Path: "/x", Code: 404,
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 999, time.Local).UTC(),
		Duration: 1234567 * time.Microsecond,
	}
	words, err := views.NewWords()
	if err != nil {
		t.Fatal(err)
	}
	image := *e
	image.Kind = store.KindAsset
	poll := *e
	poll.Repeats, poll.Since = 28, e.Time.Add(-27*time.Second)
	broken := *e
	broken.Code, broken.Page, broken.Duration = 500, "Pay\x1b", 0
	declined := store.Entry{Username: "ada", Method: "POST", Path: "/pay", Code: 200, Problem: "card\x1b declined", Time: e.Time}
	offAfter := store.Entry{Username: "ada", Method: "GET", Path: "/x", Code: 200, Ended: store.EndBrokeOff, Time: e.Time}
	late, left, past, acted := offAfter, offAfter, offAfter, offAfter
	late.Code, late.Ended = 0, store.EndTimedOut
	left.Code, left.Ended, left.Duration = 502, store.EndGaveUp, 400*time.Millisecond
	past.Code, past.Ended = 0, store.EndUnknown
	acted.Actor, acted.Ended = "bob\x1b", store.EndOrdinary
	for _, c := range []struct {
		what  string
		lines textLines
		e     *store.Entry
		want  string
	}{
		{"one user", textLines{words: words}, e, "03:04:05  Read (GET)      /x  Not found (404)  1.2s"},
		{"everyone", textLines{words: words, everyone: true}, e, `03:04:05  a[U+202E]b (not the name ab)  Read (GET)      /x  Not found (404)  1.2s`},
		{"in colour", textLines{words: words, colour: true}, e, "03:04:05  Read (GET)      /x  \x1b[33mNot found (404)\x1b[0m  1.2s"},
		{"broken", textLines{words: words, colour: true}, &broken, "03:04:05  Read (GET)      Pay\\x1b  /x  \x1b[31mError (500)\x1b[0m"},
		{"declined", textLines{words: words, colour: true}, &declined, "03:04:05  Write (POST)    /pay  \x1b[33mProblem: card\\x1b declined (200)\x1b[0m"},
		{"broke off", textLines{words: words, colour: true}, &offAfter, "03:04:05  Read (GET)      /x  \x1b[31mBroke off after 200\x1b[0m"},
		{"timed out", textLines{words: words, colour: true}, &late, "03:04:05  Read (GET)      /x  \x1b[31mTimed out\x1b[0m"},
		{"gave up", textLines{words: words, colour: true}, &left, "03:04:05  Read (GET)      /x  The customer gave up waiting (0.4 s)  400.0ms"},
		{"unknown", textLines{words: words, colour: true}, &past, "03:04:05  Read (GET)      /x  Status unknown"},
		{"by an agent", textLines{words: words}, &acted, "03:04:05  Read (GET)      /x  by bob[U+001B], as ada  Success (200)"},
		{"a part", textLines{words: words, colour: true}, &image, "\x1b[2m03:04:05  Read (GET)      /x  \x1b[33mNot found (404)\x1b[0m  1.2s\x1b[0m"},
		{"a poll", textLines{words: words}, &poll, "03:04:05  Read (GET)      /x  Not found (404)  × 28  1.2s"},
	} {
		if got := c.lines.line(c.e); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

// What goes to a file or a program has no colours.
func TestColoursAreForTerminals(t *testing.T) {
	t.Parallel()
	none := func(string) (string, bool) { return "", false }
	if wantsColour(&strings.Builder{}, none) {
		t.Error("a buffer is no terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if wantsColour(file, none) {
		t.Error("a file is no terminal")
	}
}

func TestTailShowsWhatThePersonDid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		command tailCommand
		e       store.Entry
		want    bool
	}{
		{"a page", tailCommand{}, store.Entry{Method: "GET", Kind: store.KindPage, Code: 200}, true},
		{"of a program", tailCommand{}, store.Entry{Method: "GET", Path: "/x", Code: 200}, true},
		{"an image", tailCommand{}, store.Entry{Method: "GET", Kind: store.KindAsset, Code: 200}, false},
		{"an image that failed", tailCommand{}, store.Entry{Method: "GET", Kind: store.KindAsset, Code: 404}, true},
		{"an image, every", tailCommand{Every: true}, store.Entry{Method: "GET", Kind: store.KindAsset, Code: 200}, true},
		{"an image, as JSON", tailCommand{JSON: true}, store.Entry{Method: "GET", Kind: store.KindAsset, Code: 200}, true},
	} {
		if got := c.command.shows(&c.e); got != c.want {
			t.Errorf("%s: %t", c.what, got)
		}
	}
}

func TestTook(t *testing.T) {
	t.Parallel()
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
}

func TestJSONLineIsHarmlessAndMeansTheSame(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
