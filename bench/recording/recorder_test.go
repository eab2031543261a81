package recording

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
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
	logs, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	r := &recorder{logs: logs}
	paths := http.NewServeMux()
	paths.HandleFunc("/record", r.record)
	paths.HandleFunc("/watch", r.watch)
	paths.HandleFunc("/seen", func(w http.ResponseWriter, _ *http.Request) { start.WriteJSON(w, r.seen.Load()) })
	return paths, nil
}

// recording is how a recorder records.
type recording struct {
	entries int
	rate    int // entries a second, or 0 = as fast as they are written
	users   int // of which each entry has one by chance
	first   int // number of the first user
	inOrder bool
}

func (l recording) query() string {
	return "/record?" + url.Values{
		"entries": {strconv.Itoa(l.entries)}, "rate": {strconv.Itoa(l.rate)}, "users": {strconv.Itoa(l.users)},
		"first": {strconv.Itoa(l.first)}, "inOrder": {strconv.FormatBool(l.inOrder)},
	}.Encode()
}

// record records, and answers with the stats when everything has been written.
func (r *recorder) record(w http.ResponseWriter, request *http.Request) {
	number := func(name string) int { n, _ := strconv.Atoi(request.FormValue(name)); return n }
	l := recording{number("entries"), number("rate"), number("users"), number("first"), request.FormValue("inOrder") == "true"}
	began := time.Now()
	for n := range l.entries {
		user := n % l.users
		if !l.inOrder {
			user = rand.IntN(l.users)
		}
		if l.rate > 0 {
			// Entries come at random moments, so that processes don't fall into step.
			at := (float64(n) + rand.Float64()) / float64(l.rate)
			time.Sleep(time.Until(began.Add(time.Duration(at * float64(time.Second)))))
		}
		r.await(1500)
		r.logs.Record(store.Entry{
			Username: "customer-" + strconv.Itoa(l.first+user), Method: "GET", Path: "/orders/" + strconv.Itoa(n) + "?page=2",
			Route: "/orders/:id", Code: http.StatusOK, Time: time.Now(), Duration: 3 * time.Millisecond,
		})
	}
	r.await(0)
	start.WriteJSON(w, r.logs.Stats())
}

// await waits until no more entries are queued.
func (r *recorder) await(queued uint64) {
	for r.logs.Stats().Queued > queued {
		time.Sleep(100 * time.Microsecond)
	}
}

// watch subscribes to a user's log, or to everyone's without a user, and counts what comes from then on.
func (r *recorder) watch(w http.ResponseWriter, request *http.Request) {
	username := request.FormValue("username")
	subscribe := func() (*store.Subscription, error) { return r.logs.Subscribe(username, "") }
	if username == "" {
		subscribe = func() (*store.Subscription, error) { return r.logs.SubscribeEveryone("") }
	}
	subscription, err := subscribe()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for state := store.Joining; state != store.Live; {
		update, err := subscription.Next(request.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
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
	start.WriteJSON(w, true)
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
