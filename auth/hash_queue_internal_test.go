package auth

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A client that would wait too long is told so, and a known browser does not wait for strangers.
func TestTheQueueOfHashesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ctx := newHasher(Cost{Memory: 8, Passes: 1, Threads: 1}), t.Context()
		release := make(chan struct{})
		h.derive = func(string, passwordHash) []byte { <-release; return nil }
		var all sync.WaitGroup
		var mu sync.Mutex
		var busy, done int
		check := func(ctx context.Context) {
			_, err := h.sum(ctx, "x", h.blank())
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrBusy) {
				busy++
			} else {
				done++
			}
		}
		counts := func() (int, int) {
			mu.Lock()
			defer mu.Unlock()
			return busy, done
		}
		for range maxHashes + maxQueue {
			all.Go(func() { check(ctx) })
		}
		synctest.Wait()
		all.Go(func() { check(ctx) })
		synctest.Wait()
		if busy, _ := counts(); busy != 1 {
			t.Errorf("beyond the queue, %d are told that it is full", busy)
		}
		begun := time.Now()
		time.Sleep(maxWait + time.Second)
		synctest.Wait()
		if busy, _ := counts(); busy != 1+maxQueue {
			t.Errorf("after %v, %d of %d that wait are told so", time.Since(begun), busy-1, maxQueue)
		}
		known := make(chan struct{})
		h.derive = func(string, passwordHash) []byte { close(known); return nil }
		all.Go(func() { check(FromKnownBrowser(ctx)) })
		<-known // while strangers have all the other slots
		close(release)
		all.Wait()
		if done != maxHashes+1 {
			t.Errorf("%d were checked", done)
		}
	})
}

// With little memory one hash is computed at a time, of strangers and known browsers together.
func TestOneHashAtATimeWithLittleMemory(t *testing.T) {
	before := debug.SetMemoryLimit(200 << 20)
	defer debug.SetMemoryLimit(before)
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(Cost{Memory: 8, Passes: 1, Threads: 1})
		var mu sync.Mutex
		var now, most, done int
		h.derive = func(string, passwordHash) []byte {
			mu.Lock()
			now, done = now+1, done+1
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		}
		var all sync.WaitGroup
		for range 10 {
			for _, ctx := range []context.Context{t.Context(), FromKnownBrowser(t.Context())} {
				all.Go(func() {
					if _, err := h.sum(ctx, "x", h.blank()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if most != 1 || done != 20 {
			t.Errorf("%d of %d were computed at once", most, done)
		}
	})
}
