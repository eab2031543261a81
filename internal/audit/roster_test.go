//go:build unix

package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// process is what one process knows of viewings. Its own round comes long after the test has ended.
func process(t *testing.T, client redis.UniversalClient) *audit.Viewings {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	views := audit.NewViewings(audit.New(client, keys, audit.Options{}).Patient(), audit.NewRoster(client, keys).Patient(), quiet)
	t.Cleanup(func() { _ = views.Close(context.Background()) }) // a test may have closed it, or its Redis
	return views
}

// later has all viewings seen so much longer ago.
func later(t *testing.T, client redis.UniversalClient, by time.Duration) {
	t.Helper()
	for _, seen := range client.ZRangeWithScores(t.Context(), keys.ViewingsSeen(), 0, -1).Val() {
		client.ZIncrBy(t.Context(), keys.ViewingsSeen(), -float64(by.Milliseconds()), seen.Member.(string))
	}
}

// told is a word for each record.
func told(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	n := &notes{}
	n.records = all(t, audit.New(client, keys, audit.Options{}), audit.Filter{})
	return n.String()
}

func wantTold(t *testing.T, client redis.UniversalClient, want string) {
	t.Helper()
	if got := told(t, client); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// sweep is two rounds: in the first one after an outage, or of a process, nothing is claimed.
func sweep(t *testing.T, views *audit.Viewings) {
	t.Helper()
	for range 2 {
		if err := views.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A viewing goes on in another process, whether its own was stopped or killed, and ends once.
func TestAViewingOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		first := process(t, client)
		touch(t, first, rootViewsAda)
		if _, err := first.Begin(t.Context(), rootWatchesAda); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := process(t, client)
		end, err := second.Begin(t.Context(), rootWatchesAda)
		if err != nil {
			t.Fatal(err)
		}
		touch(t, second, rootViewsAda)
		end()
		third := process(t, client) // the second is killed: it says nothing any more
		touch(t, third, rootViewsAda)
		wantTold(t, client, "view/root/ada watch/root/ada")

		later(t, client, 2*time.Minute)
		sweep(t, process(t, client))
		records := all(t, audit.New(client, keys, audit.Options{}), audit.Filter{Action: audit.ViewEnded})
		if len(records) != 2 || records[0].Began+records[1].Began != 3 || records[0].Actor != "root" || records[0].Via != "browser" {
			t.Errorf("ends: %+v", records)
		}
		if left := client.Exists(t.Context(), keys.Viewings(), keys.ViewingsSeen()).Val(); left != 0 {
			t.Errorf("%d keys are left", left)
		}
	})
}

// What differs in any field is a look of its own, and so is what comes too late.
func TestOnlyTheSameViewingIsGoneOnWith(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		touch(t, process(t, client), rootViewsAda)
		for i, change := range []func(*audit.Viewing){
			func(v *audit.Viewing) { v.Actor.Name = "eve" },
			func(v *audit.Viewing) { v.Actor.Role = "viewer" },
			func(v *audit.Viewing) { v.Actor.Via = "token" },
			func(v *audit.Viewing) { v.Actor.Address = "192.0.2.2" },
			func(v *audit.Viewing) { v.Action = audit.Watch },
			func(v *audit.Viewing) { v.Subject = "bob" },
			func(v *audit.Viewing) { v.Subject = "" },
			func(v *audit.Viewing) { v.Reason = "ticket 12" },
		} {
			other := rootViewsAda
			change(&other)
			touch(t, process(t, client), other)
			if got := len(entries(t, client)); got != i+2 {
				t.Errorf("%+v: %d records, want %d", other, got, i+2)
			}
		}
		before := len(entries(t, client))
		later(t, client, audit.ViewingTimeout)
		touch(t, process(t, client), rootViewsAda)
		if got := len(entries(t, client)); got != before+1 {
			t.Errorf("a minute later: %d records, want one more than %d", got, before)
		}
	})
}

// After a failover to a master whose clock is an hour behind, no viewing lasts for an hour by itself.
func TestAViewingIsNotGoneOnWithInTheFuture(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		touch(t, process(t, client), rootViewsAda)
		bob := rootViewsAda
		bob.Subject = "bob"
		serving := process(t, client)
		touch(t, serving, bob)
		later(t, client, -time.Hour)
		touch(t, process(t, client), rootViewsAda)
		if got := len(entries(t, client)); got != 3 {
			t.Errorf("%d records, want 3", got)
		}
		sweep(t, process(t, client)) // nobody serves bob's any more
		for _, seen := range client.ZRangeWithScores(t.Context(), keys.ViewingsSeen(), 0, -1).Val() {
			if until := time.UnixMilli(int64(seen.Score)); until.After(time.Now().Add(time.Minute)) {
				t.Errorf("a viewing is seen at %s", until)
			}
		}
	})
}

// A viewing that is over is ended by the process that begins the next one.
func TestTheNextViewingEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		touch(t, process(t, client), rootViewsAda)
		later(t, client, audit.ViewingTimeout)
		next := process(t, client)
		touch(t, next, rootViewsAda)
		sweep(t, next)
		wantTold(t, client, "view/root/ada view/root/ada view-ended/root/ada/1/0s/view")
	})
}

// In the first round after an outage, other processes may still have to say what they serve.
func TestNothingIsClaimedRightAfterAnOutage(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	serving, other := process(t, client), process(t, client)
	if _, err := serving.Begin(t.Context(), rootWatchesAda); err != nil {
		t.Fatal(err)
	}
	later(t, client, time.Hour)
	for _, views := range []*audit.Viewings{other, serving, other} {
		if err := views.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantTold(t, client, "watch/root/ada")
}

// Each viewing that is over is ended by one of many processes.
func TestEveryEndIsRecordedOnce(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	const viewings = 700 // more than are noted, or claimed, at once
	first := process(t, client)
	for n := range viewings {
		viewing := rootViewsAda
		viewing.Subject = fmt.Sprint(n)
		touch(t, first, viewing)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	later(t, client, 2*time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), redistest.Patience)
	defer cancel()
	done := make(chan error)
	const processes = 4
	for range processes {
		views := process(t, client)
		go func() {
			var err error
			for swept := 0; swept < 3 && ctx.Err() == nil; {
				if err = views.Sweep(ctx); err == nil { // one to which others give no turn is made up for by the next
					swept++
				}
			}
			done <- err
		}()
	}
	for range processes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	began := make(map[int64]int)
	for _, r := range all(t, audit.New(client, keys, audit.Options{}), audit.Filter{Action: audit.ViewEnded}) {
		began[r.Began]++
	}
	for n := range int64(viewings) {
		if began[n+1] != 1 {
			t.Errorf("viewing %d has %d ends", n+1, began[n+1])
		}
	}
}

// What somebody else has put into the roster lets nobody look unrecorded, and stops nothing.
func TestAForgedRosterIsNone(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	touch(t, process(t, client), rootViewsAda)
	id := client.HKeys(t.Context(), keys.Viewings()).Val()[0]
	before := client.HGet(t.Context(), keys.Viewings(), id).Val()
	for n, line := range []string{"", "x", "1 {}", "1", " ", `1 {"began":-1}`, `1 {"actor":{"Name":"root"},"began":1}`, "-1 " + before} {
		client.HSet(t.Context(), keys.Viewings(), id, line)
		touch(t, process(t, client), rootViewsAda)
		if got := len(entries(t, client)); got != n+2 {
			t.Errorf("%q: %d records, want %d", line, got, n+2)
		}
	}
	later(t, client, time.Hour)
	sweep(t, process(t, client))
}

// Without the roster nobody can tell whether a look is a new one, so it is not shown.
func TestNoRosterNoLook(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	views := process(t, impatient(t, server))
	server.Kill()
	if err := views.Touch(t.Context(), rootViewsAda); err == nil {
		t.Error("a look is shown")
	}
}

// The roster says who looks now: who has just begun, and who has shown a sign of life lately. An agent who has gone does not look.
func TestWhoLooksNow(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		roster := audit.NewRoster(client, keys)
		looking := func() []audit.Viewing {
			t.Helper()
			found, err := roster.Looking(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if got := looking(); len(got) != 0 {
			t.Errorf("nobody looks: %+v", got)
		}
		views := process(t, client)
		touch(t, views, rootViewsAda)
		end, err := views.Begin(t.Context(), rootWatchesAda)
		if err != nil {
			t.Fatal(err)
		}
		if got := looking(); len(got) != 2 || !slices.Contains(got, rootViewsAda) || !slices.Contains(got, rootWatchesAda) {
			t.Errorf("two look: %+v", got)
		}
		later(t, client, 16*time.Second)
		if got := looking(); len(got) != 0 {
			t.Errorf("without a sign of life: %+v", got)
		}
		sweep(t, views) // the page has not asked again since, and the socket is open
		if got := looking(); !slices.Contains(got, rootWatchesAda) {
			t.Errorf("an open socket: %+v", got)
		}
		end()
		client.HSet(t.Context(), keys.Viewings(), "x", "nonsense")
		client.ZAdd(t.Context(), keys.ViewingsSeen(), redis.Z{Score: 1e14, Member: "x"}, redis.Z{Score: 1e14, Member: "y"})
		if got := looking(); slices.ContainsFunc(got, func(v audit.Viewing) bool { return v.Subject != "ada" }) {
			t.Errorf("what others have written: %+v", got)
		}
	})
}
