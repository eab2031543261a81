//go:build unix

package redistest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a port of 127.0.0.1 on which nobody listens, and which is the test's until it ends. It lies below those that the kernel
// gives to clients. Tests of other processes do not choose it either, because the UDP port of the same number is taken meanwhile.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		address := net.JoinHostPort(loopback, port)
		reserved, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		t.Cleanup(func() { reserved.Close() })
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("found no free port")
	return ""
}
