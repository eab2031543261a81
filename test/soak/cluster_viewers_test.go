package soak

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// clusterFault is something that happens to a Cluster of three masters and three replicas while viewers watch.
type clusterFault struct {
	name    string
	happens func(t *testing.T, cluster *redistest.Cluster, logs *store.Store) (hit []string) // the users whose master is away

	everywhere bool // all masters are away, one after another
	short      bool // is part of the short form
}

// TestViewersOnACluster has viewers of users and of everyone stay, and others come, leave and come back, while things
// happen to the Cluster. Between two gaps, each has to see every entry that the lists have in the end, once and in order. Viewers of
// users whose master is well are told nothing.
//
// The short form has one fault: a cluster for each would be too much for two processors. Tests of the store have the others:
// TestAMasterDies, TestASlotMoves.
func TestViewersOnACluster(t *testing.T) {
	t.Parallel()
	for _, fault := range []clusterFault{
		{name: "steady", happens: func(*testing.T, *redistest.Cluster, *store.Store) []string { return nil }},
		{name: "kill -9 of a master", happens: killMaster},
		{name: "SIGSTOP of a master", happens: freezeMaster, short: true},
		{name: "slots move", happens: moveSlots},
		{name: "a failover by hand", happens: failOver},
		{name: "all nodes restart, one by one", happens: restartAll, everywhere: true},
		{name: "a node is added and removed", happens: addAndRemove},
	} {
		if !long(fault.short, true) {
			continue
		}
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			fault.run(t)
		})
	}
}

func (f clusterFault) run(t *testing.T) {
	random := seeded(t)
	cluster := redistest.StartCluster(t, 3)
	client := cluster.Client(t)
	application := open(t, client, store.Options{MaxEntries: 10_000, QueueSize: roomy()})
	admin := open(t, cluster.Client(t), store.Options{MaxEntries: 10_000})
	load := startLoad(t, application, long(200, 500))
	redistest.Eventually(t, "there is something of everybody", func() bool { return application.Stats().Written >= uint64(len(users())) })

	staying, leave := context.WithCancel(t.Context())
	defer leave()
	var watching sync.WaitGroup
	var sights []*sight
	watch := func(user string, comes *rand.Rand) {
		s := &sight{logs: admin, user: user, comes: comes, streams: map[string]*stream{}}
		sights = append(sights, s)
		watching.Go(func() { s.watch(t, staying) })
	}
	for _, user := range users() {
		watch(user, nil)
		watch(user, rand.New(rand.NewPCG(random.Uint64(), 0)))
	}
	for range 3 {
		watch("", nil)
		watch("", rand.New(rand.NewPCG(random.Uint64(), 0)))
	}
	socket := serveAdmin(t, admin)
	for _, user := range append(users(), "") {
		s := &sight{logs: admin, user: user, socket: socket, streams: map[string]*stream{}}
		sights = append(sights, s)
		watching.Go(func() { s.watch(t, staying) })
	}
	for _, s := range sights {
		redistest.Eventually(t, "viewers have begun", s.hasBegun)
	}
	during(t, application, long(time.Second, 5*time.Second))
	hit := f.happens(t, cluster, application)
	during(t, application, long(time.Second, 15*time.Second))
	load.stop()
	settled(t, application)
	lists := map[string]map[string]int{}
	for _, user := range users() {
		lists[user] = positions(t, client, key(application, user))
	}
	for _, s := range sights {
		redistest.Eventually(t, "viewers see the end", func() bool { return s.hasSeen(lists) })
	}
	leave()
	watching.Wait()
	f.judge(t, application, sights, lists, hit)
}

// judge compares what was seen with the lists.
func (f clusterFault) judge(t *testing.T, application *store.Store, sights []*sight, lists map[string]map[string]int, hit []string) {
	t.Helper()
	var all figures
	var dark, darkElsewhere time.Duration
	told, toldElsewhere := 0, 0
	for _, s := range sights {
		all.gaps += s.gaps
		for user, stream := range s.streams {
			before := all
			stream.judge(&all, lists[user])
			if all.lost+all.twice+all.unordered > before.lost+before.twice+before.unordered {
				t.Logf("%q (comes: %v) of %s: lost %d, twice %d, out of order %d: %s", s.user, s.comes != nil, user,
					all.lost-before.lost, all.twice-before.twice, all.unordered-before.unordered, stream.describe(lists[user]))
			}
			switch {
			case s.comes != nil:
			case s.user == "" || slices.Contains(hit, user):
				dark = max(dark, stream.waited)
			default:
				darkElsewhere = max(darkElsewhere, stream.waited)
			}
		}
		if s.comes == nil && (s.user == "" || slices.Contains(hit, s.user)) {
			told += s.lost
		} else if s.comes == nil {
			toldElsewhere += s.lost
		}
	}
	if all.lost+all.twice+all.unordered > 0 {
		t.Errorf("viewers did not see what was there: %v", all)
	}
	if toldElsewhere > long(len(sights), 0) && !f.everywhere {
		t.Errorf("%d viewers of other masters were told that their logs are interrupted", toldElsewhere)
	}
	summary(t, application, f.name, all, "dark", dark, "others", darkElsewhere, "told", told, "others", toldElsewhere)
}

// positions are the places of entries in a list, by id, oldest first.
func positions(t *testing.T, client redis.UniversalClient, key string) map[string]int {
	t.Helper()
	lines, err := client.LRange(t.Context(), key, 0, -1).Result()
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	found := make(map[string]int, len(lines))
	for i, line := range lines {
		found[parse(t, line).ID] = len(lines) - 1 - i
	}
	return found
}

// sight is what one viewer has seen of a user's log, or of everyone's ("").
type sight struct {
	logs   *store.Store
	user   string
	socket string     // where the admin has it; "" = it is one of the store
	comes  *rand.Rand // it leaves and comes back at random moments; nil = it stays
	lost   int        // times that it was told so
	gaps   int
	after  string

	mu      sync.Mutex
	begun   bool               // its log has been live
	streams map[string]*stream // by user
}

// stream is what one viewer has seen of one user.
type stream struct {
	ids    []string
	holes  map[int]bool // before which of them there was a gap
	had    map[string]bool
	waited time.Duration
}

// watch lasts until staying ends.
func (s *sight) watch(t *testing.T, staying context.Context) {
	for staying.Err() == nil {
		stay, leave := staying, context.CancelFunc(func() {})
		if s.comes != nil {
			stay, leave = context.WithTimeout(staying, time.Duration(s.comes.ExpFloat64()*float64(500*time.Millisecond)))
		}
		visit := s.visit
		if s.socket != "" {
			visit = s.connect
		}
		if err := visit(stay); err != nil && stay.Err() == nil {
			t.Errorf("a viewer of %q: %v", s.user, err)
			leave()
			return
		}
		leave()
	}
}

func (s *sight) visit(ctx context.Context) error {
	subscribe := func() (*store.Subscription, error) { return s.logs.Subscribe(s.user, s.after) }
	if s.user == "" {
		subscribe = func() (*store.Subscription, error) { return s.logs.SubscribeEveryone(s.after) }
	}
	updates, err := subscribe()
	if err != nil {
		return err
	}
	defer updates.Close()
	for state := store.Joining; ; {
		update, err := updates.Next(ctx)
		if err != nil {
			return err
		}
		if update.State == store.Lost && state != store.Lost {
			s.lost++
		}
		state = update.State
		s.take(update)
	}
}

// connect follows the log by a socket, as a program does, which connects again where it ended.
func (s *sight) connect(ctx context.Context) error {
	query := url.Values{"after": {s.after}, "username": {s.user}}
	if s.user == "" {
		query = url.Values{"after": {s.after}, "everyone": {"1"}}
	}
	host, _, _ := strings.Cut(s.socket, "/userlog/")
	conn, err := dial(ctx, s.socket+query.Encode(), "http"+strings.TrimPrefix(host, "ws"))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.NetConn().Close() })()
	for {
		var m struct {
			message
			State, Username, Cursor string
			Time                    float64
		}
		if err := conn.ReadJSON(&m); err != nil {
			return err
		}
		switch update := (store.Update{State: store.Live}); {
		case m.Type == "status":
			s.lost += strings.Count(m.State, "store-lost")
		case m.ID == "":
			update.Gap = true
			s.take(update)
		default:
			s.take(update)
			s.see(m.Username, m.ID, m.Cursor, time.UnixMicro(int64(m.Time*1e6)))
		}
	}
}

func (s *sight) take(update store.Update) {
	s.mu.Lock()
	s.begun = s.begun || update.State == store.Live
	if update.Gap {
		s.gaps++
		for _, stream := range s.streams {
			stream.holes[len(stream.ids)] = true
		}
	}
	s.mu.Unlock()
	for _, e := range update.Entries {
		s.see(e.Username, e.ID, e.Cursor(), e.Time)
	}
}

// see notes an entry.
func (s *sight) see(username, id, cursor string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := s.streams[username]
	if stream == nil {
		stream = newStream()
		s.streams[username] = stream
	} else if !stream.had[id] { // after a gap it may be shown again
		stream.waited = max(stream.waited, time.Since(at))
	}
	stream.had[id] = true
	stream.ids, s.after = append(stream.ids, id), cursor
}

func newStream() *stream { return &stream{holes: map[int]bool{}, had: map[string]bool{}} }

// hasBegun reports whether the viewer's log has been live. On a busy machine, that of everyone needs seconds: a fault before then is
// none that a viewer sees, and one who begins after the end is shown the newest entries only.
func (s *sight) hasBegun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun || s.comes != nil
}

// hasSeen reports whether the newest entry of each list has come.
func (s *sight) hasSeen(lists map[string]map[string]int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, list := range lists {
		if s.user != "" && s.user != user {
			continue
		}
		stream := s.streams[user]
		if stream == nil || !slices.ContainsFunc(stream.ids, func(id string) bool { at, ok := list[id]; return ok && at == len(list)-1 }) {
			return false
		}
	}
	return true
}

// judge counts what is missing without a gap, twice, or out of order. What the list does not have was lost with a master: the viewer has
// seen more than there is. After a gap a viewer may be shown again what there is.
func (s *stream) judge(f *figures, list map[string]int) {
	seen, last, hole, again := map[int]bool{}, -1, true, false
	for i, id := range s.ids {
		hole = hole || s.holes[i]
		again = again || s.holes[i]
		at, listed := list[id]
		switch {
		case !listed || again && at <= last:
			continue
		case seen[at]:
			f.twice++
		case at < last:
			f.unordered++
		case !hole:
			f.lost += at - last - 1
		}
		seen[at], last, hole, again = true, max(last, at), false, false
	}
	f.seen += len(seen)
}

// describe shows where what was seen stands in the list, with a bar for a gap.
func (s *stream) describe(list map[string]int) string {
	var b strings.Builder
	first, last := 0, -2
	flush := func() {
		if last >= 0 {
			fmt.Fprintf(&b, "%d-%d ", first, last)
		}
	}
	for i, id := range s.ids {
		at, listed := list[id]
		if !listed {
			at = -1
		}
		if s.holes[i] || at != last+1 || at <= 0 {
			flush()
			first = at
			if s.holes[i] {
				b.WriteString("| ")
			}
			if !listed {
				b.WriteString("? ")
			}
		}
		last = at
	}
	flush()
	return b.String()
}

// killMaster kills a master. When another one has taken over, it comes back as its replica.
func killMaster(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	return fail(t, cluster, logs, (*redistest.Server).Kill, (*redistest.Server).Restart)
}

// freezeMaster stops a master for a while, and lets it go on.
func freezeMaster(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	return fail(t, cluster, logs, (*redistest.Server).Pause, func(s *redistest.Server) {
		time.Sleep(long(time.Second, 8*time.Second)) // the fault
		s.Resume()
	})
}

func fail(t *testing.T, cluster *redistest.Cluster, logs *store.Store, begin, end func(*redistest.Server)) []string {
	t.Helper()
	name := key(logs, users()[0])
	master, slot := cluster.Master(name), cluster.Slot(name)
	hit := shardOf(cluster, logs, master)
	begin(master)
	during(t, logs, 2*time.Second)
	cluster.MasterOfSlot(slot)
	end(master)
	return hit
}

// moveSlots moves the slots of all users, and in make soak a thousand others, to other masters.
func moveSlots(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	for i, user := range users() {
		cluster.Move(cluster.Nodes[i%3], cluster.Slot(key(logs, user)))
		balance(t, logs)
	}
	for slot := range long(0, 1000) {
		cluster.Move(cluster.Nodes[2], slot)
	}
	return users()
}

// failOver has a replica take over while its master is well, as for maintenance.
func failOver(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	master := cluster.Master(key(logs, users()[0]))
	hit := shardOf(cluster, logs, master)
	replica := cluster.Replica(master)
	do(t, replica.Client(t), "cluster", "failover")
	redistest.Eventually(t, "the replica has taken over", func() bool { return cluster.Replica(replica) == master })
	return hit
}

// restartAll kills and restarts one node after another.
func restartAll(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	for _, node := range cluster.Nodes {
		node.Kill()
		during(t, logs, 2*time.Second)
		for slot := range 3 {
			cluster.MasterOfSlot(slot * 6000)
		}
		node.Restart()
		cluster.AwaitHealth()
	}
	return users()
}

// addAndRemove adds a master, gives it the slots of half of the users, takes them back, and ends it.
func addAndRemove(t *testing.T, cluster *redistest.Cluster, logs *store.Store) []string {
	t.Helper()
	added, masters := cluster.AddMaster(), map[int]*redistest.Server{}
	for _, user := range users()[:10] {
		slot := cluster.Slot(key(logs, user))
		masters[slot] = cluster.MasterOfSlot(slot)
	}
	slots := slices.Collect(maps.Keys(masters))
	cluster.Move(added, slots...)
	during(t, logs, 3*time.Second)
	for _, slot := range slots {
		cluster.Move(masters[slot], slot)
	}
	during(t, logs, time.Second)
	added.Kill()
	return users()
}
