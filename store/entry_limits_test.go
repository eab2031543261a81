package store

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/store/internal/mask"
)

func TestBoundCutsAndFlags(t *testing.T) {
	long := strings.Repeat("é", MaxString)
	extra := make(map[string]string)
	for i := range MaxExtra + 4 {
		extra[fmt.Sprintf("k%02d", i)] = long
	}
	address := "/" + strings.Repeat("word/", 2000)
	e := Entry{
		Method: long, Route: long, RequestID: long, Page: long, Kind: Kind(long), Extra: extra,
		Path: address, From: address, Location: address, Problem: address, Actor: long, Ended: End(long),
	}
	e.bound()
	for name, s := range map[string]string{"method": e.Method, "route": e.Route, "request id": e.RequestID, "page": e.Page, "extra": e.Extra["k00"]} {
		if len(s) != MaxString || !utf8.ValidString(s) {
			t.Errorf("%s has %d bytes, valid UTF-8: %v", name, len(s), utf8.ValidString(s))
		}
	}
	if len(e.Path) > maxRawPath || len(e.Extra) != MaxExtra || !e.Truncated {
		t.Errorf("path of %d bytes, %d extras, truncated %v", len(e.Path), len(e.Extra), e.Truncated)
	}
	if len(e.Problem) > maxRawLink || len(e.Actor) != MaxString || e.Ended != EndOrdinary {
		t.Errorf("problem %d bytes, actor %d bytes, ended %q", len(e.Problem), len(e.Actor), e.Ended)
	}
	if len(e.From) > maxRawLink || len(e.Location) > maxRawLink || e.Kind != KindUnknown {
		t.Errorf("from %d bytes to %d bytes, kind %q", len(e.From), len(e.Location), e.Kind)
	}
	if e.mask(mask.New(nil, nil)); len(e.Path) > MaxPath || len(e.From) > MaxLink || len(e.Location) > MaxLink || len(e.Problem) > MaxLink {
		t.Errorf("masked: path of %d bytes, from %d to %d bytes", len(e.Path), len(e.From), len(e.Location))
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
	const b64 = "q8Zt3VfKx1Lm9YpR2sWd7Hc5"
	path := "/" + strings.Repeat("word/", 810) + "?token=" + strings.Repeat("a", 10) + b64
	for n := len(path) - len(b64); n < len(path); n++ {
		if got := mask.New(nil, nil).Path(cutPath(path, n)); strings.Contains(got, b64[:4]) {
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
	e := Entry{
		ID: worst, Username: "ada", Method: "GET", Route: worst, RequestID: worst, Path: "/" + strings.Repeat("\x01", MaxPath-1), Extra: extra,
		Page: worst, From: worst, Location: worst, Actor: worst, Problem: worst, Ended: EndTimedOut,
	}
	line := e.appendLine([]byte("before"))[len("before"):]
	if len(line) > MaxEntryBytes || !e.Truncated {
		t.Fatalf("%d bytes, truncated %v", len(line), e.Truncated)
	}
	if back, err := decodeLine("ada", string(line)); err != nil || !back.Truncated || !back.Failed() || back.Problem == "" || back.Actor != worst {
		t.Fatalf("%v in %s", err, line)
	}
}

// What others have written is not within our limits. It is cut when it is read, so that no page is slow because of it.
func TestWhatOthersWriteIsCut(t *testing.T) {
	long := strings.Repeat("x", 9_000)
	line := fmt.Sprintf(`{"id":%[1]q,"actor":%[1]q,"method":"GET","path":"/%[1]s/","code":200,"route":%[1]q,"client":%[1]q,"problem":%[1]q,"visit":"a secret of somebody","extra":{"a":"b"}}`, long)
	e, err := decodeLine("ada", line)
	if size := e.size(); err != nil || !e.Truncated || size > maxRawPath+maxRawLink+8*MaxString || e.Visit != "" || e.Extra["a"] != "b" {
		t.Errorf("%d bytes are read: %v", size, err)
	}
	if _, err := decodeLine("ada", `{"method":"GET","path":"/`+strings.Repeat("x", maxRead)+`","code":200}`); err == nil {
		t.Error("a line without an end is read")
	}
}

func TestLinksSurviveWhatMattersLess(t *testing.T) {
	link := "/" + strings.Repeat("x", MaxLink-1)
	e := Entry{
		Username: "ada", Method: "GET", Path: "/" + strings.Repeat("x", MaxPath-1), From: link, Location: link,
		Page: "Order details", Extra: map[string]string{"a": strings.Repeat("x", MaxEntryBytes)},
	}
	line := e.appendLine(nil)
	back, err := decodeLine("ada", string(line))
	if err != nil || len(line) > MaxEntryBytes || back.From != link || back.Location != link || back.Page != "Order details" {
		t.Errorf("%d bytes, read as %+v: %v", len(line), back, err)
	}
}

func TestEveryAddressIsMasked(t *testing.T) {
	e := Entry{Path: "/a?token=1", From: "/b?token=1", Location: "/c?token=1", Problem: "no answer from /d?token=1"}
	if e.mask(mask.New(nil, nil)); e.Path != "/a?token=***" || e.From != "/b?token=***" || e.Location != "/c?token=***" || e.Problem != "no answer from /d?token=***" {
		t.Errorf("masked: %+v", e)
	}
	e = Entry{Path: "/a?q=" + strings.Repeat("word ", 1000) + "&token=hunter2", Problem: `parsing "hunter2": not a number` + strings.Repeat(" 12345", 100_000)}
	e.bound()
	if e.mask(mask.New(nil, nil)); !strings.HasPrefix(e.Problem, `parsing "***": not a number *** `) || strings.Contains(e.Problem, "12345") {
		t.Errorf("behind an address that is too long: %s", e.Problem)
	}
	e = Entry{Path: "/a?token=hunter2", From: "/reset/hunter3", Problem: "neither hunter2 nor hunter3 is known"}
	if e.mask(mask.New(nil, nil)); e.Problem != "neither *** nor *** is known" {
		t.Errorf("masked as %+v", e)
	}
}
