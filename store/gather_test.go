package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// large is how many batches had more than ten entries.
func large(logs *store.Store) (n uint64) {
	sizes := logs.Stats().BatchSizes
	for _, count := range sizes.Counts[6:] {
		n += count
	}
	return n
}

// keepRecording records an entry every 20 ms until something holds.
func keepRecording(t *testing.T, logs *store.Store, what string, holds func() bool) {
	t.Helper()
	n := 0
	redistest.Eventually(t, what, func() bool {
		n++
		logs.Record(storetest.Entry("bob", n))
		time.Sleep(20 * time.Millisecond)
		return holds()
	})
}

// Where nobody watches, a writer gathers. From soon after somebody watches anybody, it does not: batches are small again. All that is
// recorded meanwhile is seen.
func TestWritersLearnWhetherAnybodyWatches(t *testing.T) {
	t.Parallel()
	server, cluster := redistest.Start(t), redistest.StartCluster(t, 3)
	beside := "ada" // at the same master as bob
	for n := 0; cluster.Master("userlog:log:"+beside) != cluster.Master("userlog:log:bob"); n++ {
		beside = fmt.Sprint("ada", n)
	}
	for name, connect := range map[string]func() redis.UniversalClient{
		"one Redis": func() redis.UniversalClient { return server.Client(t) },
		"a Cluster": func() redis.UniversalClient { return cluster.Client(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs, viewer := storetest.Open(t, connect(), store.Options{}), storetest.Open(t, connect(), store.Options{})
			keepRecording(t, logs, "large batches", func() bool { return large(logs) > 1 })
			ada := storetest.Watch(t, viewer, beside, "")
			ada.Live(0)
			was, since := logs.Stats().BatchSizes.Total, large(logs)
			keepRecording(t, logs, "small batches", func() bool {
				if more := large(logs); more > since {
					was, since = logs.Stats().BatchSizes.Total, more
				}
				return logs.Stats().BatchSizes.Total > was+50
			})
		})
	}
}
