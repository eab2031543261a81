package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

var references = []test{
	{"AReferenceLeadsToItsLine", testAReferenceLeadsToItsLine},
	{"AReferenceMayBeGivenTwice", testAReferenceMayBeGivenTwice},
	{"ReferencesOfAUserAreBounded", testReferencesOfAUserAreBounded},
	{"AForeignKeyIsNoReference", testAForeignKeyIsNoReference},
}

// referenced records an entry that has a reference.
func referenced(logs *store.Store, username string, n int, reference string) {
	e := Entry(username, n)
	e.Code, e.Reference = 500, reference
	logs.Record(e)
}

// byReference waits until a reference leads to as many requests, and returns them.
func byReference(t *testing.T, logs *store.Store, typed string, n int) []store.Referenced {
	t.Helper()
	var found []store.Referenced
	redistest.Eventually(t, fmt.Sprintf("%s leads to %d requests", typed, n), func() bool {
		var err error
		if found, err = logs.ByReference(t.Context(), typed); err != nil {
			t.Fatal(err)
		}
		return len(found) == n
	})
	return found
}

func testAReferenceLeadsToItsLine(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{Retention: time.Minute})
	code := store.NewReference()
	Record(logs, "ada", 0, 1)
	referenced(logs, "ada", 1, code[:3]+" "+code[3:]) // as a host may write it
	referenced(logs, "ada", 2, "no code")
	Written(t, logs)
	found := byReference(t, logs, code[:2]+"-"+code[2:], 1)[0]
	log, err := logs.Log(t.Context(), "ada")
	if err != nil || len(log.Entries) != 3 || log.Entries[1].ID != found.ID || log.Entries[1].Reference != code || found.Username != "ada" {
		t.Errorf("it leads to %+v, of %+v, %v", found, log.Entries, err)
	}
	if log.Entries[0].Reference != "" {
		t.Errorf("what is no code is recorded: %q", log.Entries[0].Reference)
	}
	key := Keys(logs).Reference(code)
	if left := client.PTTL(t.Context(), key).Val(); left <= 50*time.Second || left > time.Minute {
		t.Errorf("it expires in %s", left)
	}
	if keys := client.Keys(t.Context(), Keys(logs).ReferencePattern()).Val(); len(keys) != 1 || keys[0] != key {
		t.Errorf("there are %q", keys)
	}
	if none, err := logs.ByReference(t.Context(), store.NewReference()); err != nil || len(none) != 0 {
		t.Errorf("another one leads to %v, %v", none, err)
	}
}

func testAReferenceMayBeGivenTwice(t *testing.T, connect Connect) {
	logs, code := Open(t, connect(t), store.Options{}), store.NewReference()
	referenced(logs, "bob", 1, code)
	referenced(logs, "ada", 1, code)
	users := map[string]bool{}
	for _, found := range byReference(t, logs, code, 2) {
		users[found.Username] = true
	}
	if !users["ada"] || !users["bob"] {
		t.Errorf("it leads to %v", users)
	}
}

// A user who fails again and again takes up no more of Redis than a log does.
func testReferencesOfAUserAreBounded(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	var first, last string
	for n := range 60 {
		last = store.NewReference()
		if n == 0 {
			first = last
		}
		referenced(logs, "ada", n, last)
	}
	referenced(logs, "bob", 1, store.NewReference())
	byReference(t, logs, last, 1)
	byReference(t, logs, first, 0)
	redistest.Eventually(t, "25 of ada's and one of bob's are there", func() bool {
		return len(client.Keys(t.Context(), Keys(logs).ReferencePattern()).Val()) == 26
	})
}

func testAForeignKeyIsNoReference(t *testing.T, connect Connect) {
	client := connect(t)
	logs, code := Open(t, client, store.Options{}), store.NewReference()
	if err := client.Set(t.Context(), Keys(logs).Reference(code), "somebody else's", 0).Err(); err != nil {
		t.Fatal(err)
	}
	referenced(logs, "ada", 1, code)
	other := store.NewReference()
	if err := client.SAdd(t.Context(), Keys(logs).Reference(other), "x", "x\x00", "x\x00a\nb").Err(); err != nil {
		t.Fatal(err)
	}
	Written(t, logs)
	for _, typed := range []string{code, other} {
		if found, err := logs.ByReference(t.Context(), typed); err != nil || len(found) != 0 {
			t.Errorf("it leads to %v, %v", found, err)
		}
	}
}
