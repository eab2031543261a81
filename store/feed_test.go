package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestSubscribeRefusesABadName(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	logs := storetest.Open(t, client, store.Options{})
	if _, err := logs.Subscribe("", ""); !errors.Is(err, store.ErrUsernameEmpty) {
		t.Errorf("no name: %v", err)
	}
	if _, err := logs.Subscribe("a\nb", ""); !errors.Is(err, store.ErrUsernameInvalid) {
		t.Errorf("two lines: %v", err)
	}
}

func TestOneConnectionForAnyNumberOfViewers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	logs := storetest.Open(t, admin, store.Options{})
	if n := connections(t, admin); n != 0 {
		t.Errorf("%d connections before there are viewers", n)
	}
	views := []*storetest.View{storetest.Watch(t, logs, "", "")}
	for n := range 200 {
		views = append(views, storetest.Watch(t, logs, fmt.Sprint(n%50), ""))
	}
	for _, v := range views {
		v.Live(0)
	}
	if n := connections(t, admin); n != 1 {
		t.Errorf("%d connections for %d viewers", n, len(views))
	}
	for _, v := range views {
		v.Updates.Close()
	}
	redistest.Eventually(t, "the connection is closed when the last viewer has gone", func() bool { return connections(t, admin) == 0 })
	storetest.Record(logs, "7", 0, 1)
	again := storetest.Watch(t, logs, "7", "")
	again.Live(1)
	again.Shows("0")
}

// connections counts the connections that have subscribed to something.
func connections(t *testing.T, admin *redis.Client) int {
	t.Helper()
	list, err := admin.Do(context.Background(), "client", "list", "type", "pubsub").Text()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(list, "id=")
}
