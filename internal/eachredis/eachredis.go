//go:build unix

// Package eachredis runs one suite of tests on both kinds of Redis that userlog works with. It is apart from
// redistest because the modules for hosts must not require what the embedded store is made of.
package eachredis

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

// Run runs the suite as subtest "redis" on a real server, and as subtest "embedded" on the embedded
// store's. Both are empty and the subtest's own, and their clients are patient ([redistest.Patient]).
func Run(t *testing.T, suite func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) { suite(t, redistest.Patient(t, redistest.Start(t).Client(t))) })
	t.Run("embedded", func(t *testing.T) { suite(t, inMemory(t)) })
}

// inMemory returns a client of an embedded store of its own.
func inMemory(t *testing.T) redis.UniversalClient {
	t.Helper()
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := logs.Close(context.Background()); err != nil {
			t.Errorf("close the embedded store: %v", err)
		}
	})
	return redistest.Patient(t, logs.Client().(*redis.Client))
}
