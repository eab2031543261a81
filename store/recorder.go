package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// recorder takes entries from any number of goroutines and hands them, in order, to one writer.
// One mutex guards the queue and the stats, so the stats balance whenever somebody reads them.
type recorder struct {
	work      chan struct{} // capacity 1: the queue is no longer empty, or holds a whole batch
	announced chan struct{} // capacity 1: this process is going to record
	closed    chan struct{} // closed when intake ends
	given     chan struct{} // closed when what is queued has been given up
	done      chan struct{} // closed when the writer has returned

	mu      sync.Mutex
	queue   queue
	writing int // taken out of queue, fate not known yet
	sending int // of those, perhaps on their way
	stats   Stats
	intake  bool
	gone    bool // what was in queue and being written has been given up
}

func newRecorder(client redis.UniversalClient, tracker *sendTracker, keys keys.Keys, options Options) *recorder {
	r := &recorder{
		work:      make(chan struct{}, 1),
		announced: make(chan struct{}, 1),
		closed:    make(chan struct{}),
		given:     make(chan struct{}),
		done:      make(chan struct{}),
		queue:     newQueue(options.QueueSize),
		stats:     Stats{Connected: true},
		intake:    true,
	}
	w := newWriter(r, client, tracker, keys, options)
	go func() {
		defer close(r.done)
		w.run()
	}()
	return r
}

// record is [Store.Record].
func (r *recorder) record(e *Entry) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	invalid := CheckUsername(e.Username) != nil
	if !invalid {
		e.bound()
	}
	r.mu.Lock()
	r.stats.Accepted++
	switch {
	case invalid:
		r.stats.Dropped.InvalidUsername++
	case !r.intake:
		r.stats.Dropped.Closed++
	default:
		switch r.queue.put(e) {
		case admittedFor, refusedShare:
			r.stats.Dropped.UserShare++
		case refusedLength:
			r.stats.Dropped.QueueFull++
		}
	}
	wake := r.queue.length == 1 || r.queue.length == maxBatch
	r.mu.Unlock()
	if wake {
		select {
		case r.work <- struct{}{}:
		default:
		}
	}
}

// hostPanicked is [Store.HostPanicked].
func (r *recorder) hostPanicked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Accepted++
	r.stats.Dropped.HostPanic++
}

// take moves up to maxBatch entries to batch. They count as queued until settle.
func (r *recorder) take(batch []Entry) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch = r.queue.take(batch)
	r.writing += len(batch)
	return batch
}

// waiting is the number of entries in the queue.
func (r *recorder) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue.length
}

// settlement says what became of the entries of one batch.
type settlement struct {
	written, refused, indeterminate, truncated int
}

// send notes that n of the entries that were taken are about to be sent. It returns false when they
// have been given up, and must not be.
func (r *recorder) send(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return false
	}
	r.sending = n
	return true
}

// settle counts what became of entries that were taken, unless they have been given up meanwhile.
func (r *recorder) settle(s settlement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Truncated += uint64(s.truncated)
	if r.gone {
		return
	}
	r.sending = 0
	r.writing -= s.written + s.refused + s.indeterminate
	r.stats.Written += uint64(s.written)
	r.stats.Dropped.Refused += uint64(s.refused)
	r.stats.Indeterminate += uint64(s.indeterminate)
}

// indexRefused counts a transaction whose part for the user index was refused.
func (r *recorder) indexRefused() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.IndexRefused++
}

// measure notes the size and duration of a transaction that was written.
func (r *recorder) measure(entries int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.BatchSizes.observe(float64(entries), BatchBounds())
	r.stats.WriteSeconds.observe(took.Seconds(), WriteBounds())
}

// setConnected notes whether Redis took the last attempt to write.
func (r *recorder) setConnected(connected bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Connected = connected
}

// snapshot is [Store.Stats].
func (r *recorder) snapshot() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	stats := r.stats
	stats.Queued = uint64(r.queue.length + r.writing)
	return stats
}

// close ends intake and waits until the writer has drained the queue or ctx ends; what is left then
// is dropped. It is called once.
func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	r.intake = false
	r.mu.Unlock()
	close(r.closed)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	}
	if lost := r.abandon(); lost > 0 {
		return fmt.Errorf("store: closed with %d log entries not written: %w", lost, ctx.Err())
	}
	return nil
}

// abandon gives up what waits, and returns how much. What is on its way at this moment may arrive.
func (r *recorder) abandon() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.queue.length + r.writing
	r.stats.Indeterminate += uint64(r.sending)
	r.stats.Dropped.Closed += uint64(lost - r.sending)
	r.queue, r.writing, r.sending = newQueue(r.queue.size), 0, 0
	r.gone = true
	close(r.given)
	return lost
}

// entryIDs makes ids that are unique among all processes: a random part and a counter.
type entryIDs struct {
	process string
	count   uint64
}

func newEntryIDs() entryIDs {
	return entryIDs{process: strings.ToLower(rand.Text()[:12]) + "-"}
}

func (i *entryIDs) next() string {
	i.count++
	var b [32]byte
	return string(strconv.AppendUint(append(b[:0], i.process...), i.count, 36))
}
