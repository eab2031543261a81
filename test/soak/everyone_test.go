package soak

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// TestEveryone has viewers of everyone's log leave and come back, to the same server or to one that has just
// started, while the connection of the first is cut again and again. Between two gaps,
// a viewer has to get every entry that was published. A gap is allowed wherever an entry may be missing, silence never.
func TestEveryone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		entries int           // that lists keep
		ahead   time.Duration // of the clock of one application
	}{
		{"lists are cut off at once", 3, 0},
		{"lists are cut off", 25, 0},
		{"lists are long", 5000, 0},
		{"clocks differ", 5000, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			random := seeded(t)
			server, network, client := behindNetwork(t)
			direct := redistest.Patient(t, server.Client(t))
			options := store.Options{MaxEntries: test.entries}
			witness := startWitness(t, open(t, direct, options), direct)
			load := []*crowd{
				{logs: open(t, direct, options), users: users(), rate: 150},
				{logs: open(t, direct, options), users: users()[10:], rate: 50, ahead: test.ahead},
			}
			var recording, watching sync.WaitGroup
			ending, end := context.WithCancel(t.Context())
			defer end()
			for _, c := range load {
				recording.Go(func() { c.record(ending) })
			}
			servers := &fleet{witness: witness, stays: open(t, client, options), starts: func() *store.Store { return open(t, direct, options) }}
			viewers := make([]*follower, long(6, 12))
			for i := range viewers {
				viewers[i] = &follower{fleet: servers, random: rand.New(rand.NewPCG(random.Uint64(), 0))}
				watching.Go(func() { viewers[i].follow(t, ending) })
			}
			cuts := 0
			for started := time.Now(); !servers.returns.enough(started, long(4*time.Second, time.Minute)); cuts++ {
				wait(ending, time.Duration(random.ExpFloat64()*float64(time.Second)))
				network.refuse()
				wait(ending, time.Duration(random.ExpFloat64()*float64(200*time.Millisecond)))
				network.heal()
			}
			end()
			recording.Wait()
			for _, c := range load {
				settled(t, c.logs)
			}
			silence := goodbye(load[0].logs)
			watching.Wait()
			silence()
			f := sum(viewers)
			if f.lost+f.twice+f.unordered != 0 {
				t.Errorf("viewers did not see what was there: %v", f.figures)
			}
			if f.gaps == 0 || f.smooth == 0 {
				t.Errorf("%d gaps, %d returns without one: that was not both kinds", f.gaps, f.smooth)
			}
			summary(t, load[0].logs, "everyone, "+test.name, "published", witness.count(), "cuts", cuts, "returns", f.returns, "without a gap", f.smooth, f.figures)
		})
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// crowd records requests of some users at a constant rate.
type crowd struct {
	logs  *store.Store
	users []string
	rate  int // per second
	ahead time.Duration
}

func (c *crowd) record(ending context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(c.rate))
	defer tick.Stop()
	for n := 0; ending.Err() == nil; n++ {
		c.logs.Record(store.Entry{Username: c.users[rand.IntN(len(c.users))], Method: "GET", Path: fmt.Sprint("/", n), Code: 200, Time: time.Now().Add(c.ahead)})
		select {
		case <-tick.C:
		case <-ending.Done():
		}
	}
}

// lastPath is the path of the last entry.
const lastPath = "/last"

// goodbye records lastPath until silence is called. A viewer that comes back then may only get the newest entries by a
// clock that is ahead.
func goodbye(logs *store.Store) (silence func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var saying sync.WaitGroup
	saying.Go(func() {
		for ctx.Err() == nil {
			logs.Record(store.Entry{Username: "last", Method: "GET", Path: lastPath, Code: 200})
			wait(ctx, 50*time.Millisecond)
		}
	})
	return func() {
		cancel()
		saying.Wait()
	}
}

// witness hears everything that is published, in order, on a connection that does not break.
type witness struct {
	direct   *redis.Client
	mu       sync.Mutex
	position map[string]int           // by id
	users    []string                 // by position
	marks    map[string]chan struct{} // closed when they are heard
}

// markChannel is where marks are published. A name of less than five bytes makes go-redis wait for more than the confirmation
// of its subscription has.
const markChannel = "marks of the witness"

func startWitness(t *testing.T, logs *store.Store, direct *redis.Client) *witness {
	t.Helper()
	w := &witness{direct: direct, position: map[string]int{}, marks: map[string]chan struct{}{}}
	heard := direct.PSubscribe(context.Background(), logs.KeyPrefix()+"log:*", markChannel)
	for range 2 {
		if _, err := heard.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var listening sync.WaitGroup
	listening.Go(func() {
		for {
			message, err := heard.ReceiveMessage(context.Background())
			if err != nil {
				return
			}
			if err := w.hear(message); err != nil {
				t.Error(err)
			}
		}
	})
	t.Cleanup(func() {
		heard.Close()
		listening.Wait()
	})
	return w
}

func (w *witness) hear(message *redis.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if message.Channel == markChannel {
		close(w.marks[message.Payload])
		delete(w.marks, message.Payload)
		return nil
	}
	var e store.Entry
	if err := e.UnmarshalJSON([]byte(message.Payload)); err != nil {
		return err
	}
	w.position[e.ID] = len(w.users)
	w.users = append(w.users, e.Username)
	return nil
}

// now returns a position behind everything that was published before it was called. The witness itself may not have heard of
// that yet, on a busy machine: so it is asked for a mark that is published now.
func (w *witness) now(ctx context.Context) (int, error) {
	mark, heard := cryptorand.Text(), make(chan struct{})
	w.mu.Lock()
	w.marks[mark] = heard
	w.mu.Unlock()
	if err := w.direct.Publish(ctx, markChannel, mark).Err(); err != nil {
		return 0, fmt.Errorf("publish a mark: %w", err)
	}
	select {
	case <-heard:
		return w.count(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (w *witness) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.users)
}

// fleet are the servers to which a viewer may come.
type fleet struct {
	returns kinds
	witness *witness
	stays   *store.Store
	mu      sync.Mutex
	starts  func() *store.Store
}

// choose returns one of them, mostly the one that stays.
func (f *fleet) choose(random *rand.Rand) *store.Store {
	if random.IntN(4) > 0 {
		return f.stays
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.starts()
}

// follower is a viewer of everyone's log.
type follower struct {
	*fleet
	random *rand.Rand

	after           string          // cursor
	begin           int             // what was published from there on is to be seen
	seen            map[string]bool // since the last gap
	last            map[string]int  // of each user
	furthest        int             // position
	over            bool            // lastPath was seen
	returns, smooth int
	figures
}

// follow watches until the last entry was seen, and leaves now and then before.
func (v *follower) follow(t *testing.T, ending context.Context) {
	deadline, stop := context.WithTimeout(t.Context(), long(2*patience, 3*time.Minute))
	defer stop()
	for {
		stay, leave := context.WithCancel(deadline)
		soon := func() {
			if ending.Err() == nil {
				time.AfterFunc(time.Duration(v.random.ExpFloat64()*float64(400*time.Millisecond)), leave)
			}
		}
		if v.random.IntN(4) == 0 {
			soon() // also before there was anything to see
			soon = func() {}
		}
		err := v.watch(deadline, stay, soon)
		leave()
		switch {
		case v.over:
			v.close()
			return
		case deadline.Err() != nil:
			t.Errorf("the last entry was not seen: %v", err)
			return
		}
		wait(ending, time.Duration(v.random.ExpFloat64()*float64(300*time.Millisecond)))
	}
}

// watch takes updates until stay ends, or nothing more can come. It calls begun after the first.
func (v *follower) watch(ctx, stay context.Context, begun func()) error {
	resumes, gaps := v.after != "", v.gaps
	s, err := v.choose(v.random).SubscribeEveryone(v.after)
	if err != nil {
		return err
	}
	defer s.Close()
	for first := true; !v.over; {
		u, err := s.Next(stay)
		if err != nil {
			return err
		}
		if err := v.take(ctx, u); err != nil {
			return err
		}
		if first && u.State != store.Lost {
			first = false
			begun()
			if resumes {
				v.returns++
			}
			if resumes && v.gaps == gaps {
				v.smooth++
			}
			if resumes {
				v.fleet.returns.saw(v.gaps > gaps)
			}
		}
	}
	return nil
}

func (v *follower) take(ctx context.Context, u store.Update) error {
	if u.Gap {
		v.close()
		v.gaps++
	}
	if u.Gap || v.after == "" {
		if err := v.anew(ctx); err != nil {
			return err
		}
	}
	for _, e := range u.Entries {
		at, ok := v.where(e.ID)
		before, had := v.last[e.Username]
		switch {
		case !ok:
			continue // heard before the witness was there
		case v.seen[e.ID]:
			v.twice++
		case had && at < before:
			v.unordered++
		}
		v.seen[e.ID], v.last[e.Username], v.after = true, at, e.Cursor()
		v.figures.seen++
		v.furthest = max(v.furthest, at)
		v.over = v.over || e.Path == lastPath
	}
	return nil
}

// where is the position of an entry. It may have to wait for the witness.
func (v *follower) where(id string) (at int, ok bool) {
	for deadline := time.Now().Add(patience); !ok && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		v.witness.mu.Lock()
		at, ok = v.witness.position[id]
		v.witness.mu.Unlock()
		if ok {
			return at, true
		}
	}
	return at, ok
}

// anew begins after a gap, or for the first time: from now on, the viewer has to see every entry. Of earlier entries, a new
// viewer gets the newest only.
func (v *follower) anew(ctx context.Context) (err error) {
	v.begin, err = v.witness.now(ctx)
	v.seen, v.last, v.furthest = map[string]bool{}, map[string]int{}, -1
	return err
}

// close counts the entries that were published and not seen, up to the last one that was seen.
func (v *follower) close() {
	v.witness.mu.Lock()
	defer v.witness.mu.Unlock()
	for id, at := range v.witness.position {
		if at >= v.begin && at <= v.furthest && !v.seen[id] {
			v.lost++
		}
	}
}

// total adds up the figures of the viewers.
type total struct {
	figures
	returns, smooth int
}

func sum(viewers []*follower) (all total) {
	for _, v := range viewers {
		all.seen += v.figures.seen
		all.lost += v.lost
		all.twice += v.twice
		all.unordered += v.unordered
		all.gaps += v.gaps
		all.returns += v.returns
		all.smooth += v.smooth
	}
	return all
}
