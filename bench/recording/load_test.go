package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/bench/internal/start"
)

// connections share a load.
const connections = 16

// load is a number of requests, each of which is so much work.
type load struct {
	Requests int
	Rate     int // per second; 0: as fast as answers come
	Work     int
}

// run sends the load, and returns how long answers took, in nanoseconds. An answer that is not the application's is an error.
func (l load) run(address string) (start.Histogram, error) {
	took := make([]start.Histogram, connections)
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		took[i] = start.NewHistogram()
		all.Go(func() { errs[i] = l.runConnection(address, i, took[i]) })
	}
	all.Wait()
	for _, one := range took[1:] {
		took[0].Merge(one.Histogram)
	}
	return took[0], errors.Join(errs...)
}

// mustRun is run, and ends the benchmark on an error.
func (l load) mustRun(b *testing.B, address string) start.Histogram {
	b.Helper()
	took, err := l.run(address)
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// runConnection sends the share of one connection. At a fixed rate, a late answer counts for each request that was due
// meanwhile: otherwise a stall would be seen in one request only.
func (l load) runConnection(address string, i int, took start.Histogram) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := fmt.Appendf(nil, "GET /orders/%d/%d HTTP/1.1\r\nHost: %s\r\n\r\n", i, l.Work, address)
	var interval time.Duration
	if l.Rate > 0 {
		interval = time.Second * connections / time.Duration(l.Rate)
	}
	due := time.Now().Add(interval * time.Duration(i) / connections)
	for range l.Requests / connections {
		time.Sleep(time.Until(due))
		began := time.Now()
		if err := ask(conn, request); err != nil {
			return err
		}
		if err := took.RecordCorrectedValue(time.Since(began).Nanoseconds(), interval.Nanoseconds()); err != nil {
			return err
		}
		due = due.Add(interval)
		if now := time.Now(); due.Before(now) {
			due = now
		}
	}
	return nil
}

// ask sends a request, and reads the answer without allocating: a collection of the benchmark's garbage would look like the
// application's.
func ask(conn net.Conn, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	var buffer [512]byte
	for n := 0; ; {
		m, err := conn.Read(buffer[n:])
		if n += m; err != nil {
			return fmt.Errorf("the answer is not the application's: %q: %w", buffer[:n], err)
		}
		if bytes.HasSuffix(buffer[:n], []byte("\r\n\r\n"+answer)) && bytes.HasPrefix(buffer[:n], []byte("HTTP/1.1 200 OK\r\n")) {
			return nil
		}
	}
}

func TestLoadOfAnApplication(t *testing.T) {
	server := httptest.NewServer(application())
	defer server.Close()
	took, err := load{Requests: 320, Rate: 2000}.run(server.Listener.Addr().String())
	if err != nil || took.TotalCount() < 320 {
		t.Errorf("%d answers, %v", took.TotalCount(), err)
	}
}

func TestLoadNoticesOtherAnswers(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, answer)
		},
		"nothing": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(handler)
			server.Config.IdleTimeout = time.Millisecond // an answer with the wrong status would be waited for
			server.Start()
			defer server.Close()
			if _, err := (load{Requests: connections}).run(server.Listener.Addr().String()); err == nil {
				t.Error("no error")
			}
		})
	}
}
