package store_test

import (
	"context"
	"fmt"
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
)

// cutOff has Redis close the connections of everyone who watches, and reports how many there were.
func cutOff(admin *redis.Client) int64 {
	n, _ := admin.Do(context.Background(), "client", "kill", "type", "pubsub").Int64()
	return n
}

func TestBrokenConnection(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	logs := open(t, admin, store.Options{MaxEntries: 500})
	ada, all := watch(t, logs, "ada", ""), watch(t, logs, "", "")
	for round := range 5 {
		all.live(100 * round)
		record(logs, "ada", 100*round, 100*round+50)
		until(t, "the connection is cut", func() bool { return cutOff(admin) > 0 })
		record(logs, "ada", 100*round+50, 100*round+100)
		cut := time.Now()
		ada.live(100*round + 100)
		if took := time.Since(cut); took > 4*time.Second { // found by the probe, it takes 8
			t.Errorf("live %v after the connection was cut", took)
		}
	}
	all.live(500)
	ada.shows(numbers(0, 500))
	all.shows(numbers(0, 500))
}

func TestManyLogsAreWatchedAgain(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client(t)
	logs := open(t, admin, store.Options{})
	views := make([]*view, 10_000)
	for n := range views {
		views[n] = watch(t, logs, fmt.Sprint(n), "")
	}
	for _, v := range views {
		v.live(0)
	}
	until(t, "the connection is cut", func() bool { return cutOff(admin) > 0 })
	last := views[len(views)-1]
	last.until(func() bool { return last.state == store.Lost })
	for _, n := range []int{0, 5000, len(views) - 1} {
		record(logs, fmt.Sprint(n), n, n+1)
		views[n].live(1)
		views[n].shows(fmt.Sprint(n))
	}
}

func TestMoreWasMissedThanIsKept(t *testing.T) {
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := open(t, server.Client(t), store.Options{MaxEntries: 5}), open(t, client, store.Options{MaxEntries: 5})
	v := watch(t, logs, "ada", "")
	v.live(0)
	record(applications, "ada", 0, 3)
	v.live(3)
	cut()
	v.until(func() bool { return v.state == store.Lost })
	record(applications, "ada", 3, 20)
	written(t, applications)
	mend()
	v.live(8)
	if v.gaps != 1 || v.paths() != "0 1 2 15 16 17 18 19" {
		t.Errorf("shown, with %d gaps: %s", v.gaps, v.paths())
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
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	logs := open(t, server.Client(t), store.Options{MaxEntries: 100})
	ada, all := watch(t, logs, "ada", ""), watch(t, logs, "", "")
	for round := range 3 {
		record(logs, "ada", 30*round, 30*round+10)
		written(t, logs)
		server.Kill()
		record(logs, "ada", 30*round+10, 30*round+30)
		ada.until(func() bool { return ada.state == store.Lost })
		server.Restart()
		back := time.Now()
		ada.live(10) // of what was recorded before, some may have been heard and some not
		if took := time.Since(back); took > 2*time.Second {
			t.Errorf("live %v after Redis was back", took)
		}
		ada.live(30*round + 30)
		all.live(30*round + 30)
	}
	ada.shows(numbers(0, 90))
	all.shows(numbers(0, 90))
}

func TestRedisComesBackEmpty(t *testing.T) {
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	ada, all, idle := watch(t, logs, "ada", ""), watch(t, logs, "", ""), watch(t, logs, "idle", "")
	record(logs, "ada", 0, 3)
	ada.live(3)
	all.live(3)
	idle.live(0)
	server.Restart()
	ada.until(func() bool { return ada.gaps > 0 })
	all.until(func() bool { return all.gaps > 0 })
	ada.live(3)
	record(logs, "ada", 3, 5)
	for _, v := range []*view{ada, all} {
		v.live(5)
		if v.gaps != 1 || v.paths() != "0 1 2 3 4" {
			t.Errorf("shown, with %d gaps: %s", v.gaps, v.paths())
		}
	}
	fresh := watch(t, logs, "ada", "") // sees what Redis has
	fresh.live(2)
	fresh.shows("3 4")
	record(logs, "idle", 9, 10)
	idle.live(1)
	idle.shows("9")
}

func TestRedisHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	v := watch(t, logs, "ada", "")
	record(logs, "ada", 0, 3)
	v.live(3)
	server.Pause()
	v.until(func() bool { return v.state == store.Lost })
	late := watch(t, logs, "bob", "")
	if u := late.next(); u.State != store.Lost {
		t.Errorf("who comes now is told: %+v", u)
	}
	server.Resume()
	resumed := time.Now()
	v.live(3)
	late.live(0)
	if took := time.Since(resumed); took > 15*time.Second {
		t.Errorf("live %v after Redis went on", took)
	}
	record(logs, "ada", 3, 5)
	v.live(5)
	v.shows("0 1 2 3 4")
}

func TestRedisIsAwayAtFirst(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	logs := open(t, server.Client(t), store.Options{})
	v := watch(t, logs, "ada", "")
	v.until(func() bool { return v.state == store.Lost })
	record(logs, "ada", 0, 3)
	server.Restart()
	v.live(3)
	v.shows("0 1 2")
}

func TestClosingWhileRedisHangs(t *testing.T) {
	server := redistest.Start(t)
	logs := open(t, server.Client(t), store.Options{})
	watch(t, logs, "ada", "").live(0)
	server.Pause()
	v := watch(t, logs, "bob", "")
	started := time.Now()
	v.updates.Close()
	if err := logs.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("closing took %v", took)
	}
}

// TestPoisonedKeys has somebody put other things where logs are.
func TestPoisonedKeys(t *testing.T) {
	redistest.Each(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		logs := open(t, client, store.Options{})
		keys := logs.Keys()
		record(logs, "ada", 0, 2)
		record(logs, "evil", 0, 1)
		written(t, logs)
		client.Set(ctx, keys.Log("evil"), "not a list", 0)
		evil, ada, all := watch(t, logs, "evil", ""), watch(t, logs, "ada", ""), watch(t, logs, "", "")
		for _, v := range []*view{evil, ada, all} {
			if u := v.next(); u.State != store.Live || u.Gap {
				t.Fatalf("after a key of another type: %+v", u)
			}
		}
		for _, payload := range []string{"", "garbage", "{}", "\x00\xff", "[]", "null", strings.Repeat("[", 10_000), `{"method":1}`} {
			client.Publish(ctx, keys.LogChannel("ada"), payload)
			client.LPush(ctx, keys.Log("ada"), payload)
		}
		client.Publish(ctx, keys.LogChannel(""), `{"method":"GET","path":"/nobody","code":200}`)
		client.Publish(ctx, keys.LogChannel("ada"), `{"id":"a","username":"bob","method":"GET","path":"/2","code":200}`)
		ada.live(3)
		all.live(3)
		if got := ada.entries[2].Username; got != "ada" {
			t.Errorf("on ada's channel is an entry of %q", got)
		}
		record(logs, "ada", 3, 5)
		ada.live(5)
		ada.shows("0 1 2 3 4")
		client.Del(ctx, keys.Users())
		client.Set(ctx, keys.Users(), "not a set", 0)
		bob, everyone := watch(t, logs, "bob", ""), watch(t, open(t, client, store.Options{}), "", "")
		bob.live(0)
		everyone.live(0)
		everyone.shows("")
	})
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
	watched := open(t, server.Client(t), options)
	var all sync.WaitGroup
	for user := range l.users {
		logs := open(t, server.Client(t), options)
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
		logs.Record(entry(username, n))
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
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
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
