package store_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestRecordNamesTheApplication(t *testing.T) {
	t.Parallel()
	logs := storetest.Open(t, redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{Application: "shop"})
	logs.Record(store.Entry{Username: "ada"})
	logs.Record(store.Entry{Username: "ada", Application: "relayed"})
	storetest.Written(t, logs)
	log, err := logs.Log(t.Context(), "ada")
	if err != nil || len(log.Entries) != 2 || log.Entries[1].Application != "shop" || log.Entries[0].Application != "relayed" {
		t.Errorf("%+v, %v", log, err)
	}
}

func TestOutageLosesNothingThatFits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{MaxEntries: 500, QueueSize: 300})
	for n := range 100 {
		logs.Record(storetest.Entry("ada", n))
	}
	storetest.Written(t, logs)
	server.Kill()
	for n := 100; n < 650; n++ {
		logs.Record(storetest.Entry("ada", n))
	}
	redistest.Eventually(t, "the outage is noticed", func() bool { return !logs.Stats().Connected })
	storetest.Balanced(t, logs.Stats())
	server.Restart()
	storetest.Written(t, logs)
	stats := logs.Stats()
	if stats.Dropped.QueueFull < 150 || stats.Dropped.QueueFull > 250 || stats.Indeterminate != 0 || !stats.Connected {
		t.Errorf("after the outage: %+v", stats)
	}
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	entries, _ := log.Requests()
	if len(entries) != int(stats.Written) {
		t.Errorf("%d entries in the log, %d written", len(entries), stats.Written)
	}
	before := 650
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimPrefix(e.Path, "/"))
		if err != nil || n >= before {
			t.Fatalf("%s comes after /%d", e.Path, before)
		}
		before = n
	}
}

func TestAFloodDropsNothingOfOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{QueueSize: 320})
	logs.Record(storetest.Entry("ada", 0))
	storetest.Written(t, logs)
	server.Kill()
	for n := range 2000 {
		if n%100 == 0 {
			for u := range 10 {
				logs.Record(storetest.Entry(fmt.Sprintf("user-%d", u), n/100))
			}
		}
		logs.Record(storetest.Entry("flood", n))
	}
	server.Restart()
	storetest.Written(t, logs)
	stats := logs.Stats()
	if lost := stats.Dropped.Total() + stats.Indeterminate; stats.Dropped.UserShare < 1500 || stats.Dropped.UserShare != lost {
		t.Errorf("after the outage: %+v", stats)
	}
	for u := range 10 {
		log, err := logs.Log(t.Context(), fmt.Sprintf("user-%d", u))
		if err != nil || len(log.Entries) != 20 {
			t.Errorf("user %d has %d entries, %v", u, len(log.Entries), err)
		}
	}
}

func TestCloseWithAHungRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	logs.Record(storetest.Entry("ada", 0))
	storetest.Written(t, logs)
	before := logs.Stats()
	server.Pause()
	for n := range 1000 {
		logs.Record(storetest.Entry("ada", n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := logs.Close(ctx)
	if err == nil {
		t.Error("Close did not say that entries were lost")
	}
	closed := logs.Stats()
	if closed.Queued != 0 || closed.Written != before.Written || closed.Dropped.Closed+closed.Indeterminate != before.Indeterminate+1000 {
		t.Errorf("the stats when Close returns: %+v", closed)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options store.Options
		names   string
	}{
		{store.Options{MaxEntries: -1}, "MaxEntries is -1"},
		{store.Options{Retention: time.Millisecond}, "Retention is 1ms"},
		{store.Options{QueueSize: -5}, "QueueSize is -5"},
		{store.Options{KeyPrefix: "a*"}, `"a*"`},
		{store.Options{MaskQuery: []string{"--"}}, `"--"`},
	} {
		if _, err := store.Open("redis://localhost", test.options); err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%+v: got %v, want an error that says %s", test.options, err, test.names)
		}
	}
	for _, url := range []string{"", "localhost:6379", "http://x", "redis://user:hunter2@host:port"} {
		if _, err := store.Open(url, store.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := store.New(nil, store.Options{}); err == nil {
		t.Error("a nil client was accepted")
	}
}
