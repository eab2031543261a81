package handlers

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A Redis that is slow when a process starts is waited for. Nobody is told that all is recorded, which is not known.
func TestWhatIsSwitchedIsWaitedFor(t *testing.T) {
	t.Parallel()
	options := redistest.Start(t).Client(t).Options()
	options.Dialer = redistest.Distant(redis.NewDialer(options), faultTimeout+100*time.Millisecond)
	client := redis.NewClient(options)
	defer client.Close()
	logs, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	redistest.Eventually(t, "recording is switched off", func() bool {
		return logs.SetSwitches(t.Context(), store.Switches{NoRecord: true}) == nil
	})
	if w := newSwitchWatch(logs, slog.New(slog.DiscardHandler)); !w.now(t.Context()).NoRecord {
		t.Error("the first page is told that all is recorded")
	}
}
