package store_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// reporting waits until n processes are listed, and returns them.
func reporting(t *testing.T, logs *store.Store, n int) []store.Application {
	t.Helper()
	var found []store.Application
	until(t, "the processes are listed", func() bool {
		var err error
		if found, err = logs.Applications(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(found) == n
	})
	return found
}

func TestApplicationsReportThemselves(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		reader := open(t, client, store.Options{})
		shop := open(t, client, store.Options{Application: "shop", Version: "v1.2.3"})
		blog := open(t, client, store.Options{Application: "blog"})
		if found := reporting(t, reader, 0); len(found) != 0 {
			t.Fatalf("before anything was recorded: %+v", found)
		}
		shop.Announce() // nobody makes a request
		blog.Record(entry("ada", 1))
		found := reporting(t, reader, 2)
		if found[0].Name != "blog" || found[1].Name != "shop" || found[1].Version != "v1.2.3" || found[0].Host == "" {
			t.Errorf("listed: %+v", found)
		}
		for _, a := range found {
			if !a.Reporting() || a.Age < 0 || a.Age > 5*time.Second || time.Since(a.Started) > time.Minute {
				t.Errorf("times: %+v", a)
			}
		}
		if found[0].Stats.Accepted != 1 || found[1].Stats.Accepted != 0 {
			t.Errorf("books: %+v", found)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := reporting(t, reader, 1); found[0].Name != "blog" {
			t.Errorf("after the shop was closed: %+v", found)
		}
	})
}

func TestApplicationsReportTheirLastHour(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		reader := open(t, client, store.Options{})
		logs := open(t, client, store.Options{MaxEntries: 40})
		logs.Record(entry("a\nb", 1)) // what has lost an entry reports once more as it closes: with all that follows
		for n, code := range []int{200, 304, 404, 422, 500} {
			e := entry("ada", n)
			e.Code, e.Time = code, time.Now().Add(-10*time.Minute)
			logs.Record(e)
		}
		if err := logs.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		found := reporting(t, reader, 1)
		want := store.Minute{Requests: 5, ClientErrors: 2, ServerErrors: 1}
		if hour := found[0].LastHour; hour[49] != want && hour[48] != want { // a minute may have begun meanwhile
			t.Errorf("ten minutes ago: %v", hour)
		}
		if found[0].MaxEntries != 40 {
			t.Errorf("its logs have %d entries", found[0].MaxEntries)
		}
	})
}

func TestAnApplicationThatStoppedReportingIsNotReporting(t *testing.T) {
	client := redistest.Start(t).Client(t)
	logs := open(t, client, store.Options{})
	logs.Announce()
	found := reporting(t, logs, 1)
	key := logs.Keys().Application(found[0].ID)
	if err := client.PExpire(t.Context(), key, 58*time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if found := reporting(t, logs, 1); found[0].Reporting() || found[0].Age < 2*time.Minute {
		t.Errorf("silent for two minutes: %+v", found)
	}
	if err := client.Set(t.Context(), key, "garbage", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	reporting(t, logs, 0)
}

func TestAnApplicationThatLostEntriesStaysListed(t *testing.T) {
	client := redistest.Start(t).Client(t)
	reader := open(t, client, store.Options{})
	lossy := open(t, client, store.Options{})
	lossy.Record(entry("a\nb", 1))
	lossy.Record(entry("ada", 1))
	written(t, lossy)
	if err := lossy.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := reporting(t, reader, 1); found[0].Stats.Dropped.InvalidUsername != 1 || found[0].Stats.Written != 1 {
		t.Errorf("listed: %+v", found)
	}
}
