package redistest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Patient returns a client of the same Redis whose connections have no deadlines, and neither have those of a store that is
// opened on it. It is closed at the end of the test. A store gives up a write after a quarter of a second: a Redis needs less,
// a busy machine may need more. So a test that is not about deadlines gets its answers, however long they take.
func Patient(t testing.TB, client *redis.Client) *redis.Client {
	t.Helper()
	options := *client.Options()
	options.Dialer = WithoutDeadlines(options.Dialer)
	patient := redis.NewClient(&options)
	t.Cleanup(func() { _ = patient.Close() }) // a test may have closed it already
	return patient
}

// Dialer is how go-redis connects.
type Dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// WithoutDeadlines returns a dialer that waits until dial has ended, and whose connections have no deadlines.
func WithoutDeadlines(dial Dialer) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(context.WithoutCancel(ctx), network, address)
		if err != nil {
			return nil, err
		}
		return patientConn{conn}, nil
	}
}

// patientConn is a connection without deadlines.
type patientConn struct{ net.Conn }

func (patientConn) SetDeadline(time.Time) error      { return nil }
func (patientConn) SetReadDeadline(time.Time) error  { return nil }
func (patientConn) SetWriteDeadline(time.Time) error { return nil }
