//go:build unix

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// disk is a place that is full for a while, or takes nothing until it is let go.
type disk struct {
	hangs chan struct{} // nil = it does not

	mu     sync.Mutex
	full   bool
	text   strings.Builder
	closed bool
}

func (d *disk) Write(line []byte) (int, error) {
	if d.hangs != nil {
		<-d.hangs
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, errors.New("no space left on device")
	}
	return d.text.Write(line)
}

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return nil
}

func (d *disk) fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (d *disk) lines() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Count(d.text.String(), "\n")
}

func TestACopyOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	d, said := &disk{full: true}, &paper{}
	c := audit.NewCopy("x", d, nil, slog.New(slog.NewTextHandler(paperWriter{said}, nil)))
	for i := range 20 {
		c.Add(fmt.Appendf(nil, "%d\n", i))
	}
	redistest.Eventually(t, "it is said", func() bool { return strings.Contains(said.text(), "no space left on device") })
	d.fill(false)
	redistest.Eventually(t, "all is written", func() bool { return d.lines() == 20 })
	if got := d.text.String(); !strings.HasPrefix(got, "0\n1\n2\n") {
		t.Errorf("written: %q", got)
	}
	if lost := c.Close(t.Context()); lost != 0 || !d.closed {
		t.Errorf("%d are lost, closed: %v", lost, d.closed)
	}
	c.Add([]byte("late\n")) // nothing
	if n := strings.Count(said.text(), "level=ERROR"); n != 1 {
		t.Errorf("it was said %d times:\n%s", n, said.text())
	}
}

// paperWriter writes on a paper.
type paperWriter struct{ *paper }

func (w paperWriter) Write(p []byte) (int, error) {
	w.add(p)
	return len(p), nil
}

// A place that hangs holds nobody up, and what does not fit is counted.
func TestACopyThatHangs(t *testing.T) {
	t.Parallel()
	d := &disk{hangs: make(chan struct{}), full: true}
	c := audit.NewCopy("x", d, nil, slog.New(slog.DiscardHandler))
	added := make(chan struct{})
	go func() {
		for range 10_100 {
			c.Add([]byte("x\n"))
		}
		close(added)
	}()
	select {
	case <-added:
	case <-time.After(redistest.Patience):
		t.Error("adding waits for the place")
	}
	close(d.hangs)
	<-added
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if lost := c.Close(ctx); lost != 10_100 {
		t.Errorf("%d are lost", lost)
	}
}

// Strangers who fail to log in take no room from what accounts do, while a place takes nothing.
func TestAttemptsLeaveRoomInTheQueueOfACopy(t *testing.T) {
	t.Parallel()
	d := &disk{hangs: make(chan struct{})}
	c := audit.NewCopy("x", d, nil, slog.New(slog.DiscardHandler))
	attempt, record := []byte(`{"seq":1,"ring":"attempts","detail":"x"}`+"\n"), []byte(`{"seq":1,"detail":"\"ring\":\"attempts\""}`+"\n")
	for range 20_000 {
		c.Add(attempt)
	}
	for range 7_000 {
		c.Add(record)
	}
	close(d.hangs)
	lost := c.Close(t.Context())
	records := strings.Count(d.text.String(), string(record))
	attempts := strings.Count(d.text.String(), string(attempt))
	if records != 7_000 || attempts < 2_500 || attempts > 2_501 || lost+attempts != 20_000 {
		t.Errorf("written are %d records and %d attempts; lost are %d", records, attempts, lost)
	}
}
