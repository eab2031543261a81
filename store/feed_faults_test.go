package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// cutOff has Redis close the connections of everyone who watches, and reports how many there were.
func cutOff(admin *redis.Client) int64 {
	n, _ := admin.Do(context.Background(), "client", "kill", "type", "pubsub").Int64()
	return n
}

func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := redistest.Patient(t, server.Client(t))
	var said messages
	logs := storetest.Open(t, admin, store.Options{MaxEntries: 500, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	ada, all := storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "", "")
	for round := range 5 {
		all.Live(100 * round)
		storetest.Record(logs, "ada", 100*round, 100*round+50)
		redistest.Eventually(t, "the connection is cut", func() bool { return cutOff(admin) > 0 })
		storetest.Record(logs, "ada", 100*round+50, 100*round+100)
		ada.Live(100*round + 100)
	}
	all.Live(500)
	ada.Shows(storetest.Numbers(0, 500))
	all.Shows(storetest.Numbers(0, 500))
	if strings.Contains(said.String(), "nothing has been heard") {
		t.Errorf("the connection was found dead by a probe, seconds after it had broken: %s", said.String())
	}
}

// messages is a log that several goroutines write.
type messages struct {
	mu   sync.Mutex
	text strings.Builder
}

func (m *messages) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(b)
}

func (m *messages) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

func TestManyLogsAreWatchedAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	logs := storetest.Open(t, redistest.Patient(t, admin), store.Options{})
	views := make([]*storetest.View, 10_000)
	for n := range views {
		views[n] = storetest.Watch(t, logs, fmt.Sprint(n), "")
	}
	for _, v := range views {
		v.Live(0)
	}
	redistest.Eventually(t, "the connection is cut", func() bool { return cutOff(admin) > 0 })
	// Whatever is heard from now on comes by another connection. That this one is lost may be seen or not: a viewer is told
	// how things are, not how they were.
	for _, n := range []int{0, 5000, len(views) - 1} {
		storetest.Record(logs, fmt.Sprint(n), n, n+1)
		views[n].Live(1)
		views[n].Shows(fmt.Sprint(n))
	}
}

func TestMoreWasMissedThanIsKept(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{MaxEntries: 5}), storetest.Open(t, client, store.Options{MaxEntries: 5})
	v := storetest.Watch(t, logs, "ada", "")
	v.Live(0)
	storetest.Record(applications, "ada", 0, 3)
	v.Live(3)
	cut()
	v.Until(func() bool { return v.State == store.Lost })
	storetest.Record(applications, "ada", 3, 20)
	storetest.Written(t, applications)
	mend()
	v.Live(8)
	if v.Gaps != 1 || v.Paths() != "0 1 2 15 16 17 18 19" {
		t.Errorf("shown, with %d gaps: %s", v.Gaps, v.Paths())
	}
}

// severable returns a client that cut has no connection to Redis, until mend.
func severable(t *testing.T, server *redistest.Server) (client *redis.Client, cut, mend func()) {
	t.Helper()
	admin := server.Client(t)
	do := func(command ...any) {
		t.Helper()
		if err := admin.Do(context.Background(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	account := func(state string) {
		do("acl", "setuser", "viewer", state, "nopass", "allkeys", "allchannels", "allcommands")
	}
	account("on")
	options := *admin.Options()
	options.Username, options.Password = "viewer", "any"
	client = redis.NewClient(&options)
	t.Cleanup(func() { client.Close() })
	cut = func() {
		account("off")
		do("client", "kill", "user", "viewer")
	}
	return client, cut, func() { account("on") }
}

func TestRedisComesBackWithItsData(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{MaxEntries: 100}) // its disk may be busy
	ada, all := storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "", "")
	for round := range 3 {
		storetest.Record(logs, "ada", 30*round, 30*round+10)
		storetest.Written(t, logs)
		server.Kill()
		storetest.Record(logs, "ada", 30*round+10, 30*round+30)
		ada.Until(func() bool { return ada.State == store.Lost })
		server.Restart()
		ada.Live(10) // of what was recorded before, some may have been heard and some not
		ada.Live(30*round + 30)
		all.Live(30*round + 30)
	}
	ada.Shows(storetest.Numbers(0, 90))
	all.Shows(storetest.Numbers(0, 90))
}

func TestRedisComesBackEmpty(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	ada, all, idle := storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "", ""), storetest.Watch(t, logs, "idle", "")
	storetest.Record(logs, "ada", 0, 3)
	ada.Live(3)
	all.Live(3)
	idle.Live(0)
	server.Restart()
	ada.Until(func() bool { return ada.Gaps > 0 })
	all.Until(func() bool { return all.Gaps > 0 })
	ada.Live(3)
	storetest.Record(logs, "ada", 3, 5)
	for _, v := range []*storetest.View{ada, all} {
		v.Live(5)
		if v.Gaps != 1 || v.Paths() != "0 1 2 3 4" {
			t.Errorf("shown, with %d gaps: %s", v.Gaps, v.Paths())
		}
	}
	fresh := storetest.Watch(t, logs, "ada", "") // sees what Redis has
	fresh.Live(2)
	fresh.Shows("3 4")
	storetest.Record(logs, "idle", 9, 10)
	idle.Live(1)
	idle.Shows("9")
}

func TestRedisHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	v := storetest.Watch(t, logs, "ada", "")
	storetest.Record(logs, "ada", 0, 3)
	v.Live(3)
	server.Pause()
	v.Until(func() bool { return v.State == store.Lost })
	late := storetest.Watch(t, logs, "bob", "")
	if u := late.Next(); u.State != store.Lost {
		t.Errorf("who comes now is told: %+v", u)
	}
	server.Resume()
	v.Live(3)
	late.Live(0)
	storetest.Record(logs, "ada", 3, 5)
	v.Live(5)
	v.Shows("0 1 2 3 4")
}

func TestRedisIsAwayAtFirst(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	logs := storetest.Open(t, server.Client(t), store.Options{})
	v := storetest.Watch(t, logs, "ada", "")
	v.Until(func() bool { return v.State == store.Lost })
	storetest.Record(logs, "ada", 0, 3)
	server.Restart()
	v.Live(3)
	v.Shows("0 1 2")
}

// Closing waits for no answer of Redis: here it would wait for ever.
func TestClosingWhileRedisHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{})
	storetest.Watch(t, logs, "ada", "").Live(0)
	server.Pause()
	storetest.Watch(t, logs, "bob", "").Updates.Close()
	closed := make(chan error, 1)
	go func() { closed <- logs.Close(context.Background()) }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("Close waits for a Redis that hangs")
	}
}

// load is what TestJoinsUnderLoad does to one Redis.
type load struct {
	users, viewers int
	rate           int // entries a second
	length         time.Duration
	cuts           int

	mu    sync.Mutex
	holes map[string]map[int]int // by user, after which entry how many were missing without a gap
}

// TestJoinsUnderLoad joins at random moments while several stores record to several users and the
// connections of those who watch are cut. FEED_SEED repeats the moments of one run.
func TestJoinsUnderLoad(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("FEED_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
	}
	t.Logf("FEED_SEED=%d", seed)
	for _, test := range []struct {
		name    string
		entries int
		gaps    bool // may be
	}{{"all is kept", 10_000, false}, {"little is kept", 5, true}} {
		t.Run(test.name, func(t *testing.T) {
			l := &load{holes: map[string]map[int]int{}, users: 4, viewers: 150, rate: 2000, length: 3 * time.Second, cuts: 6}
			l.run(t, rand.New(rand.NewPCG(seed, 0)), store.Options{MaxEntries: test.entries}, test.gaps)
		})
	}
}

func (l *load) run(t *testing.T, random *rand.Rand, options store.Options, gaps bool) {
	server := redistest.Start(t)
	admin := server.Client(t)
	watched := storetest.Open(t, redistest.Patient(t, admin), options)
	var all sync.WaitGroup
	for user := range l.users {
		logs := storetest.Open(t, redistest.Patient(t, admin), options)
		l.holes[fmt.Sprint(user)] = map[int]int{}
		all.Go(func() { l.record(logs, fmt.Sprint(user)) })
		defer func() { l.check(t, fmt.Sprint(user), logs.Stats()) }()
	}
	for range l.cuts {
		moment := time.Duration(random.Int64N(int64(l.length)))
		all.Go(func() {
			time.Sleep(moment)
			cutOff(admin)
		})
	}
	for range l.viewers {
		moment := time.Duration(random.Int64N(int64(l.length)))
		user, leaves := fmt.Sprint(random.IntN(l.users)), random.IntN(1000)
		all.Go(func() {
			time.Sleep(moment)
			l.view(t, watched, user, leaves, gaps)
		})
	}
	all.Wait()
}

// total is how many entries each user has in the end.
func (l *load) total() int { return l.rate / l.users * int(l.length/time.Second) }

func (l *load) record(logs *store.Store, username string) {
	began := time.Now()
	for n := range l.total() {
		time.Sleep(time.Until(began.Add(time.Duration(n) * l.length / time.Duration(l.total()))))
		logs.Record(storetest.Entry(username, n))
	}
}

// check allows that entries are missing which a recorder could not get an answer about in time, as
// happens on a machine that has too much to do: Redis may not have them.
func (l *load) check(t *testing.T, username string, stats store.Stats) {
	missing := 0
	for _, n := range l.holes[username] {
		missing += n
	}
	if missing > int(stats.Indeterminate) || stats.Dropped.Total() > 0 {
		t.Errorf("user %s: missing without a gap, after which entry how many: %v; %+v", username, l.holes[username], stats)
	}
}

// hole notes that entries were missing.
func (l *load) hole(username string, after, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holes[username][after] = n
}

// view watches up to the last entry. After some entries it leaves once, and comes back.
func (l *load) view(t *testing.T, logs *store.Store, username string, leaves int, gaps bool) {
	ctx, cancel := context.WithTimeout(context.Background(), redistest.Patience)
	defer cancel()
	last, after, seen := -1, "", 0
	s, err := logs.Subscribe(username, "")
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { s.Close() }()
	for last < l.total()-1 {
		u, err := s.Next(ctx)
		if err != nil || u.Gap && !gaps {
			t.Errorf("user %s after %d: gap %v, %v", username, last, u.Gap, err)
			return
		}
		for i, e := range u.Entries {
			if e.OnlyGap() {
				continue
			}
			n, _ := strconv.Atoi(strings.TrimPrefix(e.Path, "/"))
			first := i == 0 && (u.Gap || seen == 0 && gaps)
			if e.Username != username || n <= last {
				t.Errorf("user %s: %s's %d after %d", username, e.Username, n, last)
				return
			}
			if n > last+1 && !first {
				l.hole(username, last, n-last-1)
			}
			last, after, seen = n, e.ID, seen+1
		}
		if leaves > 0 && seen > leaves {
			leaves = 0
			s.Close()
			if s, err = logs.Subscribe(username, after); err != nil {
				t.Error(err)
				return
			}
		}
	}
}
