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
	keys, err := newKeys("")
	if err != nil {
		t.Fatal(err)
	}
	x := newIndex(keys, time.Hour)
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
