package handlers

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// What Redis has refused it still refuses while it is too slow to say so.
func TestARefusalHoldsUntilRedisAnswers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	logs, err := store.Open(server.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	w := newFaultWatch(logs, slog.New(slog.DiscardHandler))
	w.interval = 0
	limit := func(memory string) {
		if err := admin.ConfigSet(t.Context(), "maxmemory", memory).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	redistest.Eventually(t, "the refusal is known", func() bool { return w.now(t.Context()) == "out-of-memory" })
	server.Pause()
	if got := w.now(t.Context()); got != "out-of-memory" {
		t.Errorf("while Redis does not answer: %q", got)
	}
	server.Resume()
	limit("0")
	redistest.Eventually(t, "it is known that Redis takes changes", func() bool { return w.now(t.Context()) == "" })

	limit("1")
	redistest.Eventually(t, "the refusal is known", func() bool { return w.now(t.Context()) == "out-of-memory" })
	server.Kill()
	redistest.Eventually(t, "a Redis that is away refuses nothing", func() bool { return w.now(t.Context()) == "" })
}

// The same holds for logs whose master of a Cluster has refused. A log about which nobody asks any more is forgotten.
func TestARefusalOfALogHoldsUntilItsMasterAnswers(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	logs, err := store.Open("redis://"+c.Nodes[0].Address+"?addr="+c.Nodes[1].Address, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close(context.Background())
	w := newFaultWatch(logs, slog.New(slog.DiscardHandler))
	master := c.Master(logs.KeyPrefix() + "log:ada")
	ask := func() store.Fault {
		ctx, cancel := context.WithTimeout(t.Context(), faultTimeout)
		defer cancel()
		return w.of(ctx, []string{"ada"})["ada"]
	}
	if err := master.Client(t).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the refusal is known", func() bool { return ask() == "out-of-memory" })
	master.Pause()
	if got := ask(); got != "out-of-memory" {
		t.Errorf("while the master does not answer: %q", got)
	}
	master.Resume()
	redistest.Eventually(t, "the refusal is known again, or a replica has taken over", func() bool {
		err := logs.PingLogs(t.Context(), "ada")["ada"]
		return err == nil || store.FaultOf(err) == "out-of-memory"
	})
	w.ofLogs["grace"] = refusal{"disk", time.Now().Add(-refusalHolds)}
	ask()
	if _, kept := w.ofLogs["grace"]; kept {
		t.Error("a log about which nobody asks is kept")
	}
	c.Master(logs.KeyPrefix() + "log:ada").Kill()
	redistest.Eventually(t, "a master that is away refuses nothing", func() bool { return ask() == "" })
}

// An application that embeds the admin is told, once, that its Redis can drop accounts.
func TestTheAdminWarnsOfEviction(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]int{"allkeys-lru": 1, "noeviction": 0, "volatile-lru": 0} {
		logs, err := store.Open(redistest.Start(t, "--maxmemory-policy", policy).URL, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer logs.Close(context.Background())
		var said bytes.Buffer
		w := newFaultWatch(logs, slog.New(slog.NewTextHandler(&said, nil)))
		redistest.Eventually(t, "Redis has answered", func() bool {
			w.warnOfEviction(t.Context())
			return w.evicting
		})
		w.warnOfEviction(t.Context())
		if got := strings.Count(said.String(), "accounts and the audit log can vanish"); got != want {
			t.Errorf("%s: warned %d times:\n%s", policy, got, &said)
		}
	}
}
