package soak

import (
	"context"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A Redis that is away for a while loses nothing, and a viewer sees it live again soon.
func TestOutage(t *testing.T) {
	t.Parallel()
	const rate = 1000
	away := 3 * time.Second
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	client := server.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	viewer := view(t, logs)
	load := startLoad(t, logs, rate)
	during(t, logs, time.Second)
	server.Kill()
	during(t, logs, away)
	server.Restart()
	back := time.Now()
	viewer.await(t, back)
	live := time.Since(back)
	load.stop()
	present := audit(t, logs, client)
	s := logs.Stats()
	if s.Dropped.Total() != 0 {
		t.Errorf("entries were dropped: %+v", s)
	}
	// Of what was on its way when Redis was killed nobody can tell whether it got there.
	if s.Indeterminate > inDoubt(1) {
		t.Errorf("more than one batch is indeterminate: %+v", s)
	}
	if live > long(patience, 2*time.Second) {
		t.Errorf("live only %v after Redis was back", live)
	}
	summary(t, logs, "outage of 3 s at 1000/s", "present", present, "live again after", live, "slowest Record", load.slowest)
}

// viewer watches the log of one user, as a live page does.
type viewer struct {
	times chan time.Time // of the newest entry of each update
	twice chan string    // ids
}

func view(t *testing.T, logs *store.Store) *viewer {
	t.Helper()
	subscription, err := logs.Subscribe(users()[0], "")
	if err != nil {
		t.Fatal(err)
	}
	v := &viewer{times: make(chan time.Time, 10_000), twice: make(chan string, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.run(subscription)
	}()
	t.Cleanup(func() {
		subscription.Close()
		<-ended
		select {
		case id := <-v.twice:
			t.Errorf("a viewer saw %s twice", id)
		default:
		}
	})
	return v
}

func (v *viewer) run(subscription *store.Subscription) {
	seen := map[string]bool{}
	for {
		update, err := subscription.Next(context.Background())
		if err != nil {
			return
		}
		for _, e := range update.Entries {
			if seen[e.ID] {
				select {
				case v.twice <- e.ID:
				default:
				}
			}
			seen[e.ID] = true
		}
		if n := len(update.Entries); n > 0 {
			select {
			case v.times <- update.Entries[n-1].Time:
			default:
			}
		}
	}
}

// await waits until the viewer has seen something that was recorded after since.
func (v *viewer) await(t *testing.T, since time.Time) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case at := <-v.times:
			if at.After(since) {
				return
			}
		case <-timeout:
			t.Fatal("the viewer is not live again")
		}
	}
}
