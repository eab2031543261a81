package soak

import (
	"context"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

const atClose = 4000 // entries that are queued when the store is closed

func TestCloseWithAHealthyRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := redistest.Patient(t, server.Client(t))
	logs := open(t, client, store.Options{MaxEntries: 10_000})
	fill(logs, atClose)
	took, err := closeWithin(logs, patience)
	if err != nil {
		t.Error(err)
	}
	if present := audit(t, logs, client); present != atClose || logs.Stats().Written != atClose {
		t.Errorf("%d of %d are in the lists: %+v", present, atClose, logs.Stats())
	}
	summary(t, logs, "close, healthy", "took", took)
}

func TestCloseWithAHungRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	warm(t, logs)
	server.Pause()
	closeInVain(t, logs, "close, hung")
}

func TestCloseWithAStoppedRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	warm(t, logs)
	server.Kill()
	closeInVain(t, logs, "close, stopped")
}

func TestCloseWithoutANetwork(t *testing.T) {
	t.Parallel()
	_, network, client := behindNetwork(t)
	logs := open(t, client, store.Options{})
	warm(t, logs)
	network.blackhole()
	closeInVain(t, logs, "close, blackholed")
}

// closeInVain closes a store whose Redis does not answer, with entries queued.
func closeInVain(t *testing.T, logs *store.Store, what string) {
	t.Helper()
	const granted = 500 * time.Millisecond
	before := logs.Stats()
	fill(logs, atClose)
	took, err := closeWithin(logs, granted)
	if err == nil {
		t.Error("Close did not say that entries were lost")
	}
	// A batch that is being written ends within its own time, 500 ms.
	if took > granted+long(patience, 2*time.Second) {
		t.Errorf("Close took %v", took)
	}
	settled(t, logs)
	if s := logs.Stats(); s.Dropped.Closed+s.Indeterminate-before.Indeterminate != atClose || s.Written != before.Written {
		t.Errorf("not every entry is counted: %+v", s)
	}
	summary(t, logs, what, "granted", granted, "took", took, "closed", logs.Stats().Dropped.Closed)
}

// fill records n entries, from number 1 on.
func fill(logs *store.Store, n int) {
	users := users()
	for i := range n {
		record(logs, users, i+1)
	}
}

// warm has entry number 0 written, so that there is a connection.
func warm(t *testing.T, logs *store.Store) {
	t.Helper()
	record(logs, users(), 0)
	settled(t, logs)
}

func closeWithin(logs *store.Store, granted time.Duration) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), granted)
	defer cancel()
	started := time.Now()
	err = logs.Close(ctx)
	return time.Since(started), err
}
