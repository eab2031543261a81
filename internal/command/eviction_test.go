//go:build unix

package command_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

const refusesToStart = "userlog: Redis at .* drops any key when its memory is full \\(maxmemory-policy allkeys-lru\\), so that accounts and the audit log can vanish: .*--allow-eviction"

// Where Redis drops keys that have no expiry, the admin does not start unless it is told to.
func TestServeRefusesARedisThatEvicts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	args := []string{"serve", "--addr", "127.0.0.1:0", "--redis", server.URL}
	r := start(t, nil, args...)
	r.err.await(t, refusesToStart)
	r.endWith(t, 1)
	if r.out.String() != "" {
		t.Errorf("it began: %s", r.out)
	}
	allowed := start(t, environ{"USERLOG_ALLOW_EVICTION": "true"}, args...)
	visit(t, allowed.origin(t)).awaitStatus("/readyz", http.StatusOK)
	allowed.err.await(t, "can vanish.*allkeys-lru")

	client := server.Client(t)
	for _, policy := range []string{"allkeys-lfu", "allkeys-random"} {
		if err := client.ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
		if done := do(t, nil, "", args...); done.status != 1 || !strings.Contains(done.err, policy) {
			t.Errorf("%s: status %d, %s", policy, done.status, done.err)
		}
	}
	if err := client.ConfigSet(t.Context(), "maxmemory-policy", "volatile-lru").Err(); err != nil {
		t.Fatal(err)
	}
	milder := start(t, nil, args...)
	milder.err.await(t, "drops keys with an expiry.*volatile-lru")
	visit(t, milder.origin(t)).awaitStatus("/readyz", http.StatusOK)
}

// A Redis that comes later is asked then.
func TestServeRefusesARedisThatEvictsWhenItComes(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	server.Kill()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL)
	r.err.await(t, "can't be reached; trying again")
	server.Restart()
	r.endWith(t, 1)
	r.err.await(t, refusesToStart)
}

// One master of a cluster is enough, and whoever may not ask is told.
func TestServeAsksEachMasterWhatItEvicts(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	if err := c.Nodes[1].Client(t).ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
		t.Fatal(err)
	}
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", "redis://"+c.Nodes[0].Address+"?addr="+c.Nodes[2].Address)
	r.err.await(t, refusesToStart)
	r.endWith(t, 1)
}

// INFO tells it where CONFIG GET is not permitted, and the other way round.
func TestServeAsksWhatItMay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rules, says string }{
		{"-config", refusesToStart},
		{"-info", refusesToStart},
		{"-config -info", "does not tell whether it evicts keys"},
	} {
		server := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
		rules := []any{"acl", "setuser", "limited", "on", "nopass", "~*", "&*", "+@all"}
		for rule := range strings.FieldsSeq(c.rules) {
			rules = append(rules, rule)
		}
		if err := server.Client(t).Do(t.Context(), rules...).Err(); err != nil {
			t.Fatal(err)
		}
		r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", strings.Replace(server.URL, "unix://", "unix://limited:x@", 1))
		r.err.await(t, c.says)
		if c.says == refusesToStart {
			r.endWith(t, 1)
		}
	}
}
