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
	x := newUserIndex(keys, time.Hour)
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

func TestIndexTakesTheNewestFailure(t *testing.T) {
	client := redis.NewClient(&redis.Options{}) // never connects: nothing is sent
	defer client.Close()
	keys, err := Options{}.names(0)
	if err != nil {
		t.Fatal(err)
	}
	x := newUserIndex(keys, time.Hour)
	batch := []Entry{
		{Username: "ada", Code: 500, Time: time.UnixMilli(1000)}, {Username: "ada", Code: 404, Time: time.UnixMilli(2000)},
		{Username: "ada", Code: 200, Time: time.UnixMilli(3000)},
	}
	trouble := func() string {
		for _, command := range x.queue(t.Context(), client.Pipeline(), batch) {
			if args := command.Args(); args[1] == keys.Trouble() {
				return fmt.Sprint(args[2:]...)
			}
		}
		return "nothing"
	}
	if got, want := trouble(), fmt.Sprint(2000.404, "ada"); got != want {
		t.Errorf("queued %s, want %s", got, want)
	}
	if got := trouble(); got != "nothing" {
		t.Errorf("queued again at once: %s", got)
	}
	x.redo(batch)
	if got := trouble(); got == "nothing" {
		t.Error("nothing is queued after the transaction failed")
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
