package watching_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/rules/watching"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
	"github.com/gin-userlog/userlog/store"
)

var (
	keys = webhook.Keys{Prefix: "userlog:"}
	root = audit.Actor{Name: "root", Role: "superuser", Via: "browser", Address: "192.0.2.1"}
)

// many and of are rules.
func many(count int) rules.Rule     { return rules.Rule{Kind: rules.ManyFail, Count: count} }
func of(username string) rules.Rule { return rules.Rule{Kind: rules.UserFails, Username: username} }

// site is a site of which something fails, and the processes that watch it.
type site struct {
	t      *testing.T
	client redis.UniversalClient
	logs   *store.Store
	rules  *rules.Rules
	posted []rules.Event
	links  bool
}

func newSite(t *testing.T, client redis.UniversalClient) *site {
	t.Helper()
	logs, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close(context.Background()) })
	log := audit.New(client, audit.Keys{Prefix: "userlog:"}, audit.Options{})
	return &site{t: t, client: client, logs: logs, rules: &rules.Rules{Client: client, Keys: keys, Log: log}}
}

// rule makes a rule, as if an hour ago.
func (s *site) rule(rule rules.Rule) {
	s.t.Helper()
	if err := s.rules.Add(s.t.Context(), root, rule); err != nil {
		s.t.Fatal(err)
	}
	all, err := s.rules.List(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, made := range all {
		made.Made = made.Made.Add(-time.Hour)
		encoded, err := json.Marshal(made)
		if err == nil {
			err = s.client.HSet(s.t.Context(), keys.Rules(), made.ID, encoded).Err()
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// watcher is the watcher of a new process.
func (s *site) watcher(detailed bool) (*watching.Watcher, *bytes.Buffer) {
	queue := sending.NewQueue(s.client, keys)
	log := new(bytes.Buffer)
	o := watching.WatcherOptions{
		Logs: s.logs, Rules: s.rules, Queue: queue, Log: slog.New(slog.NewTextHandler(log, nil)), Detailed: detailed,
		Say: func(rules.Event) string { return "text" },
		Post: func(ctx context.Context, subject string, until time.Time, m sending.Message) error {
			if _, err := queue.Post(ctx, subject, until, m, []string{"to"}); err != nil {
				return err
			}
			var e rules.Event
			if err := json.Unmarshal(m.Data, &e); err != nil || m.ID == "" || m.Text != "text" || m.Type != "userlog."+string(e.Kind) {
				s.t.Errorf("posted is %+v, %v", m, err)
			}
			s.posted = append(s.posted, e)
			return nil
		},
	}
	if s.links {
		o.Link = func(username string) string { return "https://admin.example/" + username }
	}
	return watching.NewWatcher(o), log
}

// look has a watcher look, and returns what it has posted, each as a line.
func (s *site) look(w *watching.Watcher) string {
	s.t.Helper()
	s.posted = nil
	for {
		err := w.Look(s.t.Context())
		if err == nil {
			return s.said()
		}
		if !errors.Is(err, context.DeadlineExceeded) { // which a busy machine brings about: the next look makes up for it
			s.t.Fatal(err)
		}
	}
}

// said is what was posted, without ids.
func (s *site) said() string {
	var lines []string
	for _, e := range s.posted {
		e.Rule = ""
		line, err := json.Marshal(e)
		if err != nil {
			s.t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

// fail records requests of users that failed on a page, and returns when they are in Redis.
func (s *site) fail(page string, usernames ...string) {
	s.t.Helper()
	for _, username := range usernames {
		s.logs.Record(store.Entry{Username: username, Method: "POST", Path: "/pay?card=1", Route: "/pay", Page: page, Code: 500, Kind: store.KindPage})
	}
	s.written()
}

// written waits until all is in Redis.
func (s *site) written() {
	s.t.Helper()
	redistest.Eventually(s.t, "all is written", func() bool { return s.logs.Stats().Queued == 0 })
}

// later lets the time pass after which there may be a second message.
func (s *site) later() {
	s.t.Helper()
	for iter := s.client.Scan(s.t.Context(), 0, "userlog:{webhook}:told:*", 1000).Iterator(); iter.Next(s.t.Context()); {
		_, until, _ := strings.Cut(s.client.Get(s.t.Context(), iter.Val()).Val(), " ")
		before := time.Now().Add(-sending.Quiet - time.Second).UnixMilli()
		s.client.Set(s.t.Context(), iter.Val(), fmt.Sprintf("%d %s", before, until), time.Minute)
	}
}

// next is the watcher of a process that takes over from one that died.
func (s *site) next() *watching.Watcher {
	s.client.Del(s.t.Context(), keys.Leader())
	w, _ := s.watcher(false)
	return w
}

// Visitors count for no rule until they log in. Then what they did in the same visit is the user's.
func TestVisitorsCountForNoRule(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t))
	s.rule(many(1))
	s.rule(of("ada"))
	hers := store.VisitorName("hers")
	s.fail("Log in", hers, store.VisitorName("his"), store.VisitorName("theirs"))
	w, _ := s.watcher(false)
	if got := s.look(w); got != "" {
		t.Errorf("posted is %s", got)
	}
	s.logs.Join(hers, store.Entry{Username: "ada", Method: "POST", Path: "/login", Code: 303, Kind: store.KindPage})
	redistest.Eventually(t, "ada is in trouble", func() bool {
		troubled, err := s.logs.InTrouble(t.Context(), 10)
		return err == nil && len(troubled) == 1 && troubled[0].Username == "ada"
	})
	if s.look(w); len(s.posted) != 1 || s.posted[0].Kind != rules.UserFails || s.posted[0].Username != "ada" {
		t.Errorf("posted is %s", s.said())
	}
}

// The program starts on a host whose clock is wrong, and nobody has asked for Redis' clock yet. What counts is what failed within five minutes
// by that clock.
func TestTheClockOfTheHostIsWrong(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ ahead, ago time.Duration }{
		"Redis' is behind":                     {-6 * time.Minute, 0},
		"Redis' is ahead, and the failure old": {6 * time.Minute, 8 * time.Minute},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			options := *redistest.Start(t).Client(t).Options()
			options.Dialer = redistest.Skewed(options.Dialer, c.ahead)
			client := redis.NewClient(&options)
			t.Cleanup(func() { client.Close() })
			s := newSite(t, client)
			s.rule(of("ada"))
			s.logs.Record(store.Entry{Username: "ada", Method: "POST", Path: "/pay", Code: 500, Kind: store.KindPage, Time: time.Now().Add(-c.ago)})
			s.written()
			s.logs = newSite(t, client).logs // of another process
			w, _ := s.watcher(false)
			if s.look(w); (len(s.posted) == 1) != (c.ago == 0) {
				t.Errorf("posted is %q", s.said())
			}
		})
	}
}

// More than so many users fail on a page: that is told once, and again a minute later if more happens.
func TestManyFail(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.rule(many(2))
		w, _ := s.watcher(false)
		s.fail("Pay", "ada", "bob")
		s.fail("Pay", "ada", "bob")
		s.fail("Cart", "eve")
		if got := s.look(w); got != "" {
			t.Errorf("two users: %s", got)
		}
		s.fail("Pay", "cyd")
		if got, want := s.look(w), `{"rule":"","kind":"many-fail","page":"Pay","users":3,"new":3}`; got != want {
			t.Errorf("three users: %s, want %s", got, want)
		}
		s.fail("Pay", "dan")
		if got := s.look(w); got != "" {
			t.Errorf("within a minute: %s", got)
		}
		s.later()
		w = s.next()
		if got, want := s.look(w), `{"rule":"","kind":"many-fail","page":"Pay","users":4,"new":1,"again":true}`; got != want {
			t.Errorf("a minute later: %s, want %s", got, want)
		}
		s.later()
		if got := s.look(s.next()); got != "" {
			t.Errorf("where nothing more has failed: %s", got)
		}
	})
}

// A named user fails: that is told, with no more than the name.
func TestANamedUserFails(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.links = true
		s.rule(of("ada"))
		w, _ := s.watcher(false)
		s.fail("Pay", "bob", "Ada", "adam")
		if got := s.look(w); got != "" {
			t.Errorf("others: %s", got)
		}
		s.fail("Pay", "ada")
		if got, want := s.look(w), `{"rule":"","kind":"user-fails","username":"ada","new":1,"link":"https://admin.example/ada"}`; got != want {
			t.Errorf("ada: %s, want %s", got, want)
		}
		s.fail("Cart", "ada")
		s.fail("Pay", "ada")
		s.later()
		if got, want := s.look(s.next()), `{"rule":"","kind":"user-fails","username":"ada","new":2,"again":true,"link":"https://admin.example/ada"}`; got != want {
			t.Errorf("ada again: %s, want %s", got, want)
		}
	})
}

// On a Cluster, where users are at several masters, all of them are counted.
func TestRulesOnACluster(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.StartCluster(t, 3).Client(t))
	s.rule(many(5))
	s.rule(of("ada"))
	w, _ := s.watcher(false)
	s.fail("Pay", "ada", "bob", "cyd", "dan", "eve", "fay")
	want := `{"rule":"","kind":"user-fails","username":"ada","new":1}` + "\n" + `{"rule":"","kind":"many-fail","page":"Pay","users":6,"new":6}`
	var told string
	redistest.Eventually(t, "all are in the user index, and both are told", func() bool {
		told = strings.TrimPrefix(told+"\n"+s.look(w), "\n")
		return strings.Contains(told, "ada") && strings.Contains(told, "Pay")
	})
	if told = strings.Join(strings.Fields(told), "\n"); told != want {
		t.Errorf("told is %s, want %s", told, want)
	}
}

// Where a master of a Cluster is away, a rule about a user whose log it has keeps no other rule from being told.
func TestRulesWhereAMasterIsAway(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := newSite(t, cluster.Client(t))
	if err := s.logs.SpreadIndex(t.Context(), 16); err != nil {
		t.Fatal(err)
	}
	leads, away := cluster.Master(keys.Leader()), (*redistest.Server)(nil)
	var there []string
	for i := 0; len(there) < 2 || away == nil; i++ {
		name := fmt.Sprint("user", i)
		switch master := cluster.Master("userlog:log:" + name); {
		case master == leads:
			there = append(there, name)
		case away == nil:
			away = master
			s.rule(of(name))
		}
	}
	s.rule(many(1))
	w, _ := s.watcher(false)
	s.fail("Pay", there[:2]...)
	cluster.Replica(away).Kill() // so that nobody takes over
	away.Kill()
	var failed error
	redistest.Eventually(t, "the failures on Pay are told", func() bool {
		failed = w.Look(t.Context())
		return strings.Contains(s.said(), `"page":"Pay"`)
	})
	if failed == nil {
		t.Error("nothing is said of the master that is away")
	}
}

// A log that can't be read keeps no other user's failures from being told.
func TestRulesWhereALogCannotBeRead(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t))
	s.rule(many(1))
	w, _ := s.watcher(false)
	s.fail("Pay", "ada", "cyd", "bob!")
	server.Permit("resetkeys", "~*[^!]")
	var failed error
	redistest.Eventually(t, "the failures of the others are told", func() bool {
		failed = w.Look(t.Context())
		return strings.Contains(s.said(), `"page":"Pay","users":2,`)
	})
	if failed == nil {
		t.Error("nothing is said of the log that can't be read")
	}
}

// Where more is chosen, it is told.
func TestDetails(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.rule(many(1))
	s.rule(of("ada"))
	w, _ := s.watcher(true)
	s.logs.Record(store.Entry{Username: "bob", Path: "/a/7?q=1", Code: 404, Kind: store.KindPage, Time: time.Now().Add(-time.Minute)})
	s.logs.Record(store.Entry{Username: "ada", Path: "/a/7", Code: 200, Problem: "card declined", Kind: store.KindPage})
	s.written()
	want := `{"rule":"","kind":"user-fails","username":"ada","new":1,"detail":{"path":"/a/7","status":200,"problem":"card declined"}}` + "\n" +
		`{"rule":"","kind":"many-fail","users":2,"new":2,"detail":{"usernames":["ada","bob"],"path":"/a/7","status":200,"problem":"card declined"}}`
	if got := s.look(w); got != want {
		t.Errorf("told is %s, want %s", got, want)
	}
}

// What counts as a failure is what troubles a user, lately, since the rule is there.
func TestWhatCountsAsAFailure(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.rule(of("ada"))
		s.rule(of("old"))
		w, _ := s.watcher(false)
		for _, e := range []store.Entry{
			{Path: "/x.png", Code: 404, Kind: store.KindAsset},
			{Path: "/beacon", Code: 500, Kind: store.KindBeacon},
			{Path: "/ahead", Code: 500, Kind: store.KindPrefetch},
			{Path: "/as-ada", Code: 500, Kind: store.KindPage, Actor: "agent"},
			{Path: "/gave-up", Code: 500, Kind: store.KindPage, Ended: store.EndGaveUp},
			{Path: "/fine", Code: 200, Kind: store.KindPage},
			{Username: "old", Path: "/old", Code: 500, Kind: store.KindPage, Time: time.Now().Add(-rules.Window - time.Second)},
		} {
			e.Username = cmp.Or(e.Username, "ada")
			s.logs.Record(e)
		}
		s.written()
		if got := s.look(w); got != "" {
			t.Errorf("what is no failure: %s", got)
		}
		if err := s.rules.Add(t.Context(), root, many(1)); err != nil {
			t.Fatal(err)
		}
		for _, username := range []string{"cyd", "dan"} {
			s.logs.Record(store.Entry{Username: username, Path: "/", Code: 500, Kind: store.KindPage, Time: time.Now().Add(-time.Minute)})
		}
		s.written()
		if got := s.look(w); got != "" {
			t.Errorf("what failed before the rule was there: %s", got)
		}
		s.logs.Record(store.Entry{Username: "ada", Path: "/api", Code: 422, Kind: store.KindFetch})
		s.written()
		if got := s.look(w); !strings.Contains(got, `"username":"ada","new":1`) {
			t.Errorf("a fetch that failed: %s", got)
		}
	})
}

// One process leads. Where it dies or is slow, another one tells what has happened meanwhile, and nothing is told twice.
func TestAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client)
		s.rule(of("ada"))
		s.rule(of("bob"))
		one, _ := s.watcher(false)
		other, _ := s.watcher(false)
		s.fail("Pay", "ada")
		if first, second := s.look(one), s.look(other); !strings.Contains(first, `"username":"ada"`) || second != "" {
			t.Errorf("posted are %s and %s", first, second)
		}
		s.fail("Pay", "bob")
		client.Del(t.Context(), keys.Leader()) // the first one is not heard of for a while
		if got := s.look(other); !strings.Contains(got, `"username":"bob"`) || strings.Contains(got, "ada") {
			t.Errorf("the second one posts %s", got)
		}
		if got := s.look(one); got != "" {
			t.Errorf("the first one comes back and posts %s", got)
		}
	})
}

// A process that loses its lead while it looks posts nothing.
func TestALeaderThatIsReplacedPostsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.rule(of("ada"))
	queue := sending.NewQueue(s.client, keys)
	w := watching.NewWatcher(watching.WatcherOptions{
		Logs: s.logs, Rules: s.rules, Queue: queue, Log: slog.New(slog.DiscardHandler), Say: func(rules.Event) string {
			s.client.Set(t.Context(), keys.Leader(), "another", time.Minute) // as if it had slept for long
			return ""
		},
		Post: func(ctx context.Context, subject string, until time.Time, m sending.Message) error {
			_, err := queue.Post(ctx, subject, until, m, []string{"to"})
			if !errors.Is(err, sending.ErrNotLeading) {
				t.Errorf("it could post: %v", err)
			}
			return err
		},
	})
	s.fail("Pay", "ada")
	if got := s.look(w); got != "" || s.client.Exists(t.Context(), keys.Leader()).Val() != 1 {
		t.Errorf("posted is %s", got)
	}
}

// Whatever strangers ask for, what is remembered and sent is bounded, and a named user is not hidden by others.
func TestAFloodIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.rule(many(1))
	s.rule(of("ada"))
	s.fail("Pay", "ada")
	users := watching.MaxTroubled + 200
	for i := range users {
		for j := range 2 {
			path := fmt.Sprintf("/%d/%s", i/2, strings.Repeat("x", 1000*j))
			s.logs.Record(store.Entry{Username: fmt.Sprintf("stranger%d", i), Path: path, Code: 404, Kind: store.KindPage})
		}
		if i%500 == 0 {
			s.written()
		}
	}
	s.written()
	w, log := s.watcher(false)
	total, named := 0, false
	for range users/watching.MaxReads + 2 {
		begun := time.Now()
		got := s.look(w)
		t.Logf("a look takes %v", time.Since(begun).Round(time.Millisecond))
		total += len(s.posted)
		named = named || strings.Contains(got, `"username":"ada"`)
	}
	known, failures := w.Known()
	if total != watching.MaxPosts || !named || known > watching.MaxTroubled+1 || failures > 2*known || strings.Count(log.String(), "so much happens") != 1 {
		t.Errorf("%d are posted, ada among them: %v; remembered are %d users and %d failures; the log says %s", total, named, known, failures, log)
	}
}

// What fails right after another failure of the user is seen as well, though the user index does not say so.
func TestFailuresCloseToEachOther(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.rule(many(1))
	w, _ := s.watcher(false)
	before := time.Now().Add(-7 * time.Second)
	s.logs.Record(store.Entry{Username: "ada", Path: "/a", Route: "/a", Code: 500, Kind: store.KindPage, Time: before})
	s.logs.Record(store.Entry{Username: "bob", Path: "/b", Route: "/b", Code: 500, Kind: store.KindPage, Time: before})
	s.written()
	if got := s.look(w); got != "" {
		t.Errorf("posted is %s", got)
	}
	s.logs.Record(store.Entry{Username: "ada", Path: "/b", Route: "/b", Code: 400, Kind: store.KindPage})
	s.written()
	redistest.Eventually(t, "the index has it, or the watcher has looked again", func() bool { return strings.Contains(s.look(w), `"page":"/b"`) })
}

// Where nothing is watched, Redis is asked two small questions, and nothing is remembered.
func TestWithoutRules(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Patient(t, redistest.Start(t).Client(t)))
	s.fail("Pay", "ada", "bob")
	w, _ := s.watcher(false)
	s.look(w) // which loads the script
	before := s.client.Info(t.Context(), "commandstats").Val()
	s.look(w)
	after := s.client.Info(t.Context(), "commandstats").Val()
	calls := func(stats, command string) (n int) {
		for line := range strings.Lines(stats) {
			if rest, ok := strings.CutPrefix(line, "cmdstat_"+command+":calls="); ok {
				fmt.Sscanf(rest, "%d", &n)
			}
		}
		return n
	}
	for command, want := range map[string]int{"evalsha": 1, "hgetall": 1, "lrange": 0, "zrevrangebyscore": 0, "zrange": 0} {
		if got := calls(after, command) - calls(before, command); got != want {
			t.Errorf("%s is called %d times, want %d", command, got, want)
		}
	}
	if known, _ := w.Known(); known != 0 {
		t.Errorf("%d users are remembered", known)
	}
}

// Run watches by itself, and lets another process lead at its end. A look without Redis is an error.
func TestRun(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	s := newSite(t, client)
	s.rule(of("ada"))
	s.fail("Pay", "ada")
	w, _ := s.watcher(false)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	redistest.Eventually(t, "a message is posted", func() bool { return client.Exists(t.Context(), "userlog:{webhook}:queue:to").Val() == 1 })
	cancel()
	<-ended
	if client.Exists(t.Context(), keys.Leader()).Val() != 0 {
		t.Error("it leads still")
	}
	server.Kill()
	if again, _ := s.watcher(false); again.Look(t.Context()) == nil {
		t.Error("without Redis nothing is wrong")
	}
}
