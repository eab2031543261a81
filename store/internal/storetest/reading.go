package storetest

import (
	"testing"

	"github.com/gin-userlog/userlog/store"
)

var reading = []test{
	{"NewestOfSeveralUsers", testNewestOfSeveralUsers},
}

func testNewestOfSeveralUsers(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{})
	for _, path := range []string{"1", "2", "3"} {
		logs.Record(store.Entry{Username: "ada", Path: path})
	}
	logs.Record(store.Entry{Username: "bob", Path: "b"})
	Written(t, logs)
	if err := client.Set(t.Context(), Keys(logs).Log("foreign"), "somebody else's", 0).Err(); err != nil {
		t.Fatal(err)
	}
	newest, err := logs.Newest(t.Context(), 2, "bob", "nobody", "foreign", "ada")
	if err != nil || len(newest) != 4 {
		t.Fatalf("%d logs, %v", len(newest), err)
	}
	for i, want := range []string{"b", "", "", "3 2"} {
		if got := Paths(newest[i].Entries); got != want {
			t.Errorf("log %d: %q, want %q", i, got, want)
		}
	}
	if newest[2].Skipped != 1 {
		t.Error("what is no log is not counted")
	}
	if none, err := logs.Newest(t.Context(), 2); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
}
