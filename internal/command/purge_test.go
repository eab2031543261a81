//go:build unix

package command_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// keysOf are all keys of a Redis.
func keysOf(t *testing.T, client redis.Cmdable) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

// lasting are the keys of a Redis that do not expire within minutes, as what a ping writes does.
func lasting(t *testing.T, client redis.Cmdable) []string {
	t.Helper()
	return slices.DeleteFunc(keysOf(t, client), func(key string) bool {
		left := client.TTL(t.Context(), key).Val()
		return 0 <= left && left < 10*time.Minute
	})
}

// fill has everything write its keys. The application that it returns goes on recording.
func fill(t *testing.T, url string) *store.Store {
	t.Helper()
	application := openStore(t, url, store.Options{})
	application.Announce()
	record(application, "ada", "/orders/7")
	application.Record(store.Entry{Username: "ada", Path: "/poll", Kind: store.KindFetch})
	application.Record(store.Entry{Username: "applications", Path: "/broken", Code: 500})
	record(application, "x:accounts", "/")
	awaitWritten(t, application, 4)
	redistest.Eventually(t, "the users are in the index", func() bool {
		seen, err := application.LastSeen(t.Context(), 10)
		return err == nil && len(seen) == 3
	})
	useThePages(t, url)
	useTheCommands(t, url)
	note(t, application, "ada", "x:accounts")
	return application
}

// note leaves a note about users.
func note(t *testing.T, logs *store.Store, usernames ...string) {
	t.Helper()
	notes := team.Changes{Board: team.NewBoard(logs.Client(), team.Keys{Prefix: "userlog:"}), Log: discarded{}, Mask: logs.MaskText, Now: logs.Now}
	for _, username := range usernames {
		if err := notes.AddNote(t.Context(), team.Change{Username: username, Keep: time.Hour}, "a note"); err != nil {
			t.Fatal(err)
		}
	}
}

// discarded writes nothing down.
type discarded struct{}

func (discarded) Append(_ context.Context, r audit.Record) (audit.Record, error) { return r, nil }

// The logs go, with the user index, and everything else stays; then everything goes. What belongs to others stays.
func TestPurge(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	application := fill(t, server.URL)
	if err := client.MSet(t.Context(), "other", 1, "userlo", 2, "userlog", 3, "log:ada", 4).Err(); err != nil {
		t.Fatal(err)
	}
	before := lasting(t, client)
	if done := do(t, nil, "no\n", "purge", "--logs", "--redis", server.URL); done.status != 1 || !strings.Contains(done.err, "nothing has been deleted") {
		t.Errorf("not confirmed: status %d, %s", done.status, done.err)
	}
	if after := lasting(t, client); !slices.Equal(after, before) {
		t.Errorf("not confirmed: of %q, these are left: %q", before, after)
	}
	if done := do(t, nil, "yes\n", "purge", "--logs", "--redis", server.URL); done.status != 0 || !strings.Contains(done.err, "This deletes the logs of all users behind userlog: in Redis at") {
		t.Fatalf("the logs: status %d, %s%s", done.status, done.out, done.err)
	}
	left := keysOf(t, client)
	for _, key := range []string{"userlog:accounts", "userlog:{audit}:records", "userlog:switches", "userlog:applications", "other", "userlo", "userlog", "log:ada"} {
		if !slices.Contains(left, key) {
			t.Errorf("%s is gone", key)
		}
	}
	for _, key := range left {
		ofAdmin := func(beginning string) bool { return strings.HasPrefix(key, "userlog:"+beginning) }
		if strings.HasPrefix(key, "userlog:") && !slices.ContainsFunc([]string{
			"account", "application", "session", "token", "attempts", "recorded", "browser-key", "claim", "reason", "switches", "watched", "{audit}", "{userlog:accounts}", "seed-key", "ticket",
		}, ofAdmin) {
			t.Errorf("%s is left", key)
		}
	}
	if done := do(t, nil, "", "audit", "export", "--redis", server.URL); !strings.Contains(done.out, ",logs-deleted,") {
		t.Errorf("the audit log lacks it: %s", done.out)
	}
	record(application, "x:accounts", "/") // whose log ends as accounts behind another prefix do
	awaitWritten(t, application, 5)
	note(t, application, "x:accounts")
	application.Close(t.Context()) // so that it writes nothing more
	if done := do(t, nil, "", "purge", "--everything", "--yes", "--redis", server.URL); done.status != 0 {
		t.Errorf("everything: status %d, %s", done.status, done.err)
	}
	if left := keysOf(t, client); !slices.Equal(left, []string{"log:ada", "other", "userlo", "userlog"}) {
		t.Errorf("left is %q", left)
	}
}

// Where keys can't be told from those of others, nothing is deleted.
func TestPurgeIsCareful(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	shop := openStore(t, server.URL, store.Options{KeyPrefix: "userlog:shop:"})
	record(shop, "ada", "/")
	awaitWritten(t, shop, 1)
	redistest.Eventually(t, "the shop has an index", func() bool { return slices.Contains(keysOf(t, client), "userlog:shop:users") })
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--everything", "--yes"}, 1, `nothing has been deleted: .* is behind another key prefix`},
		{[]string{"--everything", "--yes", "--key-prefix="}, 2, `can't be told from those of others`},
		{[]string{"--yes"}, 2, `--logs`},
		{[]string{"--yes", "--logs", "--everything"}, 2, `--logs`},
		{[]string{"--logs"}, 1, `nothing has been deleted`},
	} {
		before := keysOf(t, client)
		done := do(t, nil, "", append([]string{"purge", "--redis", server.URL}, c.args...)...)
		if done.status != c.status || !regexp.MustCompile(c.says).MatchString(done.err) {
			t.Errorf("%v: status %d, %s", c.args, done.status, done.err)
		}
		for _, key := range before {
			if strings.Contains(key, "shop") && !slices.Contains(keysOf(t, client), key) {
				t.Errorf("%v: %s is gone", c.args, key)
			}
		}
	}
	if done := do(t, nil, "", "purge", "--logs", "--yes", "--redis", server.URL); done.status != 0 || !slices.Contains(keysOf(t, client), "userlog:shop:log:ada") {
		t.Errorf("the logs of one site: status %d, %s", done.status, done.err)
	}
}

// On a Cluster all masters are asked.
func TestPurgeOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	url := "redis://" + c.Nodes[0].Address + "?addr=" + c.Nodes[1].Address
	application := openStore(t, url, store.Options{})
	users := []string{"ada", "bob", "carol", "dora", "emil", "frida"}
	redistest.Eventually(t, "each user has a log", func() bool {
		if application.Stats().Queued > 0 {
			return false
		}
		missing := slices.DeleteFunc(slices.Clone(users), func(user string) bool {
			return application.Client().LLen(t.Context(), "userlog:log:"+user).Val() > 0
		})
		for _, user := range missing { // a master that has been starved may have left the entry before in doubt
			record(application, user, "/")
		}
		return len(missing) == 0
	})
	if done := do(t, nil, "", "purge", "--everything", "--yes", "--redis", url); done.status != 0 {
		t.Fatalf("status %d, %s", done.status, done.err)
	}
	for _, node := range c.Nodes[:3] {
		for _, key := range keysOf(t, node.Client(t)) {
			if strings.HasPrefix(key, "userlog:log:") {
				t.Errorf("%s is left", key)
			}
		}
	}
}

// TestTheRecipeThatDeletesAUser runs the commands of docs/operations.md. What leads to her name then is only what expires by itself.
func TestTheRecipeThatDeletesAUser(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	application := openStore(t, server.URL, store.Options{})
	application.Record(store.Entry{Username: "ada", Path: "/broken", Code: 500, Reference: "K7M-4QX"})
	record(application, "bob", "/")
	awaitWritten(t, application, 2)
	client := server.Client(t)
	redistest.Eventually(t, "the users are in the index", func() bool { return client.ZCard(t.Context(), "userlog:users").Val() == 2 })
	note(t, application, "ada")
	client.ZAdd(t.Context(), "userlog:gone", redis.Z{Score: 1, Member: "ada"})
	if found := keysWith(t, client, "ada"); len(found) < 7 {
		t.Errorf("before, her name is in %q only", found)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^(?:DEL|ZREM) userlog:.*$`).FindAllString(string(page), -1) {
		var command []any
		for word := range strings.FieldsSeq(line) {
			if plain, err := strconv.Unquote(word); err == nil {
				word = plain
			}
			command = append(command, word)
		}
		if n, err := client.Do(t.Context(), command...).Int(); n == 0 || err != nil {
			t.Errorf("%s: %d, %v", line, n, err)
		}
	}
	for _, key := range keysWith(t, client, "ada") {
		if !strings.HasPrefix(key, "userlog:reference:") || client.TTL(t.Context(), key).Val() <= 0 {
			t.Errorf("her name is still in %s", key)
		}
	}
}

// keysWith are the keys that have a text in their names or in what they hold.
func keysWith(t *testing.T, client *redis.Client, text string) (found []string) {
	t.Helper()
	for _, key := range keysOf(t, client) {
		var content any
		switch client.Type(t.Context(), key).Val() {
		case "string":
			content = client.Get(t.Context(), key).Val()
		case "list":
			content = client.LRange(t.Context(), key, 0, -1).Val()
		case "set":
			content = client.SMembers(t.Context(), key).Val()
		case "zset":
			content = client.ZRange(t.Context(), key, 0, -1).Val()
		case "hash":
			content = client.HGetAll(t.Context(), key).Val()
		}
		if strings.Contains(key+fmt.Sprint(content), text) {
			found = append(found, key)
		}
	}
	return found
}
