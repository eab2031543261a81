package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// reach is how many entries the lists of a feed under test go back: more than are recorded of one
// user while a fault lasts, so that nothing may be missing.
const reach = 1000

// TestJoin has viewers come at random moments while the connections between feed and Redis break and
// stall. Each has to see everything from before it came until after it went, once and in order.
func TestJoin(t *testing.T) {
	t.Parallel()
	joins, rate := long(150, 1000), busy()
	random := seeded(t)
	server, network, client := behindNetwork(t)
	direct := redistest.Patient(t, server.Client(t))
	application := open(t, direct, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	admin := open(t, client, store.Options{MaxEntries: reach})
	load := startLoad(t, application, rate)
	redistest.Eventually(t, "there is something of everybody", func() bool { return application.Stats().Written >= uint64(len(users())) })

	faults := map[string]int{}
	visits := make([]*visit, joins)
	var all sync.WaitGroup
	for n := range visits {
		time.Sleep(time.Duration(random.ExpFloat64() * float64(25*time.Millisecond)))
		v := &visit{logs: admin, direct: direct, user: users()[random.IntN(len(users()))]}
		visits[n] = v
		stay := time.Duration(random.ExpFloat64() * float64(500*time.Millisecond))
		all.Go(func() {
			staying, leave := context.WithTimeout(t.Context(), stay)
			defer leave()
			v.make(t, staying)
		})
		if random.IntN(8) == 0 {
			faults[disturb(t, random, network, direct)]++
		}
	}
	network.heal()
	all.Wait()
	load.stop()
	settled(t, application)
	summary(t, application, fmt.Sprintf("join at %d/s", rate), "joins", joins, "faults", faults, verdict(t, visits))
}

// seeded returns a source of random numbers, and prints how to get the same ones again.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("USERLOG_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("USERLOG_SEED: %v", err)
		}
	}
	t.Logf("USERLOG_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// disturb makes something go wrong between the feed and Redis, in place of what went wrong before,
// and returns what.
func disturb(t *testing.T, random *rand.Rand, network *network, direct *redis.Client) string {
	t.Helper()
	network.heal()
	switch random.IntN(4) {
	case 0:
		network.fail("latency", "downstream", fmt.Sprintf(`"latency": %d, "jitter": %d`, random.IntN(100), random.IntN(100)))
		return "late answers"
	case 1:
		network.fail("latency", "upstream", fmt.Sprintf(`"latency": %d, "jitter": %d`, random.IntN(100), random.IntN(100)))
		return "late requests"
	case 2:
		network.fail("slicer", "downstream", `"average_size": 64, "size_variation": 32, "delay": 10`)
		return "answers in slices"
	}
	do(t, direct, "client", "kill", "type", "pubsub")
	return "kills"
}

// visit is one viewer's time with a user's log.
type visit struct {
	logs   *store.Store
	direct redis.UniversalClient // does not break
	user   string

	since, until string // ids of the newest entries before it came and before it went
	ids          []string
	gaps         int
}

// make lasts until staying ends, and then until everything that was in the list has arrived.
func (v *visit) make(t *testing.T, staying context.Context) {
	if err := v.watch(t.Context(), staying); err != nil {
		t.Errorf("a viewer of %s: %v", v.user, err)
	}
}

func (v *visit) watch(ctx, staying context.Context) (err error) {
	if v.since, err = v.newest(ctx); err != nil {
		return err
	}
	subscription, err := v.logs.Subscribe(v.user, "")
	if err != nil {
		return err
	}
	defer subscription.Close()
	for staying.Err() == nil {
		if err := v.see(staying, subscription); err != nil && staying.Err() == nil {
			return err
		}
	}
	return v.finish(ctx, subscription)
}

// finish reads the list as it is now.
func (v *visit) finish(ctx context.Context, subscription *store.Subscription) (err error) {
	if v.until, err = v.newest(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !v.has(v.until) {
		if err := v.see(ctx, subscription); err != nil {
			return fmt.Errorf("%s did not arrive: %w", v.until, err)
		}
	}
	return nil
}

func (v *visit) see(ctx context.Context, subscription *store.Subscription) error {
	update, err := subscription.Next(ctx)
	if err != nil {
		return err
	}
	if update.Gap {
		v.gaps++
	}
	for _, e := range update.Entries {
		v.ids = append(v.ids, e.ID)
	}
	return nil
}

// has looks from the newest on, since that is where it will be.
func (v *visit) has(id string) bool {
	for _, seen := range slices.Backward(v.ids) {
		if seen == id {
			return true
		}
	}
	return false
}

// newest is the id of the newest entry in the list.
func (v *visit) newest(ctx context.Context) (string, error) {
	line, err := v.direct.LIndex(ctx, v.logs.KeyPrefix()+"log:"+v.user, 0).Result()
	if err != nil {
		return "", fmt.Errorf("read the newest entry: %w", err)
	}
	var e store.Entry
	if err := e.UnmarshalJSON([]byte(line)); err != nil {
		return "", err
	}
	return e.ID, nil
}

// written returns the position of every entry in the list of a user, by id.
func written(t *testing.T, logs *store.Store, direct redis.UniversalClient, user string) map[string]int {
	t.Helper()
	entries := listed(t, logs, direct, user)
	position := make(map[string]int, len(entries))
	for i, e := range entries {
		position[e.ID] = len(entries) - 1 - i
	}
	return position
}

// listed are the entries of a user's list, newest first.
func listed(t *testing.T, logs *store.Store, direct redis.UniversalClient, user string) []store.Entry {
	t.Helper()
	lines, err := direct.LRange(t.Context(), key(logs, user), 0, -1).Result()
	if err != nil {
		t.Fatalf("read the list of %s: %v", user, err)
	}
	entries := make([]store.Entry, len(lines))
	for i, line := range lines {
		entries[i] = parse(t, line)
	}
	return entries
}

// figures count the mistakes in what viewers saw.
type figures struct{ seen, lost, twice, unordered, gaps int }

func (f figures) String() string {
	return fmt.Sprintf("seen %d, lost %d, twice %d, out of order %d, gaps %d", f.seen, f.lost, f.twice, f.unordered, f.gaps)
}

// verdict compares what the viewers saw with the lists, none of which may have been trimmed.
func verdict(t *testing.T, visits []*visit) (f figures) {
	t.Helper()
	lists := map[string]map[string]int{}
	for _, v := range visits {
		if lists[v.user] == nil {
			lists[v.user] = written(t, v.logs, v.direct, v.user)
		}
		f.add(v, lists[v.user])
	}
	if f.lost+f.twice+f.unordered+f.gaps != 0 {
		t.Errorf("viewers did not see what was there: %v", f)
	}
	return f
}

// add counts one viewer. Its entries have to begin before it came, and to have no hole until the end.
func (f *figures) add(v *visit, position map[string]int) {
	seen := map[int]bool{}
	last := -1
	for _, id := range v.ids {
		at := position[id]
		switch {
		case seen[at]:
			f.twice++
		case at < last:
			f.unordered++
		}
		seen[at], last = true, max(last, at)
	}
	first := position[v.since]
	if len(v.ids) > 0 {
		first = min(first, position[v.ids[0]])
	}
	for at := first; at <= max(last, position[v.until]); at++ {
		if !seen[at] {
			f.lost++
		}
	}
	f.seen += len(seen)
	f.gaps += v.gaps
}
