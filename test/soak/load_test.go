package soak

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// users are those whose requests a load records, in turn.
func users() []string {
	names := make([]string, 20)
	for i := range names {
		names[i] = fmt.Sprintf("user-%d", i)
	}
	return names
}

// record records request n, whose path is its number.
func record(logs *store.Store, users []string, n int) {
	logs.Record(store.Entry{Username: users[n%len(users)], Method: "GET", Path: fmt.Sprintf("/%d", n), Code: 200})
}

// busy is the load of a test's application, in requests a second. In the short form several tests share a machine, which
// may have other things to do.
func busy() int { return long(500, 2000) }

// roomy is the size of a queue. In the short form it holds all entries that a busy machine does not get written.
func roomy() int { return long(200_000, store.DefaultQueueSize) }

// load records requests at a constant rate, also while none is written.
type load struct {
	logs    *store.Store
	rate    int // per second
	end     chan struct{}
	done    sync.WaitGroup
	ending  sync.Once
	slowest time.Duration // the slowest call of Record; to be read after stop
}

func startLoad(t *testing.T, logs *store.Store, rate int) *load {
	l := &load{logs: logs, rate: rate, end: make(chan struct{})}
	l.done.Go(l.run)
	t.Cleanup(l.stop)
	return l
}

func (l *load) run() {
	users := users()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	started := time.Now()
	for n := 0; ; {
		for due := int(time.Since(started).Seconds() * float64(l.rate)); n < due; n++ {
			before := time.Now()
			record(l.logs, users, n)
			l.slowest = max(l.slowest, time.Since(before))
		}
		select {
		case <-tick.C:
		case <-l.end:
			return
		}
	}
}

// stop ends the load and returns when nothing more will be recorded.
func (l *load) stop() {
	l.ending.Do(func() { close(l.end) })
	l.done.Wait()
}
