package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// spectator is one viewer. It notes what it sees, and when.
type spectator struct {
	fd    int    // of its connection
	begun []byte // what has arrived of the next message

	mu   sync.Mutex
	seen []sight
}

// sight is an entry that a viewer was sent.
type sight struct {
	stamp
	after time.Duration // since the time in the stamp
}

// audience are viewers. Its zero value has none.
type audience struct {
	spectators []*spectator
	ears       *ears // of all of them; nil before the first
}

// join connects a viewer for each query, some at a time, and returns when all have had their first
// message: from then on they miss nothing.
func (a *audience) join(ctx context.Context, s *liveServer, queries []url.Values) error {
	if a.ears == nil {
		var err error
		if a.ears, err = newEars(); err != nil {
			return err
		}
	}
	const atOnce = 32
	joined := make([]*spectator, len(queries))
	errs := make([]error, atOnce)
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			for n := i; n < len(queries) && errs[i] == nil; n += atOnce {
				if joined[n], errs[i] = s.watch(ctx, queries[n]); errs[i] == nil {
					errs[i] = a.ears.add(joined[n])
				}
			}
		})
	}
	all.Wait()
	for _, one := range joined {
		if one != nil {
			a.spectators = append(a.spectators, one)
		}
	}
	return errors.Join(errs...)
}

// leave disconnects everybody.
func (a *audience) leave() {
	if a.ears == nil {
		return
	}
	a.ears.close()
	for _, one := range a.spectators {
		syscall.Close(one.fd)
	}
	a.ears, a.spectators = nil, nil
}

// watch connects one viewer, and waits for its first message.
func (s *liveServer) watch(ctx context.Context, query url.Values) (*spectator, error) {
	var line *phone
	conn, err := s.dial(ctx, query, &websocket.Dialer{
		HandshakeTimeout: patience,
		NetDialContext: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			line, err = pickUp(ctx, network, address)
			return line, err
		},
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close() // what is kept is a duplicate
	if err := begin(conn, s.kind); err != nil {
		return nil, err
	}
	return line.handOver()
}

// phone is a connection from which no more is taken than is asked for: another can go on reading.
type phone struct {
	net.Conn
	arrived *bufio.Reader
}

func pickUp(ctx context.Context, network, address string) (*phone, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &phone{conn, bufio.NewReader(conn)}, nil
}

// Read returns one byte: who buffers what it reads would take more than it needs.
func (p *phone) Read(b []byte) (int, error) { return p.arrived.Read(b[:min(len(b), 1)]) }

// handOver returns a spectator with a duplicate of the connection, and with what has arrived there.
func (p *phone) handOver() (*spectator, error) {
	raw, err := p.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("hand a connection over: %w", err)
	}
	o := new(spectator)
	if controlErr := raw.Control(func(fd uintptr) { o.fd, err = syscall.Dup(int(fd)) }); controlErr != nil || err != nil {
		return nil, fmt.Errorf("hand a connection over: %w", errors.Join(controlErr, err))
	}
	syscall.CloseOnExec(o.fd)
	arrived, _ := p.arrived.Peek(p.arrived.Buffered()) // never more than there is
	o.take(arrived, time.Now())
	return o, nil
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
func begin(conn *websocket.Conn, kind string) error {
	if kind == kindCentrifuge {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{}}`)); err != nil {
			return fmt.Errorf("connect a viewer: %w", err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("connect a viewer: %w", err)
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		return fmt.Errorf("await a viewer's first message: %w", err)
	}
	return nil
}

// note notes what is in a message that arrived at a time.
func (o *spectator) note(message []byte, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range stamps(message) {
		o.seen = append(o.seen, sight{s, time.Duration(at.UnixNano() - s.at)})
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
