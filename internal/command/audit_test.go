//go:build unix

package command_test

import (
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// auditLog is the audit log in server, with n records.
func auditLog(t *testing.T, server *redistest.Server, n int) (*audit.Log, audit.Keys) {
	t.Helper()
	logs := openStore(t, server.URL, store.Options{})
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{})
	for range n {
		if _, err := log.Append(t.Context(), audit.Record{Actor: "root", Action: audit.View, Subject: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	return log, audit.Keys{Prefix: logs.KeyPrefix()}
}

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := do(t, nil, "", "audit", "verify", "--redis", server.URL)
	if r.status != 0 || r.out != "The audit log is empty.\n" || r.err != "" {
		t.Errorf("empty: %+v", r)
	}
	_, keys := auditLog(t, server, 3)
	r = do(t, nil, "", "audit", "verify", "--redis", server.URL)
	found := regexp.MustCompile(`^The audit log is whole: 3 records, from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC to .*\nKeep .*\n(3:[0-9a-f]{64})\n$`).FindStringSubmatch(r.out)
	if r.status != 0 || found == nil || r.err != "" {
		t.Fatalf("whole: %+v", r)
	}
	checkpoint := found[1]
	auditLog(t, server, 1)
	r = do(t, environ{"USERLOG_SINCE": checkpoint}, "", "audit", "verify", "--redis", server.URL)
	if r.status != 0 || !strings.HasPrefix(r.out, "The audit log is whole: 4 records") {
		t.Errorf("with a checkpoint: %+v", r)
	}
	r = do(t, nil, "", "audit", "verify", "--redis", server.URL, "--since", "3:"+strings.Repeat("0", 64))
	if r.status != 1 || r.out != "" || r.err != "userlog: the audit log is broken. Record 3 is not the one that was noted: it, or something before it, was replaced.\n" {
		t.Errorf("with the checkpoint of another log: %+v", r)
	}
	if err := server.Client(t).XDel(t.Context(), keys.Records(), "1-0", "3-0").Err(); err != nil {
		t.Fatal(err)
	}
	r = do(t, nil, "", "audit", "verify", "--redis", server.URL)
	if r.status != 1 || r.out != "" || r.err != "userlog: the audit log is broken. Record 1 is missing. That is the first of 2 places where it is broken.\n" {
		t.Errorf("broken: %+v", r)
	}
}

func TestAuditExport(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	log, _ := auditLog(t, server, 2)
	if _, err := log.Append(t.Context(), audit.Record{Actor: "=eve", Action: audit.Login}); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, "", "audit", "export", "--redis", server.URL, "--from", "2020-01-01", "--to", "2999-12-31")
	rows, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || r.status != 0 || r.err != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(rows) != 5 || rows[3][2] != "'=eve" || rows[4][4] != "audit-exported" || rows[4][7] != "terminal" || rows[4][11] != "csv" {
		t.Errorf("got %q", rows)
	}
	r = do(t, nil, "", "audit", "export", "--redis", server.URL, "--format", "json", "--actor", "root", "--subject", "ada", "--action", "view")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	var first struct {
		Seq           int64
		Actor, Action string
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || first.Seq != 1 || first.Actor != "root" || first.Action != "view" {
		t.Errorf("got %q", lines)
	}
	if r := do(t, nil, "", "audit", "verify", "--redis", server.URL); r.status != 0 {
		t.Errorf("after exporting: %+v", r)
	}
}

// What can't be recorded is not exported.
func TestAuditExportNeedsItsRecord(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	auditLog(t, server, 2)
	if err := server.Client(t).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, "", "audit", "export", "--redis", server.URL)
	if r.status != 1 || r.out != "" || strings.Count(r.err, "\n") != 1 {
		t.Errorf("got %+v", r)
	}
}

// An audit log that was removed as a whole, or dropped by Redis, leaves signs.
func TestAuditVerifyMissesALog(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	verify := func(status int, says string) {
		t.Helper()
		r := do(t, nil, "", "audit", "verify", "--redis", server.URL)
		if r.status != status || !strings.Contains(r.out+r.err, says) {
			t.Errorf("status %d, want %d and %q: %s%s", r.status, status, says, r.out, r.err)
		}
	}
	create := func(name string) {
		t.Helper()
		if r := do(t, nil, "", "account", "create", name, "--role", "viewer", "--redis", server.URL); r.status != 0 {
			t.Fatal(r.err)
		}
	}
	create("vera")
	verify(0, "The audit log is whole: 1 records")
	_, keys := auditLog(t, server, 2)
	lines := client.XRange(t.Context(), keys.Records(), "-", "+").Val()
	head := client.Get(t.Context(), keys.Head()).Val()

	remove := func(keys ...string) {
		t.Helper()
		if err := client.Del(t.Context(), keys...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	remove(keys.Head())
	verify(1, "The note of where the log ends is missing")
	client.Set(t.Context(), keys.Head(), head, 0)
	remove(keys.Records())
	verify(1, "Records 1 to 3 are missing: the log is empty.")
	remove(keys.Head())
	verify(1, "It is empty, but there is the account vera, whose creation was recorded")
	create("bob")
	verify(1, "It begins anew: the creation of the account vera was recorded before record 1.")
	remove(keys.Head(), keys.Records())
	for _, line := range lines {
		client.XAdd(t.Context(), &redis.XAddArgs{Stream: keys.Records(), ID: line.ID, Values: line.Values})
	}
	client.Set(t.Context(), keys.Head(), head, 0)
	client.HDel(t.Context(), "userlog:accounts", "bob")
	verify(0, "The audit log is whole: 3 records")
}

// Where Redis has dropped keys, an empty log proves nothing.
func TestAuditVerifyOnARedisThatEvicts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory-policy", "allkeys-random")
	client := server.Client(t)
	auditLog(t, server, 3)
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "everything is dropped", func() bool {
		client.Set(t.Context(), "x", "x", 0)
		return client.DBSize(t.Context()).Val() == 0
	})
	if r := do(t, nil, "", "audit", "verify", "--redis", server.URL); r.status != 1 || !strings.Contains(r.err, "memory of Redis is full") {
		t.Errorf("while the memory is full: status %d: %s%s", r.status, r.out, r.err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, "", "audit", "verify", "--redis", server.URL)
	if r.status != 1 || !strings.Contains(r.err, "It is empty, and Redis has dropped") {
		t.Errorf("status %d: %s%s", r.status, r.out, r.err)
	}
}

// Where a Redis does not tell whether it has dropped keys, an empty log proves nothing, either.
func TestAuditVerifyOfAnEmptyLogWithoutInfo(t *testing.T) {
	t.Parallel()
	server, cluster := redistest.Start(t), redistest.StartCluster(t, 3)
	for _, c := range []struct {
		url      string
		reticent *redistest.Server
	}{{server.URL, server}, {"redis://" + cluster.Nodes[0].Address + "?addr=" + cluster.Nodes[2].Address, cluster.Nodes[1]}} {
		for _, rule := range []string{"+info", "-info"} {
			c.reticent.Permit(rule)
			status, says := 0, "The audit log is empty."
			if rule == "-info" {
				status, says = 1, "can't be told whether Redis has dropped it"
			}
			if r := do(t, nil, "", "audit", "verify", "--redis", c.url); r.status != status || !strings.Contains(r.out+r.err, says) {
				t.Errorf("%s at %s: status %d, want %d and %q: %s%s", rule, c.url, r.status, status, says, r.out, r.err)
			}
		}
	}
}
