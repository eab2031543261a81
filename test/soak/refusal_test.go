package soak

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A Redis that answers, but does not write, is waited for: entries are written when it is set
// right, once each.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		wrong, right []any // commands
	}{
		{"OOM", []any{"config", "set", "maxmemory", "1"}, []any{"config", "set", "maxmemory", "0"}},
		{"READONLY", []any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"}},
		{"NOPERM publish", []any{"acl", "setuser", "recorder", "-publish"}, []any{"acl", "setuser", "recorder", "+publish"}},
		{"NOPERM lpush", []any{"acl", "setuser", "recorder", "-lpush"}, []any{"acl", "setuser", "recorder", "+lpush"}},
		{"NOPERM zadd", []any{"acl", "setuser", "recorder", "-zadd"}, []any{"acl", "setuser", "recorder", "+zadd"}},
		{"NOPERM channel", []any{"acl", "setuser", "recorder", "resetchannels"}, []any{"acl", "setuser", "recorder", "&*"}},
		{"NOPERM key", []any{"acl", "setuser", "recorder", "resetkeys"}, []any{"acl", "setuser", "recorder", "~*"}},
		{"NOPERM exec", []any{"acl", "setuser", "recorder", "-exec"}, []any{"acl", "setuser", "recorder", "+exec"}},
		{"WRONGPASS", []any{"acl", "setuser", "recorder", "resetpass"}, []any{"acl", "setuser", "recorder", ">secret"}},
		{"ACL off", []any{"acl", "setuser", "recorder", "off"}, []any{"acl", "setuser", "recorder", "on"}},
	} {
		for _, when := range []string{"from the start", "later"} {
			t.Run(test.name+" "+when, func(t *testing.T) {
				t.Parallel()
				server := redistest.Start(t)
				admin := server.Client(t)
				do(t, admin, "acl", "setuser", "recorder", "on", ">secret", "+@all", "~*", "&*")
				logs := open(t, as(t, server, "recorder", "secret"), store.Options{MaxEntries: 10_000})
				heard := listen(t, logs, admin)
				if when == "later" {
					warm(t, logs)
				}
				do(t, admin, test.wrong...)
				do(t, admin, "client", "kill", "user", "recorder")
				fill(logs, 250)
				redistest.Eventually(t, "the refusal is noticed", func() bool { return !logs.Stats().Connected })
				during(t, logs, time.Second) // several attempts
				before := logs.Stats()
				do(t, admin, test.right...)
				present := audit(t, logs, admin)
				s := logs.Stats()
				if before.Queued != 250 {
					t.Errorf("not all waited: %+v", before)
				}
				if present != s.Accepted || s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(1) {
					t.Errorf("%d are in the lists: %+v", present, s)
				}
				heard.hasAll(t, admin)
				summary(t, logs, test.name+" "+when, "present", present)
			})
		}
	}
}

// Without the right to use MULTI, the commands of a transaction are carried out one by one: they are
// not sent a second time.
func TestMultiRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	do(t, admin, "acl", "setuser", "recorder", "on", ">secret", "+@all", "-multi", "~*", "&*")
	logs := open(t, as(t, server, "recorder", "secret"), store.Options{MaxEntries: 10_000})
	heard := listen(t, logs, admin)
	fill(logs, 250)
	redistest.Eventually(t, "the refusal is noticed", func() bool { return !logs.Stats().Connected })
	during(t, logs, time.Second) // several attempts
	do(t, admin, "acl", "setuser", "recorder", "+multi")
	present := audit(t, logs, admin)
	if s := logs.Stats(); s.Indeterminate > inDoubt(1) || s.Dropped.Total() != 0 {
		t.Errorf("more than one batch is in doubt: %+v", s)
	}
	// The recorder closes the connection at the refusal. Redis then leaves out the commands that it has not reached, so that
	// entries in doubt may be in a list and never be heard.
	redistest.Eventually(t, "all that was written is heard", func() bool { return heard.count() >= logs.Stats().Written })
	summary(t, logs, "NOPERM multi", "present", present)
}

// While Redis loads its data it answers, but writes nothing.
func TestLoading(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
	admin := server.Client(t)
	if _, err := admin.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for n := range 5000 {
			pipe.Set(t.Context(), strconv.Itoa(n), "something that takes a while to load", 0)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	logs := open(t, server.Client(t), store.Options{MaxEntries: 10_000})
	warm(t, logs)
	do(t, admin, "save")
	server.Kill()
	probe := *admin.Options()
	probe.MaxRetries = -1
	loading := make(chan bool, 1)
	go func() { loading <- fillWhileLoading(&probe, logs) }()
	server.Restart()
	if !<-loading {
		t.Error("Redis was not seen loading")
	}
	present := audit(t, logs, admin)
	if s := logs.Stats(); s.Accepted != 251 || s.Dropped.Total() != 0 || s.Indeterminate > inDoubt(1) {
		t.Errorf("%d are in the lists: %+v", present, s)
	}
	if refused := admin.Info(t.Context(), "errorstats").Val(); !strings.Contains(refused, "errorstat_EXECABORT") {
		t.Errorf("no transaction was refused: %s", refused)
	}
	summary(t, logs, "LOADING", "present", present)
}

// fillWhileLoading records nothing before Redis is loading, so that it is a transaction that is
// refused. It returns false if Redis is ready before.
func fillWhileLoading(options *redis.Options, logs *store.Store) bool {
	client := redis.NewClient(options)
	defer client.Close()
	for {
		switch err := client.Ping(context.Background()).Err(); {
		case err == nil:
			return false
		case redis.HasErrorPrefix(err, "LOADING"):
			fill(logs, 250)
			return true
		}
	}
}

// as returns a client that logs in.
func as(t *testing.T, server *redistest.Server, user, password string) *redis.Client {
	t.Helper()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: address.Path, Username: user, Password: password})
	t.Cleanup(func() { client.Close() })
	return redistest.Patient(t, client) // it answers, and that is what it is about
}

func do(t *testing.T, client *redis.Client, command ...any) {
	t.Helper()
	if err := client.Do(t.Context(), command...).Err(); err != nil {
		t.Fatalf("%v: %v", command, err)
	}
}
