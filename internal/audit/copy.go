package audit

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// copyQueue is how many records may wait for a place that takes none: hours of an office, some 5 MB.
	copyQueue = 10_000
	// copyAttempts is how many of them may be attempts. Strangers make as many as they like, and take no room from what accounts did.
	copyAttempts = copyQueue / 4
	// copyComplaint is how often it is said that a copy fails.
	copyComplaint = time.Minute
)

// Copy writes records to a place elsewhere, such as a file. It has a goroutine of its own: a full disk or a syslog that hangs neither
// delays nor fails what is recorded. It is said in the log, and what waits is written once there is room. Close the copy.
type Copy struct {
	name   string
	to     io.WriteCloser
	signer *signer // nil = lines are not signed
	log    *slog.Logger

	lines   chan waitingLine
	ending  context.Context
	end     context.CancelFunc // gives up what can't be written
	stopped chan struct{}

	mu       sync.Mutex
	closed   bool
	attempts int // of those that wait
	lost     int // records that there was no room for

	complained time.Time // of the goroutine
	pause      time.Duration
}

// waitingLine is a record that waits to be written.
type waitingLine struct {
	line      []byte
	isAttempt bool
}

// NewCopy returns a copy in what is called name in the log. Each record is one Write of a line, and is written again after an error. The
// function key returns the key that signs the next line, and is called by one goroutine; with nil, lines are not signed.
func NewCopy(name string, to io.WriteCloser, key func() SigningKey, log *slog.Logger) *Copy {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Copy{
		name: name, to: to, signer: newSigner(key), log: log, lines: make(chan waitingLine, copyQueue), ending: ctx, end: cancel, stopped: make(chan struct{}),
	}
	go c.run()
	return c
}

// Add adds a record, as [Options.Copy] gets it. It never blocks. After Close it does nothing.
func (c *Copy) Add(line []byte) {
	var record struct {
		Ring string `json:"ring"`
	}
	isAttempt := json.Unmarshal(line, &record) == nil && record.Ring == Attempts
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if isAttempt && c.attempts == copyAttempts {
		c.lost++
		return
	}
	select {
	case c.lines <- waitingLine{line, isAttempt}:
		if isAttempt {
			c.attempts++
		}
	default:
		c.lost++
	}
}

// taken notes that an attempt waits no more.
func (c *Copy) taken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts--
}

// Close writes what waits until ctx ends, and closes the place. It returns how many records are missing there.
func (c *Copy) Close(ctx context.Context) (lost int) {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.lines)
	}
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, c.end)
	defer stop()
	<-c.stopped
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *Copy) run() {
	defer close(c.stopped)
	defer c.to.Close()
	defer c.end()
	for next := range c.lines {
		if next.isAttempt {
			c.taken()
		}
		if !c.write(c.signer.sign(next.line)) {
			c.mu.Lock()
			c.lost++
			c.mu.Unlock()
		}
	}
}

// write writes a line, until that succeeds or the copy is given up.
func (c *Copy) write(line []byte) bool {
	for c.pause = 100 * time.Millisecond; ; c.pause = min(2*c.pause, 10*time.Second) {
		_, err := c.to.Write(line)
		if err == nil {
			if !c.complained.IsZero() {
				c.log.Info("userlog: the copy of the audit log is written again", "copy", c.name, "lost", c.takeLost())
				c.complained = time.Time{}
			}
			return true
		}
		if time.Since(c.complained) >= copyComplaint {
			c.complained = time.Now()
			c.log.Error("userlog: the copy of the audit log can't be written: records wait in memory", "copy", c.name, "waiting", len(c.lines)+1, "lost", c.countLost(), "err", err)
		}
		select {
		case <-c.ending.Done():
			return false
		case <-time.After(c.pause):
		}
	}
}

func (c *Copy) countLost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// takeLost returns how many records were lost, which is said once.
func (c *Copy) takeLost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := c.lost
	c.lost = 0
	return lost
}
