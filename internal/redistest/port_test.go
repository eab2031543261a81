//go:build unix

package redistest_test

import (
	"net"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A port that a test has chosen is its own until it ends, also for tests of other processes.
func TestAFreePortIsReserved(t *testing.T) {
	t.Parallel()
	var address string
	take := func(t *testing.T) error {
		t.Helper()
		reserved, err := net.ListenPacket("udp", address)
		if err == nil {
			reserved.Close()
		}
		return err
	}
	t.Run("meanwhile", func(t *testing.T) {
		address = net.JoinHostPort("127.0.0.1", redistest.FreePort(t))
		if take(t) == nil {
			t.Errorf("somebody else can choose %s", address)
		}
	})
	if err := take(t); err != nil {
		t.Errorf("the port is taken for ever: %v", err)
	}
}
