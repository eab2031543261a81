package storetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

var keeping = []test{
	{"WhatAPersonDidIsKept", testWhatAPersonDidIsKept},
	{"AllMeansShowTheSame", testAllMeansShowTheSame},
	{"NothingIsKeptTwiceForPagesOnly", testNothingIsKeptTwiceForPagesOnly},
	{"KeptIsBoundedAndExpires", testKeptIsBoundedAndExpires},
	{"OnlyFetchesAreShown", testOnlyFetchesAreShown},
	{"ADeletedLogStaysDeleted", testADeletedLogStaysDeleted},
	{"KeptByTwoProcesses", testKeptByTwoProcesses},
	{"BracesInNames", testBracesInNames},
	{"RepeatsAreCounted", testRepeatsAreCounted},
	{"AFailureThatRepeatsCountsOnce", testAFailureThatRepeatsCountsOnce},
	{"FailuresOutliveTheLog", testFailuresOutliveTheLog},
	{"FailuresOfTwoProcesses", testFailuresOfTwoProcesses},
	{"ALoginSolvesNoFailure", testALoginSolvesNoFailure},
	{"FailuresOfADeletedLogAreDeleted", testFailuresOfADeletedLogAreDeleted},
}

// keptEntries is MaxEntries of the stores of these tests.
const keptEntries = 10

// visit is what a person does first in each of these tests, and how it is shown, the newest entry first.
func visit(username string, begun time.Time) []store.Entry {
	entries := []store.Entry{
		{Path: "/orders", Kind: store.KindPage, Code: 200},
		{Path: "/orders/7", Kind: store.KindPage, Code: 200, From: "/orders"},
		{Path: "/boom", Kind: store.KindPage, Code: 500, From: "/orders/7"},
		{Path: "/dash", Kind: store.KindPage, Code: 200},
	}
	for i := range entries {
		entries[i].Username, entries[i].Method, entries[i].Time = username, http.MethodGet, begun.Add(time.Duration(i)*time.Second)
	}
	return entries
}

const visited = "dash boom orders/7 orders"

// background is what comes by itself on /dash, entry i of it.
type background struct {
	name  string
	every time.Duration
	times int
	entry func(i int) store.Entry
	late  time.Duration // of every third
}

// fetched is a request that a script on /dash made.
func fetched(path string, code int) store.Entry {
	return store.Entry{Method: http.MethodGet, Path: path, Kind: store.KindFetch, Code: code, From: "/dash"}
}

func of(kind store.Kind, method, path string, code int) func(int) store.Entry {
	return func(int) store.Entry {
		return store.Entry{Method: method, Path: path, Kind: kind, Code: code, From: "/dash"}
	}
}

var backgrounds = []background{
	{name: "a poll", every: time.Second, times: 300, entry: of(store.KindFetch, "GET", "/poll", 200)},
	{name: "a poll that is not modified", every: time.Second, times: 300, entry: of(store.KindFetch, "GET", "/poll", 304)},
	{name: "a poll with another query each time", every: time.Second, times: 100, entry: func(i int) store.Entry { return fetched(fmt.Sprintf("/poll?t=%d", i), 200) }},
	{name: "two polls", every: time.Second, times: 100, entry: func(i int) store.Entry { return fetched([]string{"/a", "/b"}[i%2], 200) }},
	{name: "a poll that fails", every: time.Second, times: 300, entry: of(store.KindFetch, "GET", "/poll", 503)},
	{name: "a poll that fails every other time", every: time.Second, times: 300, entry: func(i int) store.Entry { return fetched("/poll", []int{200, 503}[i%2]) }},
	{name: "a poll that fails with another query each time", every: time.Second, times: 100, entry: func(i int) store.Entry { return fetched(fmt.Sprintf("/poll?t=%d", i), 503) }},
	{name: "a poll that fails now and then", every: 2 * time.Minute, times: 20, entry: of(store.KindFetch, "GET", "/poll", 503)},
	{name: "40 images", every: 10 * time.Millisecond, times: 40, entry: func(i int) store.Entry {
		return store.Entry{Method: "GET", Path: fmt.Sprintf("/img/%d.png", i), Kind: store.KindAsset, Code: 200, From: "/dash"}
	}},
	{name: "40 images that are missing", every: 10 * time.Millisecond, times: 40, entry: func(i int) store.Entry {
		return store.Entry{Method: "GET", Path: fmt.Sprintf("/img/%d.png", i), Kind: store.KindAsset, Code: 404, From: "/dash"}
	}},
	{name: "prefetches", every: 100 * time.Millisecond, times: 40, entry: func(i int) store.Entry {
		return store.Entry{Method: "GET", Path: fmt.Sprintf("/orders/%d", i), Kind: store.KindPrefetch, Code: 200, From: "/dash"}
	}},
	{name: "beacons", every: time.Second, times: 100, entry: of(store.KindBeacon, "POST", "/metrics", 204)},
	{name: "sockets that connect again and again", every: time.Second, times: 100, entry: of(store.KindSocket, "GET", "/ws", 101)},
	{name: "sockets that fail again and again", every: time.Second, times: 100, entry: of(store.KindSocket, "GET", "/ws", 502)},
	{name: "fragments that htmx polls", every: time.Second, times: 100, entry: of(store.KindFragment, "GET", "/part", 200)},
	{name: "HEAD of a program", every: time.Second, times: 100, entry: func(int) store.Entry { return store.Entry{Method: "HEAD", Path: "/health", Code: 200} }},
	{name: "a program that polls", every: time.Second, times: 100, entry: func(i int) store.Entry {
		return store.Entry{Method: "GET", Path: fmt.Sprintf("/api/jobs?t=%d", i), Code: 200}
	}},
	{name: "a program that polls now and then", every: time.Second, times: 100, late: 700 * time.Millisecond, entry: func(i int) store.Entry {
		return store.Entry{Method: "GET", Path: fmt.Sprintf("/api/jobs?t=%d", i), Code: 200}
	}},
	{name: "a page that reloads itself", every: 5 * time.Second, times: 100, entry: func(int) store.Entry {
		return store.Entry{Method: "GET", Path: "/board", Kind: store.KindPage, Code: 200}
	}},
	{name: "changes like clockwork", every: 5 * time.Second, times: 100, entry: of(store.KindFetch, "POST", "/heartbeat", 204)},
	{name: "a page that was given up", every: time.Second, times: 100, entry: of(store.KindFetch, "GET", "/slow", 0)},
}

// play records what a person did and what comes by itself after it.
func play(logs *store.Store, username string, b background) {
	begun := time.Now().Add(-time.Hour)
	for _, e := range visit(username, begun) {
		logs.Record(e)
	}
	for i := range b.times {
		e := b.entry(i)
		e.Username, e.Time = username, begun.Add(5*time.Second+time.Duration(i)*b.every)
		if i%3 == 0 {
			e.Time = e.Time.Add(b.late)
		}
		logs.Record(e)
	}
}

// done are the paths of what a person did of entries, newest first.
func done(entries []store.Entry) string {
	return Paths(slices.DeleteFunc(slices.Clone(entries), func(e store.Entry) bool {
		return e.Kind != store.KindPage || e.Path == "/board"
	}))
}

func testWhatAPersonDidIsKept(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	for i, b := range backgrounds {
		username := fmt.Sprintf("user-%d", i)
		play(logs, username, b)
		Written(t, logs)
		log, err := logs.Log(t.Context(), username)
		if err != nil {
			t.Fatal(err)
		}
		if got := done(log.Entries); got != visited {
			t.Errorf("%s: %q is left of what the person did", b.name, got)
		}
		newest := b.entry(b.times - 1).Path
		if log.Entries[0].Path != newest || len(log.Entries) > 2*keptEntries {
			t.Errorf("%s: %d entries, the newest %s, want %s", b.name, len(log.Entries), log.Entries[0].Path, newest)
		}
		if !slices.IsSortedFunc(log.Entries, func(a, b store.Entry) int { return b.Time.Compare(a.Time) }) {
			t.Errorf("%s: out of order: %s", b.name, Paths(log.Entries))
		}
	}
}

// A log shows the same when it is read, when it is joined, and when it is joined while others watch it.
func testAllMeansShowTheSame(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	first := Watch(t, logs, "ada", "")
	first.Live(0)
	play(logs, "ada", backgrounds[0])
	Written(t, logs)
	first.Until(func() bool { return len(first.Entries) == 304 })
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(log.Entries)
	want := Paths(log.Entries)
	late := Watch(t, logs, "ada", "")
	late.Live(1)
	late.Shows(want)

	newest, err := logs.Newest(t.Context(), keptEntries, "ada")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(newest[0].Entries)
	if got := Paths(newest[0].Entries); got != want {
		t.Errorf("the newest: %s\nwant: %s", got, want)
	}
	first.Updates.Close()
	late.Updates.Close()
	other := Open(t, connectAgain(t, logs), store.Options{MaxEntries: keptEntries})
	joined := Watch(t, other, "ada", "")
	joined.Live(1)
	joined.Shows(want)

	// A viewer who comes back to entries that have been left out is told of a gap, and not of what she has.
	back := Watch(t, other, "ada", log.Entries[1].Cursor())
	back.Live(1)
	if got, rest := back.Paths(), Paths(log.Entries[2:]); got != rest || back.Gaps != 1 {
		t.Errorf("after a gap (%d): %s\nwant: %s", back.Gaps, got, rest)
	}
}

// connectAgain returns another client of a store's Redis, as another process has one.
func connectAgain(t *testing.T, logs *store.Store) redis.UniversalClient {
	t.Helper()
	switch client := logs.Client().(type) {
	case *redis.Client:
		other := redis.NewClient(client.Options())
		t.Cleanup(func() { _ = other.Close() })
		return other
	default:
		return client
	}
}

func testNothingIsKeptTwiceForPagesOnly(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: keptEntries})
	Record(logs, "ada", 0, 40)
	Written(t, logs)
	Record(logs, "ada", 40, 60)
	Written(t, logs)
	if n := client.Exists(t.Context(), Keys(logs).Kept("ada")).Val(); n != 0 {
		t.Error("pages are kept twice")
	}
	if log, err := logs.Log(t.Context(), "ada"); err != nil || len(log.Entries) != keptEntries {
		t.Errorf("%d entries, %v", len(log.Entries), err)
	}
}

func testKeptIsBoundedAndExpires(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: keptEntries, Retention: time.Minute})
	for i := range 100 {
		logs.Record(Entry("ada", i))
		logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/"})
		if i%7 == 0 {
			Written(t, logs)
		}
	}
	Written(t, logs)
	keys := Keys(logs)
	if n := client.LLen(t.Context(), keys.Log("ada")).Val(); n != keptEntries {
		t.Errorf("the log has %d lines", n)
	}
	if n := client.LLen(t.Context(), keys.Kept("ada")).Val(); n < keptEntries || n > keptEntries+8 {
		t.Errorf("%d lines are kept", n)
	}
	if left := client.PTTL(t.Context(), keys.Kept("ada")).Val(); left <= 0 || left > time.Minute {
		t.Errorf("what is kept expires in %v", left)
	}
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := client.LLen(t.Context(), keys.Kept("ada")).Val(); n != keptEntries {
		t.Errorf("%d lines are kept in the end", n)
	}
	counting := slices.DeleteFunc(log.Entries, func(e store.Entry) bool { return !e.Counts() })
	if got, want := Paths(counting), "99 98 97 96 95 94 93 92 91 90"; got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
}

func testOnlyFetchesAreShown(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	for i := range 40 {
		logs.Record(store.Entry{Username: "ada", Method: "GET", Path: fmt.Sprintf("/api/%d", i), Kind: store.KindFetch, Code: 200, From: "/app"})
		if i%15 == 0 {
			Written(t, logs)
		}
	}
	Written(t, logs)
	log, err := logs.Log(t.Context(), "ada")
	if got, want := Paths(log.Entries), "api/39 api/38 api/37 api/36 api/35 api/34 api/33 api/32 api/31 api/30"; err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func testADeletedLogStaysDeleted(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: keptEntries})
	play(logs, "ada", backgrounds[0])
	Written(t, logs)
	if err := client.Del(t.Context(), Keys(logs).Log("ada")).Err(); err != nil {
		t.Fatal(err)
	}
	if log, err := logs.Log(t.Context(), "ada"); err != nil || len(log.Entries) != 0 {
		t.Errorf("after it was deleted: %s, %v", Paths(log.Entries), err)
	}
	for i := range 3 * keptEntries {
		logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/dash"})
		if i == 0 {
			Written(t, logs) // what the log begins anew with does not count
		}
		if i%9 == 0 {
			logs.Record(Entry("ada", i))
		}
		Written(t, logs)
	}
	log, err := logs.Log(t.Context(), "ada")
	if err != nil || strings.Contains(Paths(log.Entries), "orders") || !strings.Contains(Paths(log.Entries), "27 ") {
		t.Errorf("after it began anew: %s, %v", Paths(log.Entries), err)
	}
}

// A process that has only seen pages of a user notices that another one keeps what counts.
func testKeptByTwoProcesses(t *testing.T, connect Connect) {
	client := connect(t)
	pages := Open(t, client, store.Options{MaxEntries: keptEntries})
	Record(pages, "ada", 0, 3)
	Written(t, pages)
	polls := Open(t, connectAgain(t, pages), store.Options{MaxEntries: keptEntries})
	poll := func(times int) {
		for range times {
			polls.Record(store.Entry{Username: "ada", Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/2"})
		}
		Written(t, polls)
	}
	poll(keptEntries)
	for n := 3; n < 6; n++ {
		Record(pages, "ada", n, n+1)
		Written(t, pages)
		poll(2 * keptEntries)
	}
	log, err := pages.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	kept := slices.DeleteFunc(log.Entries, func(e store.Entry) bool { return !e.Counts() })
	if got := Paths(kept); got != "5 4 3 2 1 0" {
		t.Errorf("kept: %s", got)
	}
}

func testBracesInNames(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	for _, username := range []string{"{ada}", "{}", "a{}b", "a}b", "{ada", "}{"} {
		play(logs, username, background{times: 30, every: time.Second, entry: of(store.KindFetch, "GET", "/poll", 200)})
		Written(t, logs)
		log, err := logs.Log(t.Context(), username)
		if got := done(log.Entries); err != nil || got != visited {
			t.Errorf("%s: %q, %v", username, got, err)
		}
	}
}

func testRepeatsAreCounted(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	play(logs, "ada", background{times: 28, every: time.Second, entry: func(i int) store.Entry { return fetched(fmt.Sprintf("/poll?t=%d", i), 200) }})
	newest := func() store.Entry {
		Written(t, logs)
		log, err := logs.Log(t.Context(), "ada")
		if err != nil || len(log.Entries) == 0 {
			t.Fatalf("%d entries, %v", len(log.Entries), err)
		}
		return log.Entries[0]
	}
	if e := newest(); e.Repeats != 28 || e.Time.Sub(e.Since) != 27*time.Second || e.Counts() {
		t.Errorf("the newest: %+v", e)
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/other", Kind: store.KindPage, Code: 200})
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/dash"})
	if e := newest(); e.Repeats != 29 {
		t.Errorf("another page was opened: %+v", e)
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/dash", Kind: store.KindPage, Code: 200})
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/poll", Kind: store.KindFetch, Code: 200, From: "/dash"})
	if e := newest(); e.Repeats != 0 || !e.Since.IsZero() {
		t.Errorf("the page was opened anew: %+v", e)
	}
}

func testAFailureThatRepeatsCountsOnce(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	count := func() (failures int) {
		Written(t, logs)
		log, err := logs.Log(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range log.Entries {
			if e.Counts() && e.Failed() && e.Kind == store.KindFetch {
				failures++
			}
		}
		return failures
	}
	poll := background{times: 40, every: time.Second, entry: of(store.KindFetch, "GET", "/poll", 503)}
	play(logs, "ada", poll)
	if n := count(); n != 1 {
		t.Errorf("%d failures count, want 1", n)
	}
	e := poll.entry(0)
	e.Username, e.Time = "ada", time.Now() // an hour later
	logs.Record(e)
	if n := count(); n != 2 {
		t.Errorf("%d failures count after an hour without, want 2", n)
	}
}
