//go:build unix

package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// What was exported can be checked without Redis: each line has the hash of what is in front of it,
// and the hash of the line before.
func TestExportedJSONCanBeChecked(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		log := audit.New(client, keys, audit.Options{})
		for _, text := range []string{"ada", `<script>&"\`, "é🙂\u2028", "=1+1", ""} {
			put(t, log, audit.Record{Actor: text, Action: audit.View, Subject: text, Reason: text, Duration: 1234567 * time.Microsecond})
		}
		var out bytes.Buffer
		if err := audit.WriteJSON(&out, log.All(t.Context(), audit.Filter{})); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 5 {
			t.Fatalf("got %d lines:\n%s", len(lines), &out)
		}
		prev := ""
		for _, line := range lines {
			var r struct{ Prev, Hash string }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			hashed, tail, found := strings.Cut(line, `,"hash":"`)
			if !found || tail != r.Hash+`"}` || hashOf(hashed+"}") != r.Hash || r.Prev != prev {
				t.Errorf("the line can't be checked: %s", line)
			}
			prev = r.Hash
		}
	})
}

func TestExportedCSV(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	var out bytes.Buffer
	err := audit.WriteCSV(&out, sequence(
		audit.Record{Seq: 1, Time: at, Actor: "=cmd|'/c calc'!A1", Role: "+1", Action: audit.View, Subject: "@x", Address: "-1", Via: "\tx", Reason: "\rx", Detail: "a=b,\"c\"\nd", Hash: "h1"},
		audit.Record{Seq: 2, Time: at, Actor: "é", Action: audit.ViewEnded, Duration: 61500 * time.Millisecond, Began: 1, Hash: "h2", Ring: audit.Attempts},
	))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"seq", "time", "actor", "role", "action", "subject", "address", "via", "reason", "duration", "began", "detail", "hash", "ring", "actor-not", "subject-not"},
		{"1", "2026-05-04T03:02:01.000Z", "'=cmd|'/c calc'!A1", "'+1", "view", "'@x", "'-1", `\tx`, `\rx`, "", "", `a=b,"c"\nd`, "h1", "", "", ""},
		{"2", "2026-05-04T03:02:01.000Z", "é", "", "view-ended", "", "", "", "", "61.500", "1", "", "h2", "attempts", "", ""},
	}
	if len(rows) != len(want) {
		t.Fatalf("got %q", rows)
	}
	for i, row := range rows {
		if strings.Join(row, "|") != strings.Join(want[i], "|") {
			t.Errorf("got  %q\nwant %q", row, want[i])
		}
	}
}

// Where decimals have a comma, spreadsheets take semicolons for the ends of cells; some take tabs. None of
// them may find a formula in what somebody has typed.
func TestExportedCSVHasNoFormulas(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"=", "+", "-", "@"} {
		for _, before := range []string{"", "x;", "x\t", "x\n", "x\r", ";;", "\t", "a,b;", `a"b;`, `";`, "é;", `x;"`, "x; ", `"`, " "} {
			var out bytes.Buffer
			if err := audit.WriteCSV(&out, sequence(audit.Record{Actor: before + sign + "cmd()", Reason: before + sign + "cmd()"})); err != nil {
				t.Fatal(err)
			}
			for _, separator := range ",;\t" {
				reader := csv.NewReader(bytes.NewReader(out.Bytes()))
				reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = separator, true, -1
				rows, err := reader.ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				for _, cell := range slices.Concat(rows...) {
					if strings.HasPrefix(strings.TrimLeft(cell, `" `), sign) {
						t.Errorf("%q, split at %q, has the cell %q", before+sign, separator, cell)
					}
				}
			}
		}
	}
}

var errTest = errors.New("for the test")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errTest }

func TestExportsEndWithTheFirstError(t *testing.T) {
	t.Parallel()
	failing := func(yield func(audit.Record, error) bool) {
		_ = yield(audit.Record{}, nil) && yield(audit.Record{}, errTest)
	}
	var out bytes.Buffer
	for name, err := range map[string]error{
		"JSON of what fails": audit.WriteJSON(&out, failing), "JSON to what fails": audit.WriteJSON(broken{}, sequence(audit.Record{})),
		"CSV of what fails": audit.WriteCSV(&out, failing), "CSV to what fails": audit.WriteCSV(broken{}, sequence(audit.Record{})),
	} {
		if !errors.Is(err, errTest) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func sequence(records ...audit.Record) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// What some programs take for the sign of a formula is one.
func TestFormulasInOtherForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"＝HYPERLINK(1)": "'＝HYPERLINK(1)", "＋1": "'＋1", "＠SUM(1)": "'＠SUM(1)", "－1": "'－1", "−1": "'−1", "﹦1": "'﹦1", "﹢1": "'﹢1", "﹣1": "'﹣1", "﹫a": "'﹫a",
		"\u00a0=1": "[U+00A0]=1", "\u3000＝1": "[U+3000]＝1", "\u200b=1": "[U+200B]=1", "\ufeff=1": "[U+FEFF]=1", "a；＝1": "a；'＝1", "a\u2028b": "a[U+2028]b", "ａ＝1": "ａ＝1",
	} {
		var out bytes.Buffer
		if err := audit.WriteCSV(&out, sequence(audit.Record{Seq: 1, Action: audit.View, Actor: text})); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || rows[1][2] != want {
			t.Errorf("%q is %q, want %q, %v", text, rows[1][2], want, err)
		}
	}
}

// A name that looks like another one does so in a spreadsheet, too.
func TestExportedCSVShowsNamesAsPagesDo(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"ada": {"ada", ""}, "ada\u200b": {"ada[U+200B]", "ada"}, "ada ": {"ada[U+0020]", "ada"}, "\u202eada": {"[U+202E]ada", "ada"},
		"аda": {"аda", "ada"}, "ada\u2800": {"ada[U+2800]", "ada"}, "=аda": {"'=аda", "'=ada"}, "\u200b=1": {"[U+200B]=1", "'=1"},
	} {
		var out bytes.Buffer
		if err := audit.WriteCSV(&out, sequence(audit.Record{Seq: 1, Action: audit.View, Actor: name, Subject: name, Reason: "a\u202eb\u200b", Detail: "\u200b=1"})); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		row := rows[1]
		if got := [2]string{row[2], row[14]}; got != want {
			t.Errorf("the actor %q is %q, want %q", name, got, want)
		}
		if got := [2]string{row[5], row[15]}; got != want {
			t.Errorf("the subject %q is %q, want %q", name, got, want)
		}
		if row[8] != `a\u202eb\u200b` || row[11] != `\u200b=1` {
			t.Errorf("other texts are %q and %q", row[8], row[11])
		}
	}
}

// Exports are read in terminals, and what was stored before is checked as before.
func TestExportedJSONIsPrintable(t *testing.T) {
	t.Parallel()
	const name = "a\u202eb\u200bc"
	old := audit.Record{Seq: 1, ID: "x", Time: time.Unix(0, 0), Action: audit.View, Subject: name}
	old.Hash = hashOf(`{"seq":1,"id":"x","time":"1970-01-01T00:00:00.000Z","actor":"","action":"view","subject":"` + name + `","oldest":0,"prev":""}`)
	for what, r := range map[string]audit.Record{"new": {Seq: 1, Action: audit.View, Subject: name, Hash: "h"}, "old": old} {
		line, err := r.MarshalJSON()
		if err != nil || strings.Contains(string(line), name) != (what == "old") {
			t.Errorf("%s: %q, %v", what, line, err)
		}
	}
}
