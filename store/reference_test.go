package store_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// alphabet is that of references, and what is taken for others.
const alphabet = "3479ABCEFGHJKMPRSTVWXYZ"

// A customer may misread one character, and an agent may swap two.
func TestACheckCharacterTellsSlips(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		code := store.NewReference()
		seen[code] = true
		if got, err := store.ParseReference(code); err != nil || got != code || len(code) != 6 || strings.Trim(code, alphabet) != "" {
			t.Fatalf("%q is read as %q, %v", code, got, err)
		}
		for i := range code {
			for _, other := range alphabet {
				wrong := code[:i] + string(other) + code[i+1:]
				if _, err := store.ParseReference(wrong); wrong != code && !errors.Is(err, store.ErrMistypedReference) {
					t.Fatalf("%s for %s: %v", wrong, code, err)
				}
			}
			if i == 0 {
				continue
			}
			swapped := code[:i-1] + string(code[i]) + string(code[i-1]) + code[i+1:]
			if _, err := store.ParseReference(swapped); swapped != code && !errors.Is(err, store.ErrMistypedReference) {
				t.Fatalf("%s for %s: %v", swapped, code, err)
			}
		}
	}
	if len(seen) < 198 { // of 6.4 million
		t.Errorf("only %d of 200 differ", len(seen))
	}
}

func TestReferencesAreReadAsPeopleTypeThem(t *testing.T) {
	var code string
	for !strings.Contains(code, "B") || !strings.Contains(code, "Z") {
		code = store.NewReference()
	}
	for _, typed := range []string{
		strings.ToLower(code), code[:3] + " " + code[3:], " " + code[:3] + "-" + code[3:] + "\u00a0", strings.Join(strings.Split(code, ""), "."),
		strings.NewReplacer("B", "8", "Z", "2").Replace(code),
	} {
		if got, err := store.ParseReference(typed); err != nil || got != code {
			t.Errorf("%q is %q, %v; want %s", typed, got, err, code)
		}
	}
	for _, typed := range []string{"", "ada", code[:5], code + "A", code[:5] + "0", code[:5] + "!", "ünïcöd", strings.Repeat("A", 8<<10), "\xff\xfe"} {
		if got, err := store.ParseReference(typed); got != "" || !errors.Is(err, store.ErrNotReference) {
			t.Errorf("%.20q is %q, %v", typed, got, err)
		}
	}
}

// Redis may have an access list from before there were references, and may be away for a while.
func TestLogsAreWrittenWhereReferencesAreForbidden(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	rules := []any{"acl", "setuser", "default"}
	for rule := range strings.FieldsSeq("resetkeys ~userlog:log:* ~userlog:kept:* ~userlog:users ~userlog:names ~userlog:trouble ~userlog:app* ~userlog:index ~userlog:switches") {
		rules = append(rules, rule)
	}
	if err := server.Client(t).Do(t.Context(), rules...).Err(); err != nil {
		t.Fatal(err)
	}
	var logged buffer
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	for range 3 {
		logs.Record(store.Entry{Username: "ada", Path: "/", Reference: store.NewReference()})
		storetest.Written(t, logs)
	}
	logged.await(t, "allow sadd, pexpire and del for the keys userlog:reference:*")
	if n := strings.Count(logged.String(), "userlog:reference:*"); n != 1 || logs.Stats().Written != 3 {
		t.Errorf("it is said %d times, and the stats are %+v", n, logs.Stats())
	}
}
