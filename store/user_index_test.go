package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestIndexTakesTheNewestOfABatch(t *testing.T) {
	client := redis.NewClient(&redis.Options{}) // never connects: nothing is sent
	defer client.Close()
	keys, err := Options{}.names(0)
	if err != nil {
		t.Fatal(err)
	}
	x := newUserIndex(newIndexLayout(client, keys, Options{}), Options{Retention: time.Hour})
	batch := []Entry{
		{Username: "ada", Time: time.UnixMilli(1000)}, {Username: "bob", Time: time.UnixMilli(1500)}, {Username: "ada", Time: time.UnixMilli(2000)},
	}
	queued := func() string {
		pipe := client.Pipeline()
		x.queue(t.Context(), pipe, batch)
		if len(pipe.Cmds()) == 0 {
			return "nothing"
		}
		return fmt.Sprint(pipe.Cmds()[0].Args()...)
	}
	want := fmt.Sprint("zadd", "userlog:users", float64(2000), "ada", float64(1500), "bob")
	if got := queued(); got != want {
		t.Errorf("queued %s, want %s", got, want)
	}
	if got := queued(); got != "nothing" {
		t.Errorf("queued again at once: %s", got)
	}
	x.redo(batch)
	if got := queued(); got == "nothing" {
		t.Error("nothing is queued after the transaction failed")
	}
}

func TestIndexTakesTheWorstAndNewestFailure(t *testing.T) {
	client := redis.NewClient(&redis.Options{}) // never connects: nothing is sent
	defer client.Close()
	keys, err := Options{}.names(0)
	if err != nil {
		t.Fatal(err)
	}
	at := func(seconds, code int) Entry {
		return Entry{Username: "ada", Code: code, Time: time.UnixMilli(int64(1000 * seconds))}
	}
	brokeOff, brokeOffAfter404 := at(2, 200), at(2, 404)
	brokeOff.Ended, brokeOffAfter404.Ended = EndBrokeOff, EndBrokeOff
	for _, test := range []struct {
		name    string
		batches [][]Entry // one after another, within a moment
		want    string
	}{
		{"in one batch, the worst last", [][]Entry{{at(1, 404), at(2, 500), at(3, 200)}}, "2000.5 "},
		{"in one batch, the worst first", [][]Entry{{at(1, 500), at(2, 404)}}, "1000.5 "},
		{"in one batch, alike", [][]Entry{{at(1, 500), at(2, 503), at(3, 404)}}, "2000.503 "},
		{"the worst later", [][]Entry{{at(1, 404)}, {at(2, 500)}}, "1000.404 2000.5 "},
		{"the worst before", [][]Entry{{at(1, 500)}, {at(2, 404)}, {at(3, 502)}}, "1000.5 "},
		{"an answer that broke off is worse than a refusal", [][]Entry{{at(1, 404)}, {brokeOff}}, "1000.404 2000 "},
		{"whatever status had been sent", [][]Entry{{at(1, 404)}, {brokeOffAfter404}}, "1000.404 2000.404 "},
		{"a status of the site's failure says more than an answer that broke off", [][]Entry{{brokeOff}, {at(3, 500)}}, "2000 3000.5 "},
	} {
		x := newUserIndex(newIndexLayout(client, keys, Options{}), Options{Retention: time.Hour})
		queued := func(batch []Entry) string {
			for _, command := range x.queue(t.Context(), client.Pipeline(), batch) {
				if args := command.Args(); args[1] == keys.Index(1).Trouble(0) {
					return fmt.Sprint(args[2], " ")
				}
			}
			return ""
		}
		got := ""
		for _, batch := range test.batches {
			got += queued(batch)
		}
		if got != test.want {
			t.Errorf("%s: queued %s, want %s", test.name, got, test.want)
		}
		x.troubled["ada"] = lastFailure{written: time.Now().Add(-indexInterval), severity: 3}
		if got := queued([]Entry{at(9, 404)}); got != "9000.404 " {
			t.Errorf("%s: later: %q", test.name, got)
		}
		x.redo([]Entry{at(9, 404)})
		if got := queued([]Entry{at(9, 404)}); got != "9000.404 " {
			t.Errorf("%s: nothing is queued after the transaction failed", test.name)
		}
	}
}

func TestTroubleScoreKeepsTimeAndCode(t *testing.T) {
	for _, at := range []string{"2026-11-23T10:15:00.123Z", "2031-01-01T00:00:00.999Z", "2100-06-30T23:59:59.001Z"} {
		want, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		for code := 400; code < 1000; code++ {
			if got, gotCode := readTroubleScore(troubleScore(want, code)); !got.Equal(want) || gotCode != code {
				t.Fatalf("%s with %d is read as %s with %d", at, code, got, gotCode)
			}
		}
	}
}
