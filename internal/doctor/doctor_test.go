//go:build unix

package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/doctor"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.VerifyNoLeaks(m)
}

// ward is a set-up in which nothing is wrong, until a test spoils it.
type ward struct {
	t       *testing.T
	server  *redistest.Server
	root    *redis.Client
	admin   *store.Store // that is examined
	options doctor.Options
}

// newWard starts a Redis with an account and an application. args are for redis-server.
func newWard(t *testing.T, args ...string) *ward {
	t.Helper()
	server := redistest.StartTCP(t, append([]string{"--appendonly", "yes"}, args...)...)
	w := &ward{t: t, server: server, root: server.Client(t)}
	w.admin = w.open("redis://"+server.Address, store.Options{})
	w.createSuperuser()
	return w
}

// withApplication adds an application that reports itself.
func (w *ward) withApplication() *ward {
	w.t.Helper()
	w.report(store.Options{Application: "shop", Version: "1"})
	return w
}

// open opens a store that is closed with the test.
func (w *ward) open(url string, options store.Options) *store.Store {
	w.t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	logs, err := store.Open(url, options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { logs.Close(context.Background()) })
	return logs
}

func (w *ward) createSuperuser() {
	w.t.Helper()
	accounts := auth.NewAccounts(w.root, auth.Keys{Prefix: "userlog:"}, auth.AccountOptions{Cost: auth.Cost{Memory: 8, Passes: 1, Threads: 1}})
	if err := accounts.Create(w.t.Context(), "root", auth.Superuser, "correct horse battery"); err != nil {
		w.t.Fatal(err)
	}
}

// report has an application report itself, and returns when it has.
func (w *ward) report(options store.Options) *store.Store {
	w.t.Helper()
	logs := w.open("redis://"+w.server.Address, options)
	before := len(w.applications(logs))
	logs.Announce()
	redistest.Eventually(w.t, "the application reports", func() bool { return len(w.applications(logs)) > before })
	return logs
}

func (w *ward) applications(logs *store.Store) []store.Application {
	w.t.Helper()
	all, err := logs.Applications(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// rewrite changes a member of the report of the one application.
func (w *ward) rewrite(member string, value any) {
	w.t.Helper()
	key := "userlog:application:" + w.applications(w.admin)[0].ID
	var report map[string]any
	if err := json.Unmarshal([]byte(w.root.Get(w.t.Context(), key).Val()), &report); err != nil {
		w.t.Fatal(err)
	}
	report[member] = value
	encoded, err := json.Marshal(report)
	if err == nil {
		err = w.root.Set(w.t.Context(), key, encoded, redis.KeepTTL).Err()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// do sends a command of the administrator of Redis.
func (w *ward) do(command ...any) {
	w.t.Helper()
	if err := w.root.Do(w.t.Context(), command...).Err(); err != nil {
		w.t.Fatalf("%v: %v", command, err)
	}
}

// as examines as a user of Redis with these rules.
func (w *ward) as(rules string) {
	w.t.Helper()
	command := []any{"acl", "setuser", "limited", "on", ">secret", "~*", "&*", "+@all"}
	for rule := range strings.FieldsSeq(rules) {
		command = append(command, rule)
	}
	w.do(command...)
	w.admin = w.open("redis://limited:secret@"+w.server.Address, store.Options{})
}

// failSending has attempts to send messages fail.
func (w *ward) failSending(attempts int, at time.Time) {
	w.t.Helper()
	w.do("hset", "userlog:{webhook}:state", "team:failed", attempts, "team:at", at.UnixMilli())
}

// set sets switches.
func (w *ward) set(set store.Switches) {
	w.t.Helper()
	if err := w.admin.SetSwitches(w.t.Context(), set); err != nil {
		w.t.Fatal(err)
	}
}

// found are the findings, in order.
func (w *ward) found() []doctor.Finding {
	w.options.Logger = slog.New(slog.NewTextHandler(w.t.Output(), nil))
	return doctor.Examine(w.t.Context(), w.admin, w.options)
}

// names are the names of findings.
func names(found []doctor.Finding) (names []string) {
	for _, f := range found {
		names = append(names, f.Name)
	}
	return names
}

// cases spoil something, and say what is to be found then, and nothing else.
var cases = []struct {
	name  string
	args  []string // of redis-server
	bare  bool     // without an application
	spoil func(*ward)
	want  []string // names, with what they are about where that is told
}{
	{"nothing", nil, false, func(*ward) {}, nil},
	{"a replica", nil, false, func(w *ward) { w.do("replicaof", "127.0.0.1", "1") }, []string{"fault read-only"}},
	{"no answer", nil, false, func(w *ward) { w.server.Kill() }, []string{"fault unreachable"}},
	{"a full Redis", nil, false, func(w *ward) { w.do("config", "set", "maxmemory", "1") }, []string{"fault out-of-memory", "memory"}},
	{"commands that are not allowed", nil, false, func(w *ward) { w.as("-xrevrange -hset -zmscore") }, []string{"commands-refused HSET, XREVRANGE, ZMSCORE"}},
	{"no transactions", nil, false, func(w *ward) { w.as("-multi") }, []string{"commands-refused MULTI"}},
	{"commands that are not there", []string{"--rename-command", "ZMSCORE", ""}, false, func(*ward) {}, []string{"commands-unknown ZMSCORE"}},
	{"channels that are not allowed", nil, false, func(w *ward) { w.as("resetchannels &userlog:probe:*") }, []string{"channels-refused"}},
	{"nothing about itself", nil, false, func(w *ward) { w.as("-info -config") }, []string{"commands-refused INFO", "eviction-unknown"}},
	{"eviction", []string{"--maxmemory-policy", "allkeys-lru"}, false, func(*ward) {}, []string{"evicts-all allkeys-lru"}},
	{"eviction of what expires", []string{"--maxmemory-policy", "volatile-ttl"}, false, func(*ward) {}, []string{"evicts-some volatile-ttl"}},
	{"little memory", nil, false, fillMemory, []string{"memory"}},
	{"a disk that fails", nil, false, breakDisk, []string{"save-failed"}},
	{"no persistence", []string{"--appendonly", "no"}, false, func(*ward) {}, []string{"no-persistence"}},
	{"a replica that hangs", nil, false, hangReplica, []string{"replica-late"}},
	{"a long way", nil, false, moveAway, []string{"slow"}},
	{"no messages", []string{"--rename-command", "PUBLISH", ""}, false, func(*ward) {}, []string{"unheard"}},
	{"a foreign key", nil, false, func(w *ward) { w.do("set", "userlog:{audit}:viewings", "x") }, []string{"foreign-key userlog:{audit}:viewings"}},
	{"a record that is gone", nil, false, loseRecord, []string{"audit-broken"}},
	{"a record in the middle that is gone", nil, false, loseOlderRecord, []string{"audit-broken"}},
	{"a head that is gone", nil, false, func(w *ward) { appendRecord(w); w.do("del", "userlog:{audit}:head") }, []string{"audit-broken"}},
	{"no account", nil, false, func(w *ward) { w.do("del", "userlog:accounts") }, []string{"no-superuser"}},
	{"a login elsewhere", nil, false, func(w *ward) { w.do("del", "userlog:accounts"); w.options.LoginElsewhere = true }, nil},
	{"a wrong clock", nil, false, func(w *ward) { w.options.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, []string{"clock"}},
	{"no application", nil, true, func(*ward) {}, []string{"no-application"}},
	{"another prefix", nil, true, func(w *ward) { w.report(store.Options{KeyPrefix: "shop:"}) }, []string{"no-application", "other-prefix shop:"}},
	{"an application that crashed", nil, false, crash, []string{"application-silent"}},
	{"an application that stopped, and another one on a new host", nil, true, func(w *ward) { stop(w); w.withApplication() }, nil},
	{"the last application stopped", nil, true, stop, []string{"no-application"}},
	{"an application with a wrong clock", nil, false, func(w *ward) { w.rewrite("clock_skew", -90.5) }, []string{"application-clock"}},
	{"losses", nil, true, func(w *ward) { lose(w) }, []string{"losses"}},
	{"a long queue", nil, false, func(w *ward) { w.rewrite("queued", 3000) }, []string{"queue"}},
	{"versions", nil, false, func(w *ward) { w.report(store.Options{Application: "shop", Version: "2"}) }, []string{"versions shop"}},
	{"lengths of logs", nil, false, func(w *ward) { w.report(store.Options{Application: "blog", MaxEntries: 50}) }, []string{"options"}},
	{"retentions of logs", nil, false, func(w *ward) { w.report(store.Options{Application: "blog", Retention: time.Minute}) }, []string{"options"}},
	{"recording off", nil, false, func(w *ward) { w.set(store.Switches{NoRecord: true, WatchOnly: true}) }, []string{"recording-off"}},
	{"publishing off", nil, false, func(w *ward) { w.set(store.Switches{NoPublish: true}) }, []string{"publishing-off"}},
	{"watch-only", nil, false, func(w *ward) { w.set(store.Switches{WatchOnly: true}) }, []string{"watch-only"}},
	{"switches that can't be read", nil, false, func(w *ward) { w.do("set", "userlog:switches", "x") }, []string{"switches-unreadable"}},
	{"something else in the place of switches", nil, false, func(w *ward) { w.do("rpush", "userlog:switches", "x") }, []string{"foreign-key userlog:switches", "unanswered"}},
	{"an application that does not follow", nil, false, staySwitched, []string{"switches-behind"}},
	{"rules that nobody watches", nil, false, func(w *ward) {
		w.do("hset", "userlog:{webhook}:rules", "r", `{"kind":"user-fails","username":"ada","by":"root","made":"2026-01-01T00:00:00Z"}`)
	}, []string{"rules-unwatched"}},
	{"messages that don't arrive", nil, false, func(w *ward) { w.failSending(3, time.Now()) }, []string{"webhook-failing team"}},
	{"a message that is tried again", nil, false, func(w *ward) { w.failSending(2, time.Now()) }, nil},
	{"messages that did not arrive the day before yesterday", nil, false, func(w *ward) { w.failSending(3, time.Now().Add(-25*time.Hour)) }, nil},
	{"accounts that can't be read", nil, false, func(w *ward) { w.do("set", "userlog:accounts", "x") }, []string{"foreign-key userlog:accounts", "unanswered"}},
}

// Each thing that can be wrong is found, where it is wrong, and nothing else is.
func TestFindings(t *testing.T) {
	t.Parallel()
	provoked := []string{"node-away"} // by a test of its own
	for _, c := range cases {
		for _, want := range c.want {
			name, _, _ := strings.Cut(want, " ")
			provoked = append(provoked, name)
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, c.args...)
			if !c.bare {
				w.withApplication()
			}
			c.spoil(w)
			var got []string
			for _, f := range w.found() {
				if f.Name == "slow" && !slices.Contains(c.want, f.Name) {
					continue // as on a busy machine
				}
				about := string(f.Fault)
				if slices.Contains(c.want, f.Name+" "+f.Subject) {
					about = f.Subject
				}
				got = append(got, strings.TrimSpace(f.Name+" "+about))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	for _, name := range doctor.Names() {
		if !slices.Contains(provoked, name) {
			t.Errorf("no case provokes %q", name)
		}
	}
	for _, name := range provoked {
		if !slices.Contains(doctor.Names(), name) {
			t.Errorf("Names lacks %q", name)
		}
	}
}

// fillMemory uses nearly all of the memory.
func fillMemory(w *ward) {
	// Redis makes the value itself: what a client sends would fill its buffers as well, for a while.
	w.do("setrange", "other", 32<<20, "x")
	var used int64
	for line := range strings.Lines(w.root.Info(w.t.Context(), "memory").Val()) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); found {
			used, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	w.do("config", "set", "maxmemory", used*10/9)
}

// breakDisk has a save fail: the folder is gone.
func breakDisk(w *ward) {
	w.t.Helper()
	away := filepath.Join(w.t.TempDir(), "away")
	if err := os.Mkdir(away, 0o700); err != nil {
		w.t.Fatal(err)
	}
	other := redistest.StartTCP(w.t, "--appendonly", "yes", "--dir", away)
	w.server, w.root = other, other.Client(w.t)
	w.admin = w.open("redis://"+other.Address, store.Options{})
	w.createSuperuser()
	w.withApplication()
	if err := os.RemoveAll(away); err != nil {
		w.t.Fatal(err)
	}
	w.do("bgsave")
	redistest.Eventually(w.t, "the save fails", func() bool {
		return strings.Contains(w.root.Info(w.t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
	})
}

// hangReplica stops a replica.
func hangReplica(w *ward) {
	host, port, _ := strings.Cut(w.server.Address, ":")
	replica := redistest.StartTCP(w.t, "--replicaof", host+" "+port)
	replication := func() string { return w.root.Info(w.t.Context(), "replication").Val() }
	redistest.Eventually(w.t, "the replica follows", func() bool { return strings.Contains(replication(), "state=online") })
	replica.Pause()
	redistest.Eventually(w.t, "the replica is missed", func() bool {
		_, rest, _ := strings.Cut(replication(), "lag=")
		lag, _, _ := strings.Cut(rest, "\r")
		seconds, _ := strconv.Atoi(lag)
		return seconds >= 5
	})
}

// moveAway puts the server far away.
func moveAway(w *ward) {
	options := &redis.Options{Addr: w.server.Address}
	options.Dialer = redistest.Distant(redis.NewDialer(options), 30*time.Millisecond)
	client := redis.NewClient(options)
	logs, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = errors.Join(logs.Close(context.Background()), client.Close()) })
	w.admin = logs
}

func appendRecord(w *ward) {
	log := audit.New(w.root, audit.Keys{Prefix: "userlog:"}, audit.Options{})
	for range 2 {
		if _, err := log.Append(w.t.Context(), audit.Record{Actor: "root", Action: audit.View, Subject: "ada"}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// loseRecord removes the newest record of the audit log.
func loseRecord(w *ward) {
	appendRecord(w)
	newest := w.root.XRevRangeN(w.t.Context(), "userlog:{audit}:records", "+", "-", 1).Val()
	w.do("xdel", "userlog:{audit}:records", newest[0].ID)
}

// loseOlderRecord removes a record from among others.
func loseOlderRecord(w *ward) {
	appendRecord(w)
	appendRecord(w)
	w.do("xdel", "userlog:{audit}:records", "3-0")
}

// crash has the application not have reported for a while.
func crash(w *ward) {
	w.do("pexpire", "userlog:application:"+w.applications(w.admin)[0].ID, (50 * time.Minute).Milliseconds())
}

// lose has an application lose an entry before it reports itself.
func lose(w *ward) *store.Store {
	logs := w.open("redis://"+w.server.Address, store.Options{Application: "shop"})
	logs.Record(store.Entry{Username: "a\x00b", Path: "/"})
	logs.Announce()
	redistest.Eventually(w.t, "the application reports", func() bool { return len(w.applications(w.admin)) > 0 })
	return logs
}

// stop has an application that has lost an entry stop in good order, on a host that is not used again.
func stop(w *ward) {
	if err := lose(w).Close(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.rewrite("host", "another")
}

// staySwitched has an application follow switches that are not those that are set.
func staySwitched(w *ward) {
	w.do("set", "userlog:switches", fmt.Sprintf(`{"sample":2,"set":%q}`, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)))
	w.rewrite("switches", "2026-01-02T03:04:05Z")
}

// A master that hangs hides nothing else.
func TestAMasterIsAway(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	used := []*redistest.Server{c.Master("userlog:{audit}:ping"), c.Master("userlog:{userlog:accounts}:ping")}
	other := slices.IndexFunc(c.Nodes[:3], func(s *redistest.Server) bool { return !slices.Contains(used, s) })
	c.Replica(c.Nodes[other]).Kill()
	logs, err := store.New(c.Client(t), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	quiet := doctor.Options{Logger: slog.New(slog.DiscardHandler)}
	if found := names(doctor.Examine(t.Context(), logs, quiet)); slices.Contains(found, "node-away") || slices.Contains(found, "unheard") {
		t.Errorf("found %q", found)
	}
	c.Nodes[other].Pause()
	found := doctor.Examine(t.Context(), logs, quiet)
	if i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.Name == "node-away" && f.Subject == c.Nodes[other].Address }); i != 0 {
		t.Errorf("found %+v", found)
	}
}

// One master is full, and has neither the audit log nor accounts.
func TestOneMasterRefuses(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	used := []*redistest.Server{c.Master("userlog:{audit}:ping"), c.Master("userlog:{userlog:accounts}:ping")}
	other := slices.IndexFunc(c.Nodes[:3], func(s *redistest.Server) bool { return !slices.Contains(used, s) })
	logs, err := store.New(c.Client(t), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	if err := c.Nodes[other].Client(t).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	found := doctor.Examine(t.Context(), logs, doctor.Options{Logger: slog.New(slog.DiscardHandler)})
	if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Name == "fault" && f.Fault == "out-of-memory" }) {
		t.Errorf("found %+v", found)
	}
}

// The store in memory has no server that could be wrong.
func TestTheEmbeddedStoreIsWell(t *testing.T) {
	t.Parallel()
	logs, err := embedded.Open(store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	found := names(doctor.Examine(t.Context(), logs, doctor.Options{Logger: slog.New(slog.DiscardHandler)}))
	if want := []string{"no-superuser", "no-application"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}
