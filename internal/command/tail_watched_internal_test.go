//go:build unix

package command

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Where watch-only is switched on while tail runs, the user is recorded from then on, and that is said once each time.
func TestTailFollowsWatchOnly(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs, err := store.New(redistest.Patient(t, server.Client(t)), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(context.Background(), logs, slog.New(slog.DiscardHandler))
	client := server.Client(t)
	isWatched := func() bool {
		return slices.Contains(client.ZRange(t.Context(), "userlog:watched", 0, -1).Val(), "ada")
	}
	set := func(set store.Switches) {
		t.Helper()
		if err := logs.SetSwitches(t.Context(), set); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	viewing := newTerminalViewing(logs, "ada", "")
	defer viewing.close(&said)
	l := &looker{logs: logs, viewing: viewing, username: "ada", w: &said}
	look := func(on bool) {
		t.Helper()
		client.Del(t.Context(), "userlog:watched")
		if !l.try(t.Context()) || isWatched() != on {
			t.Errorf("ada is recorded: %v, want %v", !on, on)
		}
	}
	look(false)
	set(store.Switches{WatchOnly: true, NoRecord: true})
	look(false)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.renew(ctx, true, time.Second, time.Millisecond)
	}()
	set(store.Switches{WatchOnly: true})
	redistest.Eventually(t, "ada is recorded", isWatched)
	client.Del(t.Context(), "userlog:watched")
	redistest.Eventually(t, "ada is still recorded", isWatched)
	cancel()
	<-ended

	look(true)
	set(store.Switches{})
	look(false)
	set(store.Switches{WatchOnly: true})
	look(true)
	const begins = "Only users whose logs are open are recorded. Recording of ada begins within 15 seconds.\n"
	if got := said.String(); got != begins+begins {
		t.Errorf("said is %q", got)
	}
}
