//go:build unix

package redistest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports that tests choose from lie below those that the kernel gives to clients. Each has a UDP port, below all of them.
const (
	firstPort = 20_000
	ports     = 12_000
)

// FreePort returns a port of 127.0.0.1 on which nobody listens, and which is the test's until it ends. Tests of other processes do not
// choose it meanwhile, because its UDP port is taken.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := firstPort + rand.IntN(ports)
		reserved, err := net.ListenPacket("udp", on(port-ports))
		if err != nil {
			continue
		}
		t.Cleanup(func() { reserved.Close() })
		if listener, err := net.Listen("tcp", on(port)); err == nil {
			listener.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatal("found no free port")
	return ""
}

func on(port int) (address string) { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
