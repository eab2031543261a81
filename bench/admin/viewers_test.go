package admin

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// viewers watch users of one server, each by a socket, and note how long after its recording an entry reached them.
type viewers struct {
	kind

	server *start.Server
	redis  *redistest.Server
	n      int         // of them
	silent bool        // a viewer has nothing to see: there may be no first message
	seen   seen        // by those of a contender
	spent  start.Spent // by its server meanwhile

	mu     sync.Mutex
	since  int64 // Unix nanoseconds; entries that were recorded earlier are not counted
	delays start.Histogram
}

// watch starts a server with a Redis of its own. Nobody watches yet.
func watch(b *testing.B, k kind) *viewers {
	b.Helper()
	redis := redistest.Start(b)
	return &viewers{kind: k, server: start.Process(b, k.server, redis.URL), redis: redis, delays: start.NewHistogram()}
}

// join adds viewers until there are n, of so many users in turn, some at a time. It returns when each has had her first
// message: from then on she misses nothing.
func (v *viewers) join(b *testing.B, n, users int) {
	b.Helper()
	var all sync.WaitGroup
	few := make(chan struct{}, 32)
	for i := v.n; i < n; i++ {
		few <- struct{}{}
		all.Go(func() {
			defer func() { <-few }()
			conn, err := v.dial(url.Values{"username": {username(i % users)}, "format": {v.format}})
			if err != nil {
				b.Error(err)
				return
			}
			b.Cleanup(func() { conn.Close() })
			if !v.silent || v.kind == centrifuges {
				if err := v.begin(conn); err != nil {
					b.Error(err)
					return
				}
			}
			go v.read(conn)
		})
	}
	all.Wait()
	v.n = n
	if b.Failed() {
		b.FailNow()
	}
}

// dial connects a socket.
func (v *viewers) dial(query url.Values) (*websocket.Conn, error) {
	origin := http.Header{"Origin": {"http://" + v.server.Address}}
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+v.server.Address+"/userlog/live/socket?"+query.Encode(), origin)
	return conn, err
}

// begin waits for the first message.
func (v *viewers) begin(conn *websocket.Conn) error {
	if v.kind == centrifuges {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{}}`)); err != nil {
			return err
		}
	}
	_, _, err := conn.ReadMessage()
	return err
}

// read notes what a viewer gets, until her socket is closed.
func (v *viewers) read(conn *websocket.Conn) {
	var message bytes.Buffer
	for {
		_, r, err := conn.NextReader()
		if err != nil {
			return
		}
		message.Reset()
		if _, err := message.ReadFrom(r); err != nil {
			return
		}
		now := time.Now().UnixNano()
		if v.kind == centrifuges && message.String() == "{}" { // its ping, which is no websocket's
			_ = conn.WriteMessage(websocket.TextMessage, message.Bytes()) // the next message is an error, too
		}
		v.mu.Lock()
		for _, at := range recordedAt(message.Bytes()) {
			if at >= v.since {
				_ = v.delays.RecordValue(now - at)
			}
		}
		v.mu.Unlock()
	}
}

// recordedAt finds in a message when its entries were recorded, in Unix nanoseconds. In HTML a row has its path several
// times, but once as what is read.
func recordedAt(message []byte) (found []int64) {
	mark := []byte(`"path":"/at/`)
	if bytes.HasPrefix(message, []byte("<")) {
		mark = []byte(`<code dir="ltr">/at/`)
	}
	for {
		_, rest, ok := bytes.Cut(message, mark)
		if !ok {
			return found
		}
		number, rest, _ := bytes.Cut(rest, []byte("/"))
		if at, err := strconv.ParseInt(string(number), 10, 64); err == nil {
			found = append(found, at)
		}
		message = rest
	}
}

// seen is what viewers saw of a load.
type seen struct {
	start.Histogram // of delays
	lost            int64
}

// add adds what was seen of another load.
func (s *seen) add(other seen) {
	if s.Histogram == (start.Histogram{}) {
		s.Histogram = start.NewHistogram()
	}
	s.Merge(other.Histogram.Histogram)
	s.lost += other.lost
}

// report reports it below a name that may be empty.
func (s *seen) report(b *testing.B, name string) {
	s.Report(b, name)
	b.ReportMetric(float64(s.lost), name+"lost")
}

// during records by do, waits until viewers have seen as much as there is, or no more can be expected, and returns what they saw.
func (v *viewers) during(want int, do func()) seen {
	v.mu.Lock()
	v.since = time.Now().UnixNano()
	v.delays.Reset()
	v.mu.Unlock()
	do()
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		v.mu.Lock()
		s := seen{Histogram: start.Histogram{Histogram: v.delays.Clone()}, lost: int64(want) - v.delays.TotalCount()}
		v.mu.Unlock()
		if s.lost <= 0 || time.Now().After(deadline) {
			return s
		}
	}
}

// burst has the server record a burst. The viewers watch its users evenly.
func (v *viewers) burst(l burst) seen {
	return v.during(l.Entries*v.n/l.Users, func() { v.server.Ask("/burst", l, new(bool)) })
}

func TestMessagesSayWhenEntriesWereRecorded(t *testing.T) {
	first, second := timedPath(time.Unix(0, 12)), timedPath(time.Unix(0, 34))
	for message, want := range map[string][]int64{
		`{"path":"` + first + `","route":"/at/:number"}{"path":"` + second + `xxx"}`: {12, 34},
		`<a href="` + first + `"><code dir="ltr">` + first + `</code>`:               {12},
		`{"path":"/at/x/"}`: nil,
		"":                  nil,
	} {
		if got := recordedAt([]byte(message)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", message, got, want)
		}
	}
}
