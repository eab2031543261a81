package store_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A wrong address in a deployment is told at start-up, not at the first user's request.
func TestAnOutageIsToldBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	var logged buffer
	logs, err := store.Open(server.URL, store.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close(context.Background()) }()
	logs.Announce()
	logged.await(t, "does not take log entries")
	redistest.Eventually(t, "the stats say so", func() bool { return !logs.Stats().Connected })
}
