package storetest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Patient returns a client of the same Redis whose connections know no deadlines, and neither do those of a store that is
// opened on it. A store gives up a write after a quarter of a second, which is longer than a Redis needs and shorter than a
// busy machine may. A test that is not about deadlines gets an answer that way, however long it takes.
func Patient(t *testing.T, client *redis.Client) *redis.Client {
	t.Helper()
	options := *client.Options()
	dial := options.Dialer
	options.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(context.WithoutCancel(ctx), network, address)
		if err != nil {
			return nil, err
		}
		return patientConn{conn}, nil
	}
	patient := redis.NewClient(&options)
	t.Cleanup(func() { _ = patient.Close() }) // a test may have closed it already
	return patient
}

// patientConn is a connection without deadlines.
type patientConn struct{ net.Conn }

func (patientConn) SetDeadline(time.Time) error      { return nil }
func (patientConn) SetReadDeadline(time.Time) error  { return nil }
func (patientConn) SetWriteDeadline(time.Time) error { return nil }
