package store_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestNewestOfSeveralUsers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		logs := open(t, client, store.Options{})
		for _, path := range []string{"1", "2", "3"} {
			logs.Record(store.Entry{Username: "ada", Path: path})
		}
		logs.Record(store.Entry{Username: "bob", Path: "b"})
		written(t, logs)
		if err := client.Set(t.Context(), logs.Keys().Log("foreign"), "somebody else's", 0).Err(); err != nil {
			t.Fatal(err)
		}
		newest, err := logs.Newest(t.Context(), 2, "bob", "nobody", "foreign", "ada")
		if err != nil || len(newest) != 4 {
			t.Fatalf("%d logs, %v", len(newest), err)
		}
		for i, want := range []string{"b", "", "", "3 2"} {
			if got := paths(newest[i].Entries); got != want {
				t.Errorf("log %d: %q, want %q", i, got, want)
			}
		}
		if newest[2].Skipped != 1 {
			t.Error("what is no log is not counted")
		}
		if none, err := logs.Newest(t.Context(), 2); err != nil || len(none) != 0 {
			t.Errorf("of nobody: %v, %v", none, err)
		}
	})
}

func TestNewestNeedsRedis(t *testing.T) {
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	server.Kill()
	if newest, err := logs.Newest(t.Context(), 2, "ada"); err == nil {
		t.Errorf("without Redis: %v", newest)
	}
}
