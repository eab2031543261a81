package recording

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/bench/internal/start"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// recorder is a process that records in a Cluster, as an application does, and reads its feed, as an admin does.
type recorder struct {
	logs *store.Store
	seen atomic.Int64 // entries that a subscription has given
}

// serveRecorder makes a recorder. addresses are those of nodes, with commas between them.
func serveRecorder(addresses string) (http.Handler, error) {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: strings.Split(addresses, ","), Dialer: redistest.WithoutDeadlines(new(net.Dialer).DialContext),
	})
	logs, err := store.New(client, start.Quiet())
	if err != nil {
		return nil, err
	}
	r := &recorder{logs: logs}
	handler := start.Also(http.NotFoundHandler(), "/record", r.record)
	handler = start.Also(handler, "/watch", r.watch)
	return start.Also(handler, "/seen", func(struct{}) (any, error) { return r.seen.Load(), nil }), nil
}

// recording is how a recorder records.
type recording struct {
	Entries int
	Rate    int // entries a second, or 0 = as fast as they are written
	Users   int // of which each entry has one by chance
	First   int // number of the first user
	InOrder bool
}

// record records, and answers with the stats when everything has been written.
func (r *recorder) record(l recording) (any, error) {
	began := time.Now()
	for n := range l.Entries {
		user := n % l.Users
		if !l.InOrder {
			user = rand.IntN(l.Users)
		}
		if l.Rate > 0 {
			// Entries come at random moments, so that processes don't fall into step.
			at := (float64(n) + rand.Float64()) / float64(l.Rate)
			time.Sleep(time.Until(began.Add(time.Duration(at * float64(time.Second)))))
		}
		start.Await(r.logs, 1500)
		r.logs.Record(store.Entry{
			Username: "customer-" + strconv.Itoa(l.First+user), Method: "GET", Path: "/orders/" + strconv.Itoa(n) + "?page=2",
			Route: "/orders/:id", Code: http.StatusOK, Time: time.Now(), Duration: 3 * time.Millisecond,
		})
	}
	start.Await(r.logs, 0)
	return r.logs.Stats(), nil
}

// watch subscribes to a user's log, or to everyone's without a user, and counts what comes from then on.
func (r *recorder) watch(username string) (any, error) {
	subscribe := func() (*store.Subscription, error) { return r.logs.Subscribe(username, "") }
	if username == "" {
		subscribe = func() (*store.Subscription, error) { return r.logs.SubscribeEveryone("") }
	}
	subscription, err := subscribe()
	if err != nil {
		return nil, err
	}
	for state := store.Joining; state != store.Live; {
		update, err := subscription.Next(context.Background())
		if err != nil {
			return nil, err
		}
		state = update.State
	}
	go func() {
		for {
			update, err := subscription.Next(context.Background())
			if err != nil {
				return
			}
			r.seen.Add(int64(len(update.Entries)))
		}
	}()
	return true, nil
}

// startRecorders starts recorders of a cluster, each in a process of its own.
func startRecorders(b *testing.B, cluster *redistest.Cluster, n int) []*start.Server {
	b.Helper()
	recorders := make([]*start.Server, n)
	for i := range recorders {
		recorders[i] = start.Process(b, "recorder", strings.Join(cluster.Addresses(), ","))
	}
	return recorders
}
