//go:build unix

package eachredis_test

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

func TestRun(t *testing.T) {
	var names []string
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		names = append(names, t.Name())
		ctx := t.Context()
		if size, err := client.DBSize(ctx).Result(); err != nil || size != 0 {
			t.Fatalf("not empty: %d keys, %v", size, err)
		}
		if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if value, err := client.Get(ctx, "key").Result(); err != nil || value != "value" {
			t.Fatalf("got %q, %v", value, err)
		}
	})
	if want := []string{"TestRun/redis", "TestRun/embedded"}; !slices.Equal(names, want) {
		t.Errorf("ran %q, want %q", names, want)
	}
}
