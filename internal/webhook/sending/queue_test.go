package sending_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
)

var keys = webhook.Keys{Prefix: "userlog:"}

// notes are what a Redis has of how sending goes.
func notes(client redis.UniversalClient) webhook.Reader {
	return webhook.Reader{Client: client, Keys: keys}
}

// lead has a queue lead, or not.
func lead(t *testing.T, q *sending.Queue) bool {
	t.Helper()
	leading, err := q.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leading
}

// One process leads at a time. Where it resigns or is not heard of, another one does.
func TestOneProcessLeads(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		one, other := sending.NewQueue(client, keys), sending.NewQueue(client, keys)
		if has, err := notes(client).HasLeader(t.Context()); has || err != nil {
			t.Errorf("at first: %v, %v", has, err)
		}
		if !lead(t, one) || lead(t, other) || !lead(t, one) {
			t.Error("not the first one leads, or not only that")
		}
		if left := client.PTTL(t.Context(), keys.Leader()).Val(); left <= 0 || left > sending.Lease {
			t.Errorf("it leads for %v", left)
		}
		if has, err := notes(client).HasLeader(t.Context()); !has || err != nil {
			t.Errorf("while one leads: %v, %v", has, err)
		}
		if err := other.Resign(t.Context()); err != nil || lead(t, other) {
			t.Errorf("who does not lead has resigned: %v", err)
		}
		if err := one.Resign(t.Context()); err != nil || !lead(t, other) || lead(t, one) {
			t.Errorf("after it has resigned, the other does not lead: %v", err)
		}
		client.Del(t.Context(), keys.Leader()) // as when its time is over
		if !lead(t, one) {
			t.Error("where the leader is not heard of, nobody leads")
		}
	})
}

// About a subject there is one message a minute, of the leader, in each queue.
func TestAMessageIsPostedOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		one, other := sending.NewQueue(client, keys), sending.NewQueue(client, keys)
		until := time.UnixMicro(1_700_000_000_123_456).UTC()
		post := func(q *sending.Queue, subject, id string) error {
			full, err := q.Post(t.Context(), subject, until, sending.Message{ID: id}, []string{"a", "b"})
			if len(full) > 0 {
				t.Errorf("there is no room in %q", full)
			}
			return err
		}
		if err := post(one, "s", "m0"); !errors.Is(err, sending.ErrNotLeading) {
			t.Errorf("without a leader: %v", err)
		}
		lead(t, one)
		if told, err := one.Told(t.Context(), "s"); err != nil || !told.At.IsZero() {
			t.Errorf("before: %+v, %v", told, err)
		}
		if err := errors.Join(post(one, "s", "m1"), post(one, "other", "m2")); err != nil {
			t.Error(err)
		}
		if err := post(one, "s", "m3"); !errors.Is(err, sending.ErrTold) {
			t.Errorf("a second one: %v", err)
		}
		if told, err := other.Told(t.Context(), "s"); err != nil || !told.Until.Equal(until) || time.Since(told.At).Abs() > time.Hour {
			t.Errorf("another process is told %+v, %v", told, err)
		}
		if err := one.Resign(t.Context()); err != nil || !lead(t, other) {
			t.Fatal(err)
		}
		if err := post(one, "new", "m4"); !errors.Is(err, sending.ErrNotLeading) {
			t.Errorf("of one that led: %v", err)
		}
		if err := post(other, "s", "m5"); !errors.Is(err, sending.ErrTold) {
			t.Errorf("of the next leader: %v", err)
		}
		client.Set(t.Context(), keys.Told("s"), "1700000000000 1", 0) // as a minute later
		if err := post(other, "s", "m6"); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"a", "b"} {
			ids := client.ZRange(t.Context(), keys.Queue(name), 0, -1).Val()
			if slices.Sort(ids); strings.Join(ids, " ") != "m1 m2 m6" {
				t.Errorf("%s has %q", name, ids)
			}
			for _, key := range []string{keys.Queue(name), keys.Messages(name), keys.Told("s")} {
				if client.PTTL(t.Context(), key).Val() <= 0 {
					t.Errorf("%s stays for ever", key)
				}
			}
		}
	})
}

// A queue takes so many messages and no more, and others go on. What has no room is a loss of its destination.
func TestQueuesAreBounded(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		q := sending.NewQueue(client, keys)
		lead(t, q)
		for i := range sending.MaxQueue {
			client.ZAdd(t.Context(), keys.Queue("a"), redis.Z{Score: float64(i), Member: i})
		}
		full, err := q.Post(t.Context(), "s", time.Now(), sending.Message{ID: "m"}, []string{"a", "b"})
		if err != nil || !slices.Equal(full, []string{"a"}) {
			t.Errorf("no room is in %q, %v", full, err)
		}
		if a, b := client.ZCard(t.Context(), keys.Queue("a")).Val(), client.ZCard(t.Context(), keys.Queue("b")).Val(); a != sending.MaxQueue || b != 1 {
			t.Errorf("%d and %d messages wait", a, b)
		}
		states, err := notes(client).States(t.Context())
		if err != nil || len(states) != 1 || states[0].Name != "a" || states[0].Lost != 1 || !states[0].Failing() || time.Since(states[0].At).Abs() > time.Hour {
			t.Errorf("the states are %+v, %v", states, err)
		}
	})
}

// All of it works on a Cluster, whose keys are at several masters.
func TestQueuesOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	r := newReceiver(t)
	one, other := newProcess(t, client, r.destination()), newProcess(t, client, r.destination())
	lead(t, one.queue)
	for _, id := range []string{"m1", "m2", "m3"} {
		if err := one.dispatcher.Post(t.Context(), id, time.Now(), sending.Message{ID: id, Time: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	other.run(t)
	one.run(t)
	if got := r.await(3); got != "m1 m2 m3" {
		t.Errorf("received %q", got)
	}
	redistest.Eventually(t, "that is noted", func() bool {
		states, err := notes(client).States(t.Context())
		return err == nil && len(states) == 1 && !states[0].Sent.IsZero()
	})
	for _, name := range []string{keys.Rules(), keys.Leader(), keys.State(), keys.Queue("to"), keys.Messages("to"), keys.Told("m1")} {
		if cluster.Slot(name) != cluster.Slot(keys.Leader()) {
			t.Errorf("%s is in another slot", name)
		}
	}
}
