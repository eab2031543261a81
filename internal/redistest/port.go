//go:build unix

package redistest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 on which nobody listens. It lies below those that the kernel gives to others, so that
// no client takes it meanwhile.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		if listener, err := net.Listen("tcp", net.JoinHostPort(loopback, port)); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("found no free port")
	return ""
}
