package store

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// aPace is a pace by a clock of its own.
type aPace struct {
	pace
	t      *testing.T
	client *redis.Client
	now    time.Time
}

const viewersOfTest = "userlog:log:"

// batches has batches begin at intervals for a while. Each asks again, as a transaction does.
func (p *aPace) batches(interval, total time.Duration) {
	p.t.Helper()
	for end := p.now.Add(total); p.now.Before(end); p.now = p.now.Add(interval) {
		p.begin(p.client, viewersOfTest, p.now)
		pipe := p.client.Pipeline()
		if question := p.queue(p.t.Context(), pipe, viewersOfTest); question != nil {
			_, _ = pipe.Exec(p.t.Context()) // the error is the question's
			p.take(question)
		}
	}
}

// expect is whether entries may gather for longer.
func (p *aPace) expect(unwatched bool, when string) {
	p.t.Helper()
	want := gatherTime
	if unwatched {
		want = unwatchedTime
	}
	if p.unwatched() != unwatched || p.due().Sub(p.last) != want {
		p.t.Errorf("%s: entries gather for %s, want %s", when, p.due().Sub(p.last), want)
	}
}

func newPace(t *testing.T, client *redis.Client) *aPace {
	return &aPace{t: t, client: client, now: time.Now()}
}

// subscribers waits until a channel has so many.
func subscribers(t *testing.T, client *redis.Client, channel string, n int64) {
	t.Helper()
	redistest.Eventually(t, "the subscription", func() bool { return client.PubSubNumSub(t.Context(), channel).Val()[channel] == n })
}

func TestEntriesGatherForLongerWhereNobodyWatches(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	p := newPace(t, client)
	p.expect(false, "before the first batch")
	p.batches(100*time.Millisecond, steadyTime)
	p.expect(false, "before entries keep coming")
	p.batches(100*time.Millisecond, steadyTime)
	p.expect(true, "when they keep coming")

	viewer := client.Subscribe(t.Context(), viewersOfTest)
	defer viewer.Close()
	subscribers(t, client, viewersOfTest, 1)
	p.batches(time.Second, 2*time.Second)
	p.expect(false, "with a viewer")
	if err := viewer.Close(); err != nil {
		t.Fatal(err)
	}
	subscribers(t, client, viewersOfTest, 0)
	p.batches(time.Second, 2*time.Second)
	p.expect(true, "when the viewer is gone")

	p.heard()
	p.expect(false, "when somebody has heard an entry all the same")
	p.batches(time.Second, heardTime+2*time.Second)
	p.expect(true, "when nobody has heard one for a while")

	p.now = p.now.Add(steadyGap)
	p.batches(time.Second, time.Second)
	p.expect(false, "after a pause, in which somebody may have come")
}

func TestEntriesGatherBrieflyWhereItIsNotKnownWhoWatches(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	root := server.Client(t)
	if err := root.Do(t.Context(), "acl", "setuser", "old", "on", "nopass", "~*", "&*", "+@all", "-pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Address, Username: "old", Password: "any", Protocol: 2})
	t.Cleanup(func() { client.Close() })
	p := newPace(t, client)
	p.batches(100*time.Millisecond, 4*time.Second)
	p.expect(false, "where Redis does not let us ask")
	p.client = root
	p.batches(100*time.Millisecond, refusedTime+4*time.Second)
	p.expect(true, "when it does again")
	p.client = client
	p.batches(100*time.Millisecond, time.Second)
	p.expect(false, "when a transaction was refused")
	p.client = root
	p.begin(root, "", p.now)
	p.expect(false, "where the channel can't tell")
}

// Half of a small queue is enough for a batch: the rest is for what comes meanwhile.
func TestGatheringEndsEarly(t *testing.T) {
	for name, test := range map[string]struct {
		size, entries int
		do            func(*recorder)
	}{
		"a batch":               {4096, maxBatch, func(*recorder) {}},
		"half of a small queue": {40, 20, func(*recorder) {}},
		"a queue of one":        {1, 1, func(*recorder) {}},
		"the end":               {4096, 1, func(r *recorder) { close(r.closed) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := unswitchedRecorder(Options{QueueSize: test.size})
			gathered := make(chan struct{})
			go func() {
				r.gather(r.only(), time.Now().Add(time.Hour), nil)
				close(gathered)
			}()
			for range test.entries {
				r.record(&Entry{Username: "ada"})
			}
			test.do(r)
			<-gathered
			select {
			case <-r.only().work:
			default:
			}
			r.take(r.only(), nil)
			r.record(&Entry{Username: "ada"})
			<-r.only().work // by the first entry again
		})
	}
}
