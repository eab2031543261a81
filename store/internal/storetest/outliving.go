package storetest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// did is what ada does n seconds after she came.
func did(n int, method, path string, code int) store.Entry {
	return store.Entry{
		Username: "ada", Method: method, Path: path, Code: code, Kind: store.KindPage, From: "/checkout",
		Time: time.Now().Add(-time.Hour + time.Duration(n)*time.Second),
	}
}

// look opens pages, from one second to another.
func look(logs *store.Store, from, to int) {
	for n := from; n < to; n++ {
		logs.Record(did(n, http.MethodGet, fmt.Sprintf("/p/%d", n), 200))
	}
}

// fetchBroken is what comes by itself meanwhile: a poll that fails, and images that are missing.
func fetchBroken(logs *store.Store, n int) {
	poll, image := did(n, http.MethodGet, "/poll", 503), did(n, http.MethodGet, fmt.Sprintf("/i/%d.png", n), 404)
	poll.Kind, image.Kind = store.KindFetch, store.KindAsset
	logs.Record(poll)
	logs.Record(image)
}

// behindTheCut is the end of a log behind the entry that tells what is not kept, and how much that is.
func behindTheCut(entries []store.Entry) (paths string, notKept int) {
	i := slices.IndexFunc(entries, func(e store.Entry) bool { return e.Gap != nil && e.Gap.NotKept > 0 })
	if i < 0 {
		return "", 0
	}
	return Paths(entries[i+1:]), entries[i].Gap.NotKept
}

func testFailuresOutliveTheLog(t *testing.T, connect Connect) { FailuresOutliveTheLog(t, connect(t)) }

// FailuresOutliveTheLog has a reader and viewers see the last failures, and how many other requests are not kept.
func FailuresOutliveTheLog(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	logs := Open(t, client, store.Options{MaxEntries: keptEntries})
	watching := Watch(t, logs, "ada", "")
	watching.Live(0)
	for n := range 15 {
		logs.Record(did(n, http.MethodPost, fmt.Sprintf("/early/%d", n), 422))
	}
	logs.Record(did(20, http.MethodPost, "/pay", 422))
	logs.Record(did(21, http.MethodPost, "/ship", 500))
	look(logs, 22, 30)
	logs.Record(did(30, http.MethodPost, "/ship", 200))
	for n := 31; n < 71; n++ {
		look(logs, n, n+1)
		fetchBroken(logs, n)
	}
	Written(t, logs)

	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	const want = "ship ship pay early/14 early/13 early/12 early/11 early/10 early/9 early/8 early/7"
	watching.Until(func() bool { return len(watching.Entries) == 146 })
	recorded, kept := countedBehind(newestFirst(watching.Entries), "/early/7"), countedBehind(log.Entries, "/early/7")
	if paths, notKept := behindTheCut(log.Entries); paths != want || notKept != recorded-kept {
		t.Errorf("behind %d that are not kept: %s\nwant %d: %s", notKept, paths, recorded-kept, want)
	}
	late := Watch(t, logs, "ada", "")
	late.Live(1)
	reversed := slices.Clone(log.Entries)
	slices.Reverse(reversed)
	late.Shows(Paths(reversed))
	if _, told := behindTheCut(newestFirst(late.Entries)); told != recorded-kept {
		t.Errorf("a viewer is told of %d, want %d", told, recorded-kept)
	}
	if left := client.PTTL(t.Context(), Keys(logs).Failures("ada")).Val(); left <= 0 || left > logs.Options().Retention {
		t.Errorf("failures expire in %s", left)
	}
}

// countedBehind is how many entries that count are newer than the first at an address.
func countedBehind(entries []store.Entry, path string) (n int) {
	for _, e := range entries {
		if e.Path == path {
			return n
		}
		if e.Counts() {
			n++
		}
	}
	return n
}

// newestFirst are the entries that a viewer was given, the newest first.
func newestFirst(entries []*store.Entry) []store.Entry {
	var list []store.Entry
	for _, e := range slices.Backward(entries) {
		list = append(list, *e)
	}
	return list
}

// A failure of one process may be solved by another, which counts it.
func testFailuresOfTwoProcesses(t *testing.T, connect Connect) {
	one := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	FailuresOfTwoProcesses(t, one, Open(t, connectAgain(t, one), store.Options{MaxEntries: keptEntries}))
}

// FailuresOfTwoProcesses has one store's failure solved, and what follows counted, by another of the same log. Both keep ten entries.
func FailuresOfTwoProcesses(t *testing.T, one, other *store.Store) {
	t.Helper()
	look(other, 0, 2)
	Written(t, other)
	one.Record(did(2, http.MethodPost, "/pay", 422))
	Written(t, one)
	look(other, 3, 8)
	other.Record(did(8, http.MethodPost, "/pay?again", 200))
	look(other, 9, 12)
	Written(t, other)
	look(one, 12, 30)
	Written(t, one)
	log, err := one.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	// 28 requests since, of which the solution and the newest are shown.
	if paths, notKept := behindTheCut(log.Entries); paths != "pay?again pay" || notKept != 27-1-keptEntries {
		t.Errorf("behind %d that are not kept: %s", notKept, paths)
	}
}

// Who is sent to the login has not paid yet. A page about logins is none.
func testALoginSolvesNoFailure(t *testing.T, connect Connect) {
	logs := Open(t, connect(t), store.Options{MaxEntries: keptEntries})
	logs.Record(did(0, http.MethodPost, "/pay", 500))
	for n, leads := range []string{"/users/sign_in?next=/pay", "/login-history"} {
		again := did(1+n, http.MethodPost, fmt.Sprint("/pay?", n), 303)
		again.Location = leads
		logs.Record(again)
	}
	look(logs, 3, 30)
	Written(t, logs)
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if paths, _ := behindTheCut(log.Entries); paths != "pay?1 pay" || !log.Entries[len(log.Entries)-2].Solves(&log.Entries[len(log.Entries)-1]) {
		t.Errorf("kept: %s", paths)
	}
}

func testFailuresOfADeletedLogAreDeleted(t *testing.T, connect Connect) {
	client := connect(t)
	logs := Open(t, client, store.Options{MaxEntries: keptEntries})
	logs.Record(did(0, http.MethodPost, "/pay", 422))
	look(logs, 1, 3)
	Written(t, logs)
	if err := client.Del(t.Context(), Keys(logs).Log("ada")).Err(); err != nil {
		t.Fatal(err)
	}
	look(logs, 3, 4)
	Written(t, logs)
	look(logs, 4, 30)
	Written(t, logs)
	if log := LogOf(t, logs, "ada"); len(log) != keptEntries {
		t.Errorf("a deleted log: %s", Paths(log))
	}
}
