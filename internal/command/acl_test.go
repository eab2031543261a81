//go:build unix

package command_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// aclOf returns the rules of a user of Redis as docs/hardening.md has them, for ACL SETUSER, with a password.
func aclOf(t *testing.T, user string) []any {
	t.Helper()
	page, err := os.ReadFile("../../docs/hardening.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^user ` + user + ` (.*)$`).FindStringSubmatch(string(page))
	if found == nil {
		t.Fatalf("docs/hardening.md has no rules of %s", user)
	}
	rules := []any{"ACL", "SETUSER", user}
	for rule := range strings.FieldsSeq(found[1]) {
		rules = append(rules, rule)
	}
	return rules
}

// An application that embeds the admin records as the admin's user. In another database it needs what the docs add for it.
func TestTheACLOfAnApplicationThatEmbedsTheAdmin(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	root := server.Client(t)
	rules := aclOf(t, "userlog-admin")
	for i, rule := range rules {
		rules[i] = strings.NewReplacer("&userlog:log:", "&userlog:db4:log:", "&userlog:probe:", "&userlog:db4:probe:").Replace(rule.(string))
	}
	if err := root.Do(t.Context(), append(rules, "+select")...).Err(); err != nil {
		t.Fatal(err)
	}
	logs := openStore(t, as(server, "userlog-admin")+"?db=4", store.Options{})
	logs.Record(store.Entry{Username: "ada", Method: http.MethodPost, Path: "/pay", Code: http.StatusInternalServerError})
	awaitWritten(t, logs, 1)
	redistest.Eventually(t, "the failure is kept", func() bool {
		return logs.Client().Exists(t.Context(), "userlog:kept:failed:{userlog:log:ada}").Val() == 1
	})
	redistest.Eventually(t, "the log is followed", func() bool { return logs.PingFeed(t.Context()) == nil })
	if refused := refusals(t, root); len(refused) > 0 {
		t.Errorf("Redis refused: %q", refused)
	}
}

// as is the URL of the server for a user.
func as(server *redistest.Server, user string) string {
	return strings.Replace(server.URL, "unix://", "unix://"+user+":change-me@", 1)
}

// refusals are the commands that Redis has refused since it began, as "user: command or key".
func refusals(t *testing.T, client redis.UniversalClient) []string {
	t.Helper()
	var refused []string
	entries, err := client.ACLLog(t.Context(), 128).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		refused = append(refused, e.Username+": "+e.Reason+" "+e.Object)
	}
	return refused
}

// mayAskWhoWatches asks what an application asks when its entries keep coming.
func mayAskWhoWatches(t *testing.T, url string) {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.PubSubNumSub(t.Context(), "userlog:log:").Err(); err != nil {
		t.Errorf("an application may not ask who watches: %v", err)
	}
}

// followsSwitches has an application record only who is looked at.
func followsSwitches(t *testing.T, application, admin *store.Store) {
	t.Helper()
	if err := errors.Join(admin.Watched(t.Context(), "ada"), admin.SetSwitches(t.Context(), store.Switches{WatchOnly: true})); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the application leaves bob out", func() bool {
		application.Announce()
		left := application.Stats().LeftOut
		record(application, "bob", "/orders/7")
		return application.Stats().LeftOut > left
	})
	redistest.Eventually(t, "nothing waits", func() bool { return application.Stats().Queued == 0 })
	before := application.Stats().Accepted
	if record(application, "ada", "/orders/7"); application.Stats().Accepted == before {
		t.Error("the application records nobody")
	}
}

// The rules of docs/hardening.md are enough for what the programs do, and for no more than that.
func TestTheACLOfTheDocs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	root := server.Client(t)
	for _, user := range []string{"userlog-application", "userlog-admin"} {
		if err := root.Do(t.Context(), aclOf(t, user)...).Err(); err != nil {
			t.Fatalf("the rules of %s: %v", user, err)
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("Redis refused: %q", refusals(t, root))
		}
	}()
	application := openStore(t, as(server, "userlog-application"), store.Options{})
	record(application, "ada", "/orders/7")
	awaitWritten(t, application, 1)
	for i := range 2 { // also of a user who only opens pages, one batch after another
		record(application, "bob", "/orders/7")
		awaitWritten(t, application, uint64(3*i+2))
		application.Record(store.Entry{Username: "ada", Path: "/poll", Kind: store.KindFetch})
		record(application, "ada", "/orders/7")
		awaitWritten(t, application, uint64(3*i+4))
	}
	application.Record(store.Entry{Username: "ada", Method: http.MethodPost, Path: "/pay", Code: http.StatusInternalServerError})
	redistest.Eventually(t, "the failure is kept", func() bool {
		return root.Exists(t.Context(), "userlog:kept:failed:{userlog:log:ada}").Val() == 1
	})
	code := store.NewReference()
	application.Record(store.Entry{Username: "ada", Path: "/broken", Code: 500, Reference: code})
	redistest.Eventually(t, "the reference is there", func() bool {
		return root.Exists(t.Context(), "userlog:reference:"+code).Val() == 1
	})
	mayAskWhoWatches(t, as(server, "userlog-application"))
	useThePages(t, as(server, "userlog-admin"))
	useTheCommands(t, as(server, "userlog-admin"))
	followsSwitches(t, application, openStore(t, as(server, "userlog-admin"), store.Options{}))
	if refused := refusals(t, root); len(refused) > 0 {
		t.Errorf("Redis refused: %q", refused)
	}

	theDoctorNamesWhatIsMissing(t, as(server, "userlog-admin"), root)

	// What somebody who has got hold of the password can't do.
	mayNot(t, as(server, "userlog-application"), [][]any{
		{"HGETALL", "userlog:accounts"},
		{"GET", "userlog:session:x"},
		{"XRANGE", "userlog:{audit}:records", "-", "+"},
		{"LRANGE", "userlog:log:ada", 0, -1},
		{"DEL", "userlog:{audit}:records"},
		{"KEYS", "*"},
		{"SCAN", 0},
		{"FLUSHALL"},
		{"CONFIG", "GET", "*"},
		{"SET", "other", "x"},
		{"SET", "userlog:switches", "{}"},
		{"ZADD", "userlog:watched", 1, "ada"},
		{"LRANGE", "userlog:kept:{userlog:log:ada}", 0, -1},
		{"SMEMBERS", "userlog:reference:K7W3XF"},
		{"SUBSCRIBE", "userlog:log:ada"},
		{"PUBLISH", "other", "x"},
		{"EVAL", "return 1", 0},
		{"ACL", "LIST"},
		{"MONITOR"},
	})
	mayNot(t, as(server, "userlog-admin"), [][]any{
		{"FLUSHALL"},
		{"KEYS", "*"},
		{"SCAN", 0},
		{"CONFIG", "GET", "*"},
		{"SET", "other", "x"},
		{"ACL", "LIST"},
		{"SHUTDOWN"},
		{"SCRIPT", "FLUSH"},
		{"CLIENT", "LIST"},
		{"PUBLISH", "other", "x"},
		{"MONITOR"},
		{"REPLICAOF", "evil.example", "6379"},
		{"MIGRATE", "evil.example", "6379", "userlog:accounts", 0, 10},
	})
}

// useThePages does what superusers do in a browser.
func useThePages(t *testing.T, url string) {
	t.Helper()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", url, "--require-reason", "--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	if p := v.logIn("/userlog", "root", "a wrong password"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", p.status)
	}
	if p := v.logIn("/userlog", "root", password); p.path != "/userlog/" {
		t.Fatalf("the login leads to %s with %d", p.path, p.status)
	}
	for _, form := range [][]string{
		{"/reason", "username", "ada", "reason", "ticket 12", "next", "/userlog/static?username=ada"},
		{"/team", "username", "ada", "do", "note", "note", "calls back"},
		{"/team", "username", "ada", "do", "on-it "},
		{"/accounts/create", "name", "vera", "role", "viewer"},
		{"/accounts/role", "name", "vera", "role", "superuser"},
		{"/accounts/sessions", "name", "vera"},
		{"/accounts/link", "name", "vera"},
		{"/accounts/disable", "name", "vera"},
		{"/accounts/enable", "name", "vera"},
		{"/account/token", "label", "ci", "days", "30"},
		{"/recording", "recording", "on", "sample", "2"},
	} {
		if p := v.send("/userlog"+form[0], form[1:]...); p.status != http.StatusOK {
			t.Errorf("%s: %d, %q", form[0], p.status, p.Find("#messages").Text())
		}
	}
	for _, path := range []string{"/", "/users?q=a", "/static?username=ada", "/live?username=ada", "/audit", "/audit/export?format=csv", "/accounts", "/account", "/recording", "/health"} {
		if p := v.get("/userlog" + path); p.status != http.StatusOK {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	if p := v.send("/userlog/logout"); p.status != http.StatusOK {
		t.Errorf("logout: %d", p.status)
	}
	r.end(t)
}

// useTheCommands does what operators do in a terminal.
func useTheCommands(t *testing.T, url string) {
	t.Helper()
	if r := do(t, nil, "", "recording", "set", "--sample=2", "--redis", url); r.status != 0 {
		t.Errorf("recording set: %d, %q", r.status, r.err)
	}
	for _, whose := range []string{"ada", "--all"} {
		tail := start(t, nil, "tail", whose, "--redis", url)
		tail.out.await(t, "/orders/7")
		tail.end(t)
	}
	for _, args := range [][]string{{"audit", "verify"}, {"audit", "export"}, {"account", "list"}} {
		if done := do(t, nil, "", append(args, "--redis", url)...); done.status != 0 {
			t.Errorf("%s: %s", args, done.err)
		}
	}
}

// theDoctorNamesWhatIsMissing takes each command from the admin that somebody has used since the server began.
func theDoctorNamesWhatIsMissing(t *testing.T, url string, root *redis.Client) {
	t.Helper()
	others := []string{ // of applications and of this test, those that begin and end something, and those that need a channel
		"lpush", "lpushx", "ltrim", "copy", "sadd", "hello", "auth", "script", "zrevrange", "exec", "discard", "acl", "pubsub", "config", "scan",
		"subscribe", "psubscribe", "publish", "unsubscribe", "punsubscribe", "monitor", "ping",
	}
	for line := range strings.Lines(root.Info(t.Context(), "commandstats").Val()) {
		command, _, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		if parent, _, _ := strings.Cut(command, "|"); !strings.HasPrefix(line, "cmdstat_") || slices.Contains(others, parent) {
			continue
		}
		if err := root.Do(t.Context(), "acl", "setuser", "userlog-admin", "-"+command).Err(); err != nil {
			t.Fatal(err)
		}
		if done := do(t, nil, "", "doctor", "--redis", url); done.status != 2 || !regexp.MustCompile(`needs: .*\b`+strings.ToUpper(command)+`\b`).MatchString(done.out) {
			t.Errorf("without %s: status %d, %s%s", command, done.status, done.out, done.err)
		}
		if err := root.Do(t.Context(), "acl", "setuser", "userlog-admin", "+"+command).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// mayNot wants Redis to refuse commands to the user in the URL.
func mayNot(t *testing.T, url string, commands [][]any) {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	for _, command := range commands {
		if err := client.Do(t.Context(), command...).Err(); err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s may %v: %v", options.Username, command, err)
		}
	}
}
