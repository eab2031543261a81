package soak

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// patience is how long a test waits for anything, on a busy machine.
const patience = redistest.Patience

// TestMain lets more tests run at once than there are processors: the faults mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set("8") // a number can always be set
	}
	gin.SetMode(gin.ReleaseMode)
	redis.SetLogger(quiet{}) // a line for every attempt to connect, otherwise
	// Where the end of a toxiproxy's link that writes ends first, the end that reads waits for ever to hand over what it has.
	redistest.VerifyNoLeaks(m, "github.com/Shopify/toxiproxy/v2")
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// long chooses between the figure of the short form and that of make soak.
func long[T any](short, soak T) T {
	if os.Getenv("USERLOG_SOAK") == "1" {
		return soak
	}
	return short
}

// open returns a store on client, which is closed at the end of the test.
func open(t *testing.T, client redis.UniversalClient, options store.Options) *store.Store {
	t.Helper()
	options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	logs, err := store.New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = logs.Close(ctx) // a test that cares has closed it
		balance(t, logs)
	})
	return logs
}

// batch is how many entries a store writes at once, at most.
const batch = 100

// inDoubt is how many entries may be indeterminate that were on their way in so many batches. The short form allows
// more: on a busy machine Redis may answer later than the recorder waits.
func inDoubt(batches int) uint64 {
	return uint64(batch * batches * long(5, 1))
}

// kinds are the returns of viewers that were seen: some with a gap, and some without.
type kinds struct{ gap, smooth atomic.Bool }

// saw notes a return.
func (k *kinds) saw(gap bool) {
	if gap {
		k.gap.Store(true)
	} else {
		k.smooth.Store(true)
	}
}

// enough reports whether a test may end which has run for long enough: when both kinds were seen, since it proves little
// without. A busy machine needs longer for that, up to a limit.
func (k *kinds) enough(started time.Time, lasts time.Duration) bool {
	ran := time.Since(started)
	return ran > lasts && (k.gap.Load() && k.smooth.Load() || ran > lasts+patience)
}

// settled waits until the fate of everything recorded is known.
func settled(t *testing.T, logs *store.Store) {
	t.Helper()
	redistest.Eventually(t, "the queue is empty", func() bool { return logs.Stats().Queued == 0 })
}

// during lets the load go on for d, checking all the while that the stats balance.
func during(t *testing.T, logs *store.Store, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		balance(t, logs)
	}
}
