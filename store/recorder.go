package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// recorder takes entries from any number of goroutines and hands them, in order, to a writer: on a Cluster to that of the shard.
// One mutex guards the queue and the stats, so the stats balance whenever somebody reads them.
type recorder struct {
	announced chan struct{}                // capacity 1: this process is going to record
	closed    chan struct{}                // closed when intake ends
	given     chan struct{}                // closed when what is queued has been given up
	done      chan struct{}                // closed when the writers have returned
	drained   chan struct{}                // capacity 1: intake has ended, and nothing is queued
	slot      func(username string) uint16 // of a log on a Cluster; nil where there is one Redis

	retention time.Duration // of a log after its last entry
	switched  switched

	mu       sync.Mutex
	queue    queue
	writing  int // taken out of queue, fate not known yet
	sending  int // of those, perhaps on their way
	stats    Stats
	intake   bool
	givenUp  bool // what was in queue and being written has been given up
	followed bool // the switches were known when entries were taken
}

func newRecorder(options Options) *recorder {
	return &recorder{
		announced: make(chan struct{}, 1),
		closed:    make(chan struct{}),
		given:     make(chan struct{}),
		done:      make(chan struct{}),
		drained:   make(chan struct{}, 1),
		queue:     newQueue(options.QueueSize),
		retention: options.Retention,
		stats:     Stats{Connected: true},
		intake:    true,
	}
}

// start has write called in the background, which writes until the queue is empty after intake has ended.
func (r *recorder) start(write func()) {
	go func() {
		defer close(r.done)
		write()
	}()
}

// record is [Store.Record].
func (r *recorder) record(e *Entry) {
	if r.leavesOut(e) {
		r.leftOut()
		return
	}
	r.accept(e)
}

// accept is record for an entry that no switch leaves out. The caller has asked leavesOut once: sampling decides by chance, so a
// second question about the same entry could have another answer.
func (r *recorder) accept(e *Entry) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Gap = nil
	r.admit(e, false)
}

// admit puts an entry into the queue. prepared says that the entry was read from a log, such as a visitor's. Then it is masked, and
// has its id, its application and Redis' time.
func (r *recorder) admit(e *Entry, prepared bool) {
	invalid := CheckUsername(e.Username) != nil
	if !invalid {
		e.bound()
	}
	e.turn = turn{prepared: prepared, timed: prepared, early: e.turn.early}
	if r.slot != nil {
		e.turn.slot = r.slot(e.Username)
	}
	r.mu.Lock()
	r.stats.Accepted++
	section := r.queue.sectionOf(e.turn.slot)
	switch {
	case invalid:
		r.stats.Dropped.InvalidUsername++
	case !r.intake:
		r.stats.Dropped.Closed++
	default:
		switch r.queue.put(e) {
		case admittedFor, refusedShare:
			r.stats.Dropped.UserShare++
		case refusedLength, admittedForShard:
			r.stats.Dropped.QueueFull++
		}
	}
	wake := section.length == section.wakeAt
	r.mu.Unlock()
	if wake {
		section.wake()
	}
}

// leavesOut reports whether an entry is not recorded because it is switched off. Before the switches have been read, it only notes that.
func (r *recorder) leavesOut(e *Entry) bool {
	known := r.switched.known.Load()
	rules := r.switched.rules.Load()
	e.turn.early = !known && rules == nil
	return rules != nil && rules.leavesOut(e)
}

// leftOut counts an entry that is not recorded because it is switched off.
func (r *recorder) leftOut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.LeftOut++
}

// wake tells the writer of a section that there is something to do.
func (s *section) wake() {
	select {
	case s.work <- struct{}{}:
	default:
	}
}

// hostPanicked is [Store.HostPanicked].
func (r *recorder) hostPanicked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Accepted++
	r.stats.Dropped.HostPanic++
}

// only is the section of the one writer where there is no Cluster.
func (r *recorder) only() *section { return r.queue.sections[0] }

// take moves up to maxBatch entries of a section to batch, with markers if there is room. The entries count as queued until
// settle.
func (r *recorder) take(s *section, batch []Entry) []Entry { return r.pull(s, batch, false) }

// pull is take, or takeOff of a batch that flies. It lets others have the mutex after each batch of which the switches leave out all: patterns
// take their time, and Record waits meanwhile.
func (r *recorder) pull(s *section, batch []Entry, flies bool) []Entry {
	for {
		taken, again := r.pullOnce(s, batch, flies)
		if !again {
			return taken
		}
	}
}

// pullOnce is pull of one batch. again says that the switches leave out all that it took out of the queue, so that there may be more.
func (r *recorder) pullOnce(s *section, batch []Entry, flies bool) (taken []Entry, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp || !r.switched.known.Load() {
		return batch, false
	}
	r.forgetGaps()
	batch = r.queue.take(s, batch)
	if len(batch) > 0 {
		if batch = r.leaveOutEarly(batch); len(batch) == 0 {
			r.checkDrained()
			return batch, true
		}
	}
	r.writing += len(batch)
	if len(r.queue.gaps.of) > 0 {
		r.queue.tellBefore(batch)
		batch = r.mark(s, batch)
	}
	if flies {
		s.flying = batch
	}
	return batch, false
}

// leaveOutEarly leaves those entries out of a batch that came before the switches were read, and that these leave out. They were accepted
// only for as long. The others are not asked about again. Once the first moments are over, it moves no entry.
func (r *recorder) leaveOutEarly(batch []Entry) []Entry {
	first := 0
	for first < len(batch) && !batch[first].turn.early {
		first++
	}
	rules := r.switched.rules.Load()
	kept := batch[:first]
	for i := first; i < len(batch); i++ {
		e := &batch[i]
		early := e.turn.early
		e.turn.early = false
		switch {
		case !early || rules == nil || !rules.leavesOut(e):
			kept = append(kept, *e)
			continue
		case e.Gap != nil && !rules.leavesOutAllOf(e.Username): // the user's next entry has to tell it
			r.queue.note(e, *e.Gap, Gap{}, isDropped)
		}
		r.stats.Accepted--
		r.stats.LeftOut++
	}
	return kept
}

// forgetGaps forgets, once the switches are known, what users lost before of whom nothing is recorded.
func (r *recorder) forgetGaps() {
	if r.followed {
		return
	}
	r.followed = true
	if rules := r.switched.rules.Load(); rules != nil {
		maps.DeleteFunc(r.queue.gaps.of, func(username string, _ *untoldGap) bool { return rules.leavesOutAllOf(username) })
	}
}

// mark adds markers to a batch. During an outage, a batch with nothing but markers has the writer ask Redis for an answer. So the
// writer finds out that the outage is over, also where no entries come. Nothing is sent before Redis answers.
func (r *recorder) mark(s *section, batch []Entry) []Entry {
	switch {
	case s.away && (len(batch) > 0 || !r.intake):
		return batch
	case !r.intake:
		return r.queue.mark(s, batch, 0, r.retention)
	}
	return r.queue.mark(s, batch, gapPatience, r.retention)
}

// overdue returns a channel on which a writer waits, besides waiting for entries of its section. If there are untold gaps, something
// comes after gapPause, and the writer looks which of them need a marker. Otherwise the channel is nil, and nothing comes.
func (r *recorder) overdue() <-chan time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue.gaps.of) == 0 {
		return nil
	}
	return time.After(gapPause)
}

// withdraw takes back a batch that has not been written if it is of markers only. It returns false where there are entries.
func (r *recorder) withdraw(batch []Entry) bool {
	if requests(batch) > 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range batch {
		r.queue.unmark(&batch[i])
	}
	return true
}

// waiting is the number of entries in a section that are still to be written.
func (r *recorder) waiting(s *section) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp {
		return 0
	}
	return s.length
}

// gather lets entries collect in a section until due, so that a busy application costs few round trips. It ends early where there
// is a whole batch, the queue may become full, intake ends, or stopped is closed.
func (r *recorder) gather(s *section, due time.Time, stopped <-chan struct{}) {
	left := time.Until(due)
	if left <= 0 {
		return
	}
	pause := time.NewTimer(left)
	defer pause.Stop()
	defer r.wakeAtOnce(s)
	for r.wakeWhenEnough(s) {
		select {
		case <-s.work:
		case <-pause.C:
			return
		case <-r.closed:
			return
		case <-stopped:
			return
		}
	}
}

// wakeWhenEnough has the writer of a section woken when the section has a whole batch, or its part of half the queue if that is less.
// It reports whether the section has fewer entries yet.
func (r *recorder) wakeWhenEnough(s *section) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.wakeAt = min(maxBatch, max(r.queue.size/2/len(r.queue.sections), 1))
	return s.length < s.wakeAt
}

// wakeAtOnce has the writer of a section woken by the first entry.
func (r *recorder) wakeAtOnce(s *section) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.wakeAt = 1
}

// send notes that some of the entries that were taken are about to be sent. It returns false when they
// have been given up, and must not be.
func (r *recorder) send(s *section, entries []Entry) bool {
	n := requests(entries)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp {
		return false
	}
	r.sending += n - s.sending
	s.sending = n
	return true
}

// settle counts the settlement of entries that were taken, unless they have been given up meanwhile.
func (r *recorder) settle(s *section, o settlement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(s, o)
}

// count is settle for whoever has the mutex.
func (r *recorder) count(s *section, o settlement) {
	r.stats.Truncated += uint64(o.truncated)
	if r.givenUp {
		return
	}
	r.sending -= s.sending
	s.sending = 0
	r.writing -= o.written + o.refused + o.indeterminate
	r.stats.Written += uint64(o.written)
	r.stats.Dropped.Refused += uint64(o.refused)
	r.stats.Indeterminate += uint64(o.indeterminate)
	for _, e := range o.lost {
		r.queue.lose(e, e.turn.verdict)
	}
}

// takeOff is take for a writer that may give entries back: what it has taken is flying until land.
func (r *recorder) takeOff(s *section, batch []Entry) []Entry { return r.pull(s, batch, true) }

// land is settle for all that a writer has taken. back are those entries that have certainly not been written, oldest first.
func (r *recorder) land(s *section, o settlement, back []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(s, o)
	if r.givenUp {
		return
	}
	r.writing -= requests(back)
	r.queue.giveBack(back)
	moved := s.holds
	r.queue.landed(s)
	if moved {
		r.wakeAll()
	}
	r.checkDrained()
}

// checkDrained tells the writers to end, once intake has ended and nothing is left to write. It does not wait for a gap that can't be
// told before an outage is over. The caller holds the mutex.
func (r *recorder) checkDrained() {
	if r.intake || r.queue.length+r.writing > 0 || r.queue.isMarkable() {
		return
	}
	select {
	case r.drained <- struct{}{}:
	default:
	}
}

// reroute makes sections those of the queue. route has the section of each slot.
func (r *recorder) reroute(sections, route []*section) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp {
		return
	}
	r.queue.reroute(sections, route)
	r.countAway()
	r.wakeAll()
}

// hasSlot reports whether a section has the logs of a slot.
func (r *recorder) hasSlot(s *section, slot uint16) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue.sectionOf(slot) == s
}

// wakeAll wakes all writers.
func (r *recorder) wakeAll() {
	for _, s := range r.queue.sections {
		s.wake()
	}
}

// undo notes which entries Redis had confirmed and no longer has. The entries of batch have been taken, and are newer than those.
func (r *recorder) undo(lost undone, batch []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.givenUp {
		return
	}
	r.stats.Undone += uint64(lost.requests())
	r.queue.undo(lost, batch)
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

// setConnected notes whether Redis took the last attempt to write of a section.
func (r *recorder) setConnected(s *section, connected bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.away = !connected
	r.countAway()
	r.checkDrained()
}

// countAway finds out whether all writers are connected, for whoever has the mutex.
func (r *recorder) countAway() {
	r.stats.Connected = !slices.ContainsFunc(r.queue.sections, func(s *section) bool { return s.away })
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
	r.checkDrained()
	r.wakeAll() // to write markers
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

// abandon gives up what waits, and returns how much. An entry that is on its way at this moment may arrive.
func (r *recorder) abandon() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.queue.length + r.writing
	r.stats.Indeterminate += uint64(r.sending)
	r.stats.Dropped.Closed += uint64(lost - r.sending)
	r.queue, r.writing, r.sending = newQueue(r.queue.size), 0, 0
	r.givenUp = true
	close(r.given)
	return lost
}

// entryIDs makes ids that are unique among all processes: a random part and a counter.
type entryIDs struct {
	process string
	count   atomic.Uint64
}

func newEntryIDs() *entryIDs {
	return &entryIDs{process: strings.ToLower(rand.Text()[:12]) + "-"}
}

func (i *entryIDs) next() string {
	var b [32]byte
	return string(strconv.AppendUint(append(b[:0], i.process...), i.count.Add(1), 36))
}
