//go:build unix

package redistest_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A port that a test has chosen is its own until it ends, also for tests of other processes.
func TestAFreePortIsReserved(t *testing.T) {
	t.Parallel()
	var address string
	take := func() error {
		reserved, err := net.ListenPacket("udp", address)
		if err == nil {
			reserved.Close()
		}
		return err
	}
	t.Run("meanwhile", func(t *testing.T) {
		port, err := strconv.Atoi(redistest.FreePort(t))
		if err != nil {
			t.Fatal(err)
		}
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port-12_000))
		if take() == nil {
			t.Errorf("somebody else can choose %d", port)
		}
	})
	if err := take(); err != nil {
		t.Errorf("the port is taken for ever: %v", err)
	}
}
