package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// A user who has a log is in the user index: by that alone everyone's logs are found.
func TestNewUsersAreInTheIndexFirst(t *testing.T) {
	t.Parallel()
	const users = 300
	client := redistest.StartCluster(t, 3).Client(t)
	logs := storetest.Open(t, client, store.Options{})
	names, index := storetest.Keys(logs), storetest.Keys(logs).Index(16)
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	looked := make(chan int)
	go func() {
		n := 0
		for user := 0; watching.Err() == nil; user = (user + 1) % users {
			username := fmt.Sprintf("user-%d", user)
			if client.Exists(watching, names.Log(username)).Val() == 0 {
				continue
			}
			n++
			if err := client.ZScore(watching, index.Users(index.Part(username)), username).Err(); errors.Is(err, redis.Nil) {
				t.Errorf("%s has a log, and is not in the index", username)
				break
			}
		}
		looked <- n
	}()
	for n := range users {
		logs.Record(storetest.Entry(fmt.Sprintf("user-%d", n), 1))
		if n%10 == 0 {
			storetest.Written(t, logs)
		}
	}
	storetest.Written(t, logs)
	stop()
	if n := <-looked; n == 0 {
		t.Error("no log was seen")
	}
}
