package soak

import (
	"runtime"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A long outage of a busy application costs what the queue holds, and no goroutines. The garbage that it makes is judged only
// in the long form: how much of it there is at a time depends on what else the machine does.
func TestMemory(t *testing.T) {
	const mayGrow = 32 << 20
	away := long(3*time.Second, 60*time.Second)
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	load := startLoad(t, logs, 5000)
	during(t, logs, time.Second)
	heap, goroutines := heapInUse(), runtime.NumGoroutine()
	server.Kill()
	var peak uint64
	most := 0
	for end := time.Now().Add(away); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak, most = max(peak, m.HeapAlloc), max(most, runtime.NumGoroutine())
	}
	// Dialling takes a goroutine or two for as long as it lasts.
	redistest.Eventually(t, "there are no more goroutines than before", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	load.stop()
	if s := logs.Stats(); s.Queued == 0 || s.Dropped.QueueFull == 0 || s.Queued > store.DefaultQueueSize+batch {
		t.Errorf("that was no outage, or more waits than the queue holds and a batch: %+v", s)
	}
	grown, kept := max(peak, heap)-heap, max(heapInUse(), heap)-heap
	if long(kept, grown) > mayGrow {
		t.Errorf("the heap grew by %d bytes, of which %d are kept", grown, kept)
	}
	server.Restart()
	settled(t, logs)
	summary(t, logs, "memory", "away", away, "heap grew by (KiB, with garbage)", grown>>10, "of which is kept", kept>>10,
		"goroutines", goroutines, "at most", most, "slowest Record", load.slowest)
}

// heapInUse is the size of all that is reachable, in bytes.
func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
