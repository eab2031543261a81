package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// readBuffer is how many bytes a viewer takes from the network at once: a frame, not a piece of one.
const readBuffer = 8 << 10

// spectator is one viewer. It notes what it sees, and when.
type spectator struct {
	conn *websocket.Conn
	mu   sync.Mutex
	seen []sight
}

// sight is an entry that a viewer was sent.
type sight struct {
	stamp
	after time.Duration // since the time in the stamp
}

// audience are viewers. Their goroutines end when their connections do.
type audience struct {
	spectators []*spectator
	reading    sync.WaitGroup
}

// join connects a viewer for each query, some at a time, and returns when all have had their first
// message: from then on they miss nothing.
func (a *audience) join(ctx context.Context, s *liveServer, queries []url.Values) error {
	const atOnce = 32
	joined := make([]*spectator, len(queries))
	errs := make([]error, atOnce)
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			for n := i; n < len(queries) && errs[i] == nil; n += atOnce {
				joined[n], errs[i] = s.watch(ctx, queries[n])
			}
		})
	}
	all.Wait()
	for _, one := range joined {
		if one != nil {
			a.spectators = append(a.spectators, one)
			a.reading.Go(one.read)
		}
	}
	return errors.Join(errs...)
}

// leave disconnects everybody.
func (a *audience) leave() {
	for _, one := range a.spectators {
		one.conn.Close()
	}
	a.reading.Wait()
	a.spectators = nil
}

// watch connects one viewer.
func (s *liveServer) watch(ctx context.Context, query url.Values) (*spectator, error) {
	conn, err := s.dial(ctx, query, &websocket.Dialer{HandshakeTimeout: patience, ReadBufferSize: readBuffer})
	if err != nil {
		return nil, err
	}
	one := &spectator{conn: conn}
	if err := one.begin(s.kind); err != nil {
		conn.Close()
		return nil, err
	}
	return one, nil
}

// dial connects a socket.
func (s *liveServer) dial(ctx context.Context, query url.Values, dialer *websocket.Dialer) (*websocket.Conn, error) {
	header := http.Header{"Origin": {"http://" + s.address}}
	conn, _, err := dialer.DialContext(ctx, "ws://"+s.address+socketPath+"?"+query.Encode(), header)
	if err != nil {
		return nil, fmt.Errorf("connect a viewer: %w", err)
	}
	return conn, nil
}

// begin waits for the first message, after which the viewer is sure to see everything.
func (o *spectator) begin(kind string) error {
	if kind == kindCentrifuge {
		if err := o.conn.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{}}`)); err != nil {
			return fmt.Errorf("connect a viewer: %w", err)
		}
	}
	if err := o.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("connect a viewer: %w", err)
	}
	if _, _, err := o.conn.ReadMessage(); err != nil {
		return fmt.Errorf("await a viewer's first message: %w", err)
	}
	return o.conn.SetReadDeadline(time.Time{})
}

// read notes what arrives until the connection is closed.
func (o *spectator) read() {
	var message bytes.Buffer // used again: what viewers do is done on the CPUs of what is measured
	for {
		_, frame, err := o.conn.NextReader()
		if err != nil {
			return
		}
		message.Reset()
		if _, err := message.ReadFrom(frame); err != nil {
			return
		}
		now := time.Now().UnixNano()
		o.mu.Lock()
		for _, s := range stamps(message.Bytes()) {
			o.seen = append(o.seen, sight{s, time.Duration(now - s.at)})
		}
		o.mu.Unlock()
	}
}

// since returns what was seen of what was recorded from began on, in Unix nanoseconds.
func (o *spectator) since(began int64) []sight {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, s := range o.seen {
		if s.at >= began {
			return append([]sight(nil), o.seen[i:]...)
		}
	}
	return nil
}

// tally is what an audience saw of a burst.
type tally struct {
	delays                 []time.Duration
	lost, twice, unordered int
}

// tally waits until everybody has seen everything, or no more can be expected, and counts.
func (a *audience) tally(r recorded) tally {
	var t tally
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		t = tally{}
		for _, one := range a.spectators {
			t.add(one.since(r.Began), r.PerUser)
		}
		if t.lost == 0 || time.Now().After(deadline) {
			return t
		}
	}
}

// add counts one viewer, who should have seen the numbers from 0 to n-1.
func (t *tally) add(seen []sight, n int) {
	had := make([]bool, n)
	last := -1
	for _, s := range seen {
		t.delays = append(t.delays, s.after)
		if s.number < 0 || s.number >= n {
			continue
		}
		switch {
		case had[s.number]:
			t.twice++
		case s.number < last:
			t.unordered++
		}
		had[s.number], last = true, max(last, s.number)
	}
	for _, ok := range had {
		if !ok {
			t.lost++
		}
	}
}

// merge adds what was seen of another burst.
func (t *tally) merge(other tally) {
	t.delays = append(t.delays, other.delays...)
	t.lost += other.lost
	t.twice += other.twice
	t.unordered += other.unordered
}

// wrong is what is not as it should be, as a figure.
func (t tally) wrong() string {
	return fmt.Sprintf("lost %d, twice %d, out of order %d", t.lost, t.twice, t.unordered)
}

// right is whether everybody saw everything, once and in order.
func (t tally) right() bool { return t.lost+t.twice+t.unordered == 0 }
