package soak

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// TestResume cuts the connections of viewers again and again, for moments and for longer than the
// list goes back. After each cut a viewer sees the same entries as one whose connection was never cut, or one gap, and the entries
// after it. The same holds where a load balancer sends it to one server and to the other.
func TestResume(t *testing.T) {
	t.Parallel()
	oneRedis := func(t *testing.T) redis.UniversalClient { return redistest.Patient(t, redistest.Start(t).Client(t)) }
	aCluster := func(t *testing.T) redis.UniversalClient { return redistest.StartCluster(t, 3).Client(t) }
	for _, test := range []struct {
		name    string
		servers int
		connect func(t *testing.T) redis.UniversalClient
	}{{"one server", 1, oneRedis}, {"two servers", 2, oneRedis}, {"two servers on a Cluster", 2, aCluster}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			testResume(t, test.name, test.servers, test.connect(t))
		})
	}
}

func testResume(t *testing.T, name string, servers int, client redis.UniversalClient) {
	const viewers = 20
	rate := busy()
	cuts := long(60, 500) / viewers // at least
	random := seeded(t)
	application := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	var admin *store.Store
	addresses := make([]string, servers)
	for i := range addresses {
		admin = open(t, client, store.Options{MaxEntries: rate / len(users()) / 2}) // half a second
		addresses[i] = serveAdmin(t, admin)
	}
	load := startLoad(t, application, rate)
	redistest.Eventually(t, "there is something of everybody", func() bool { return application.Stats().Written >= uint64(len(users())) })

	var returns kinds
	pages := make([]*page, viewers)
	var all sync.WaitGroup
	for n, user := range users()[:viewers] {
		p := &page{returns: &returns, addresses: addresses, visit: visit{logs: admin, direct: client, user: user}, random: rand.New(rand.NewPCG(random.Uint64(), 0))}
		pages[n] = p
		all.Go(func() {
			if err := p.browse(t.Context(), cuts); err != nil {
				t.Errorf("the page of %s: %v", p.user, err)
			}
		})
	}
	all.Wait()
	load.stop()
	if t.Failed() {
		return // a page that could not connect has nothing to be checked
	}
	settled(t, application)
	f := figures{}
	missing, made := 0, 0
	for _, p := range pages {
		made += p.visits - 1
		missing += p.check(t, &f)
	}
	if f.lost+f.twice+f.unordered != 0 {
		t.Errorf("viewers did not see what was there: %v", f)
	}
	if !returns.gap.Load() || !returns.smooth.Load() {
		t.Errorf("%d gaps after %d cuts: that was not both kinds", f.gaps, made)
	}
	summary(t, application, fmt.Sprintf("resume at %d/s, %s", rate, name), "cuts", made, f, "which stand for", missing)
}

// serveAdmin serves the admin of logs to anybody, and returns where its socket is.
func serveAdmin(t *testing.T, logs *store.Store) string {
	t.Helper()
	admin, err := handlers.New(logs, handlers.Options{
		// One account could not look so often: what it looks at is recorded, and there is a limit to that.
		Identify: func(c *gin.Context) (string, auth.Role) { return "agent-of-" + c.Query("username"), auth.Superuser },
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	admin.Mount(engine.Group("/userlog"))
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := admin.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/userlog/live/socket?format=json&"
}

// page is a viewer that connects again when its connection is cut, and names what it has seen.
type page struct {
	visit
	returns   *kinds
	addresses []string // of the servers
	visits    int
	random    *rand.Rand
	holes     []int // indexes in ids before which there was a gap
}

// message is what a page is sent.
type message struct {
	Type string
	ID   string
}

// browse has its connection cut so many times, or more often until both kinds of returns were seen, and then sees
// the rest.
func (p *page) browse(ctx context.Context, cuts int) error {
	for started := time.Now(); p.visits < cuts || !p.returns.enough(started, 0); {
		connected := time.Duration(p.random.ExpFloat64() * float64(300*time.Millisecond))
		if err := p.connect(ctx, func(conn *websocket.Conn) error { return p.readFor(conn, connected) }); err != nil {
			return err
		}
		time.Sleep(time.Duration(p.random.ExpFloat64() * float64(400*time.Millisecond)))
	}
	return p.connect(ctx, func(conn *websocket.Conn) error { return p.readRest(ctx, conn) })
}

// connect goes on after the newest entry that it has, at the next server.
func (p *page) connect(ctx context.Context, read func(*websocket.Conn) error) error {
	query := url.Values{"username": {p.user}}
	if n := len(p.ids); n > 0 {
		query.Set("after", p.ids[n-1])
	}
	address := p.addresses[p.visits%len(p.addresses)]
	p.visits++
	host, _, _ := strings.Cut(address, "/userlog/")
	origin := "http" + strings.TrimPrefix(host, "ws")
	conn, err := dial(ctx, address+query.Encode(), origin)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	gaps, seen := p.gaps, len(p.ids)
	err = read(conn)
	if p.gaps > gaps+1 {
		return fmt.Errorf("%d gaps after one cut", p.gaps-gaps)
	}
	if seen > 0 && len(p.ids) > seen {
		p.returns.saw(p.gaps > gaps)
	}
	return err
}

// dial connects to a socket, as often as the server says that it can't ask Redis: on a busy machine it does not get an answer
// in time. A browser tries again, too.
func dial(ctx context.Context, address, origin string) (*websocket.Conn, error) {
	for deadline := time.Now().Add(patience); ; {
		conn, answer, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"Origin": {origin}})
		if answer == nil || err == nil {
			return conn, err
		}
		if answer.StatusCode != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return nil, fmt.Errorf("answered %s: %w", answer.Status, err)
		}
		wait(ctx, 100*time.Millisecond)
	}
}

// readFor reads until the connection is cut, in the middle of whatever it brings.
func (p *page) readFor(conn *websocket.Conn, d time.Duration) error {
	cut := time.AfterFunc(d, func() { conn.NetConn().Close() })
	defer cut.Stop()
	for {
		var m message
		if err := conn.ReadJSON(&m); err != nil {
			if websocket.IsUnexpectedCloseError(err) {
				return fmt.Errorf("not cut, but closed: %w", err)
			}
			return nil
		}
		p.take(m)
	}
}

// readRest reads what is in the list now.
func (p *page) readRest(ctx context.Context, conn *websocket.Conn) (err error) {
	if p.until, err = p.newest(ctx); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for !p.has(p.until) {
		var m message
		if err := conn.ReadJSON(&m); err != nil {
			return fmt.Errorf("%s did not arrive: %w", p.until, err)
		}
		p.take(m)
	}
	return nil
}

func (p *page) take(m message) {
	switch m.Type {
	case "gap":
		p.gaps++
		if n := len(p.holes); n == 0 || p.holes[n-1] != len(p.ids) { // or it was cut just after the same gap
			p.holes = append(p.holes, len(p.ids))
		}
	case "entry":
		p.ids = append(p.ids, m.ID)
	}
}

// leaveOutWhatItHad takes away what a gap brought again. A server that lags behind another, as on a busy machine, does not
// know the newest entry of a viewer that comes from there: it shows a gap and all that it has. A browser leaves out the
// rows that it has already.
func (p *page) leaveOutWhatItHad(position map[string]int) {
	var kept []string
	var holes []int
	furthest, again := -1, false
	for i, id := range p.ids {
		if slices.Contains(p.holes, i) {
			holes, again = append(holes, len(kept)), true
		}
		if again && position[id] <= furthest {
			continue
		}
		again = false
		kept, furthest = append(kept, id), max(furthest, position[id])
	}
	p.ids, p.holes = kept, slices.Compact(holes)
}

// check adds up what is wrong with each part between two gaps, and returns how many entries are
// missing where a gap says so.
func (p *page) check(t *testing.T, f *figures) (missing int) {
	t.Helper()
	position := written(t, p.logs, p.direct, p.user)
	p.leaveOutWhatItHad(position)
	p.since = p.ids[0] // one that was cut before it had seen anything has nothing to go on after
	f.add(&p.visit, position)
	for _, hole := range p.holes {
		if hole > 0 && hole < len(p.ids) {
			missing += position[p.ids[hole]] - position[p.ids[hole-1]] - 1
		}
	}
	f.lost -= missing
	return missing
}
