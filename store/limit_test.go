package store

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBoundCutsAndFlags(t *testing.T) {
	long := strings.Repeat("é", MaxString)
	extra := make(map[string]string)
	for i := range MaxExtra + 4 {
		extra[fmt.Sprintf("k%02d", i)] = long
	}
	e := Entry{Method: long, Route: long, RequestID: long, Extra: extra, Path: "/" + strings.Repeat("word/", 2000)}
	e.bound()
	for name, s := range map[string]string{"method": e.Method, "route": e.Route, "request id": e.RequestID, "extra": e.Extra["k00"]} {
		if len(s) != MaxString || !utf8.ValidString(s) {
			t.Errorf("%s has %d bytes, valid UTF-8: %v", name, len(s), utf8.ValidString(s))
		}
	}
	if len(e.Path) > maxRawPath || len(e.Extra) != MaxExtra || !e.Truncated {
		t.Errorf("path of %d bytes, %d extras, truncated %v", len(e.Path), len(e.Extra), e.Truncated)
	}
	short := Entry{Method: "GET", Path: "/", Extra: map[string]string{"a": "b"}}
	given := short.Extra
	short.bound()
	given["a"] = "changed later"
	if short.Truncated || short.Extra["a"] != "b" {
		t.Errorf("a short entry: truncated %v, extra %v", short.Truncated, short.Extra)
	}
}

func TestCutPathLeavesNoPartOfASecret(t *testing.T) {
	path := "/" + strings.Repeat("word/", 810) + "?token=" + strings.Repeat("a", 10) + b64
	for n := len(path) - len(b64); n < len(path); n++ {
		if got := newMasker(nil, nil).path(cutPath(path, n)); strings.Contains(got, b64[:4]) {
			t.Fatalf("cut at %d: %s", n, got[len(got)-40:])
		}
	}
}

func TestLineFitsTheLimit(t *testing.T) {
	worst := strings.Repeat("\x01", MaxString) // six bytes each in JSON
	extra := make(map[string]string)
	for i := range MaxExtra {
		extra[fmt.Sprintf("%02d%s", i, worst[2:])] = worst
	}
	e := Entry{ID: worst, Username: "ada", Method: "GET", Route: worst, RequestID: worst, Path: "/" + strings.Repeat("\x01", MaxPath-1), Extra: extra}
	line := e.appendLine([]byte("before"))[len("before"):]
	if len(line) > MaxEntryBytes || !e.Truncated {
		t.Fatalf("%d bytes, truncated %v", len(line), e.Truncated)
	}
	if back, err := decodeLine("ada", string(line)); err != nil || !back.Truncated {
		t.Fatalf("%v in %s", err, line)
	}
}
