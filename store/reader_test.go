package store_test

import (
	"errors"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestNewestNeedsRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	server.Kill()
	if newest, err := logs.Newest(t.Context(), 2, "ada"); err == nil {
		t.Errorf("without Redis: %v", newest)
	}
}

// A log that can't be read takes no other with it. It is told from one that has nothing.
func TestNewestWithoutALog(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	logs := storetest.Open(t, client, store.Options{})
	storetest.Record(logs, "ada", 0, 1)
	storetest.Record(logs, "bob!", 0, 1)
	storetest.Written(t, logs)
	client.Set(t.Context(), storetest.Keys(logs).Log("foreign"), "somebody else's", 0)
	server.Permit("resetkeys", "~*[^!]")
	newest, err := logs.Newest(t.Context(), 2, "bob!", "ada", "nobody", "foreign")
	if !errors.Is(err, store.ErrPartial) || len(newest) != 4 {
		t.Fatalf("%d logs, %v", len(newest), err)
	}
	for i, want := range []struct {
		read    bool
		entries int
	}{{false, 0}, {true, 1}, {true, 0}, {true, 0}} {
		if got := newest[i]; (got.Entries != nil) != want.read || len(got.Entries) != want.entries {
			t.Errorf("log %d: %+v", i, got)
		}
	}
	if log, err := logs.Log(t.Context(), "bob!"); err == nil {
		t.Errorf("by itself it is read: %+v", log)
	}
}
