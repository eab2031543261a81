// Package storetest is the suite that holds on every Redis that a store can be opened on, and what other
// tests of stores share. The store's own tests run it on a real Redis. The embedded store's tests run it there,
// in a module that may require what that is made of.
package storetest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Connect returns a client of an empty Redis, which nobody else uses until the test has ended.
type Connect func(t *testing.T) *redis.Client

// Run runs the suite, a subtest a test. Their stores are patient ([redistest.Patient]): all of them have a Redis that works.
func Run(t *testing.T, connect Connect) {
	t.Helper()
	patiently := func(t *testing.T) *redis.Client { return redistest.Patient(t, connect(t)) }
	for _, suite := range [][]test{recording, keeping, reading, search, heartbeats, joining, everyone, gaps, switches, references, visitors} {
		for _, test := range suite {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				test.run(t, patiently)
			})
		}
	}
}

// test is one test of the suite.
type test struct {
	name string
	run  func(t *testing.T, connect Connect)
}
