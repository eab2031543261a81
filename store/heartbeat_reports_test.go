package store

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store/internal/feed"
)

// openQuietly returns a store that logs nothing, and is closed at the end of the test.
func openQuietly(t *testing.T, client redis.UniversalClient, options Options) *Store {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	logs, err := New(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) }) // nothing keeps it from writing what is queued
	return logs
}

func TestAnyReports(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	logs := openQuietly(t, client, Options{})
	ask := func(want bool) {
		t.Helper()
		if got, err := logs.anyReports(t.Context(), feed.Reports{}); err != nil || got.Reporting != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	ask(false)
	key := logs.keys.Application("old")
	client.SAdd(t.Context(), logs.keys.Applications(), "old")
	client.Set(t.Context(), key, `{"application":"old"}`, heartbeatKept-2*Silence)
	ask(false)
	client.Set(t.Context(), key, `{"application":"old"}`, heartbeatKept-Silence/2)
	ask(true)
	client.Del(t.Context(), key)
	ask(false)
	logs.Record(Entry{Username: "ada", Time: time.Now()}) // by an application that sends no heartbeats
	redistest.Eventually(t, "the entry is written", func() bool { return logs.Stats().Queued == 0 })
	client.Del(t.Context(), logs.keys.Applications())
	ask(true)
}

func TestTheShortestLimitOfListsIsKnown(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	for _, limit := range []int{25, 40} {
		openQuietly(t, client, Options{MaxEntries: limit}).Record(Entry{Username: "ada", Code: 200})
	}
	reader := openQuietly(t, client, Options{MaxEntries: 100})
	redistest.Eventually(t, "the shortest limit is 25", func() bool {
		reports, err := reader.anyReports(t.Context(), feed.Reports{})
		if err != nil {
			t.Fatal(err)
		}
		return reports.Shortest == 25
	})
}

// Switches that can't be read are not taken for ones that are on.
func TestSwitchesThatCannotBeReadStayAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	logs := openQuietly(t, client, Options{})
	off := Switches{NoRecord: true, NoPublish: true}
	if err := logs.SetSwitches(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	known, err := logs.anyReports(t.Context(), feed.Reports{})
	if err != nil || !known.Off || !known.NoPublish {
		t.Fatalf("known is %+v, %v", known, err)
	}
	key := logs.keys.Switches()
	for _, what := range [][]any{{"SET", key, "off"}, {"DEL", key}, {"LPUSH", key, "x"}, {"DEL", key}, {"ACL", "SETUSER", "default", "-getrange"}} {
		if err := client.Do(t.Context(), what...).Err(); err != nil {
			t.Fatal(err)
		}
		want := known
		if what[0] == "DEL" {
			want.Off, want.NoPublish = false, false
		}
		if got, err := logs.anyReports(t.Context(), known); err != nil || got != want {
			t.Errorf("after %v: %+v, %v", what, got, err)
		}
	}
}

// While a master of a Cluster hangs, what others have is there, and it is said that there may be more.
func TestAPartOfAClusterThatHangs(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	client := c.Client(t)
	logs := openQuietly(t, client, Options{})
	list := c.Master(logs.keys.Applications())
	var away *redistest.Server
	const n = 24
	for i := range n {
		id := strconv.Itoa(i)
		key := logs.keys.Application(id)
		client.SAdd(t.Context(), logs.keys.Applications(), id)
		client.Set(t.Context(), key, `{"application":"shop"}`, heartbeatKept)
		if master := c.Master(key); master != list {
			away = master
		}
		logs.Record(Entry{Username: "user-" + id, Method: "GET", Path: "/", Code: 500})
	}
	redistest.Eventually(t, "all users are there", func() bool {
		users, err := logs.InTrouble(t.Context(), 2*n) // who come to the index last
		return err == nil && len(users) == n
	})
	if err := c.Replica(away).Client(t).ConfigSet(t.Context(), "cluster-replica-no-failover", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	away.Pause()
	defer away.Resume()
	var reads sync.WaitGroup
	wantSome := func(what string, read func(context.Context) (int, error)) {
		reads.Go(func() {
			if some, err := read(t.Context()); some == 0 || some == n || !errors.Is(err, ErrPartial) {
				t.Errorf("%s: %d of %d, and %v", what, some, n, err)
			}
		})
	}
	wantSome("applications", func(ctx context.Context) (int, error) {
		found, err := logs.Applications(ctx)
		return len(found), err
	})
	wantSome("users seen", func(ctx context.Context) (int, error) {
		found, err := logs.LastSeen(ctx, 2*n)
		return len(found), err
	})
	wantSome("users with failures", func(ctx context.Context) (int, error) {
		found, err := logs.InTrouble(ctx, 2*n)
		return len(found), err
	})
	wantSome("names", func(ctx context.Context) (int, error) {
		found, err := logs.Search(ctx, "user", 2*n)
		return len(found.Users), err
	})
	reads.Go(func() {
		known := feed.Reports{Shortest: 25, Unpublished: true} // of those that can't be asked, as far as anybody knows
		if reports, err := logs.anyReports(t.Context(), known); err != nil || !reports.Reporting || reports.Shortest != 25 || !reports.Unpublished {
			t.Errorf("reports: %+v, %v", reports, err)
		}
	})
	reads.Wait()
}

// An application that ends in good order does not report any more. It is listed for what it has lost.
func TestAnApplicationThatHasEndedIsNotSilent(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	reader := openQuietly(t, client, Options{})
	logs, err := New(client, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	logs.Announce()
	logs.Record(Entry{Username: "\x00"})
	redistest.Eventually(t, "it has reported", func() bool {
		applications, err := reader.Applications(t.Context())
		return err == nil && len(applications) == 1
	})
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	applications, err := reader.Applications(t.Context())
	if err != nil || len(applications) != 1 || !applications[0].Ended || applications[0].Reporting() {
		t.Errorf("applications: %+v, %v", applications, err)
	}
}
