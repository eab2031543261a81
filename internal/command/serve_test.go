//go:build unix

package command_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

const password = "correct horse battery"

// passwordFile returns a file that holds password.
func passwordFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\r\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestServe(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, environ{
		"USERLOG_REDIS": server.URL, "USERLOG_ADDR": "127.0.0.1:0", "USERLOG_LANGUAGE": "fr",
		"USERLOG_SUPERUSER": "root", "USERLOG_SUPERUSER_PASSWORD_FILE": passwordFile(t),
	}, "serve")
	v := visit(t, r.origin(t))
	for _, path := range []string{"/healthz", "/readyz"} {
		if p := v.get(path); p.status != http.StatusOK {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
	if p := v.get("/"); p.path != "/userlog/login" || p.Find("html[lang=fr] form#login").Length() != 1 {
		t.Errorf("/ leads to %s, want the login form in French", p.path)
	}
	if p := v.get("/nowhere"); p.status != http.StatusNotFound {
		t.Errorf("/nowhere: status %d", p.status)
	}

	r.err.await(t, "superuser has been created")
	if p := v.logIn("/userlog", "root", password); p.path != "/userlog/" || p.status != http.StatusOK {
		t.Fatalf("the login leads to %s with status %d", p.path, p.status)
	}
	logs := openStore(t, server.URL, store.Options{})
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/orders/7", Code: 200})
	redistest.Eventually(t, "ada's log has a row", func() bool { return v.get("/userlog/static?username=ada").Find("#rows > tr").Length() == 1 })
}

// The password of an account that is made at the start is held to the same rules as every other.
func TestPasswordsOfTheFirstAccountAreNotMadeOfNames(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--superuser", "boot", "--superuser-password-file", file}
	for what, c := range map[string]struct {
		password string
		args     []string
	}{
		"the account":      {"boot-boot-boot", serve},
		"the watched site": {"Relay.Example.Com", append(slices.Clone(serve), "--site-url", "https://relay.example.com")},
		"a host of ours":   {"support.example", append(slices.Clone(serve), "--allowed-hosts", "support.example")},
		"the demo's shop":  {"relay-room-2026", []string{"demo", "--addr", "127.0.0.1:0", "--password", "relay-room-2026"}},
	} {
		if err := os.WriteFile(file, []byte(c.password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := do(t, nil, "", c.args...); r.status != 2 || !strings.Contains(r.err, "is made of the name") {
			t.Errorf("%s: status %d, %q", what, r.status, r.err)
		}
	}
}

func TestServeRequiresASecondFactor(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 32)+"\n\n"+strings.Repeat("o", 44)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, environ{
		"USERLOG_REDIS": server.URL, "USERLOG_ADDR": "127.0.0.1:0", "USERLOG_REQUIRE_SECOND_FACTOR": "superusers", "USERLOG_SECOND_FACTOR_KEY_FILE": key,
		"USERLOG_SUPERUSER": "root", "USERLOG_SUPERUSER_PASSWORD_FILE": passwordFile(t),
	}, "serve")
	v := visit(t, r.origin(t))
	r.err.await(t, "superuser has been created")
	if p := v.logIn("/userlog", "root", password); p.path != "/userlog/account" || p.Find("#set-up-app").Length() != 1 {
		t.Errorf("the login leads to %s", p.path)
	}
	if p := v.get("/userlog/audit"); p.path != "/userlog/account" {
		t.Errorf("the audit log is at %s", p.path)
	}
}

func TestServeAtTheRoot(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--base-path", "/")
	v := visit(t, r.origin(t))
	if p := v.get("/"); p.path != "/login" || p.Find("form#login").Length() != 1 {
		t.Errorf("/ leads to %s", p.path)
	}
	if p := v.get("/healthz"); p.status != http.StatusOK {
		t.Errorf("/healthz: status %d", p.status)
	}
	r.err.await(t, "level=WARN .*without --redis")
}

func TestServeRequiresAReason(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, environ{"USERLOG_REQUIRE_REASON": "true"}, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL,
		"--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	v.logIn("/userlog", "root", password)
	if p := v.get("/userlog/static?username=ada"); p.status != http.StatusForbidden || p.Find("[name=reason]").Length() != 1 {
		t.Errorf("the log opens without a reason: status %d", p.status)
	}
}

func TestServeSaysThatThereIsNoAccount(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	start(t, nil, "serve", "--addr", "127.0.0.1:0").err.await(t, "nobody can log in: .*--superuser-password-file")
	start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL).err.await(t, "nobody can log in: .*userlog account create NAME")
}

func TestServeWithoutKeyPrefix(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	start(t, environ{"USERLOG_KEY_PREFIX": ""}, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL,
		"--superuser", "root", "--superuser-password-file", passwordFile(t)).err.await(t, "has been created")
	if n, err := server.Client(t).Exists(t.Context(), "accounts").Result(); err != nil || n != 1 {
		t.Errorf("accounts: %d, %v", n, err)
	}
}

func TestServeWaitsForRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--log-format", "json",
		"--redis", strings.Replace(server.URL, "unix://", "unix://user:hunter2@", 1),
		"--superuser", "root", "--superuser-password-file", passwordFile(t))
	v := visit(t, r.origin(t))
	if p := v.get("/readyz"); p.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: status %d", p.status)
	}
	if p := v.get("/healthz"); p.status != http.StatusOK {
		t.Errorf("/healthz: status %d", p.status)
	}
	r.err.await(t, `"level":"WARN","msg":"the log store can't be reached.*"address":"`+strings.TrimPrefix(server.URL, "unix://"))
	if strings.Contains(r.err.String(), "hunter2") {
		t.Errorf("the log shows the password:\n%s", r.err)
	}
}

// Where nothing can be written, the server is not ready, and says why.
func TestReadyzSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL)
	v := visit(t, r.origin(t))
	for _, c := range []struct {
		spoil, mend []any
		says        string
	}{
		{[]any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"}, "it is a replica"},
		{[]any{"config", "set", "maxmemory", "1"}, []any{"config", "set", "maxmemory", "0"}, "memory of Redis is full"},
		{[]any{"config", "set", "min-replicas-to-write", "1"}, []any{"config", "set", "min-replicas-to-write", "0"}, "Too few replicas"},
		{[]any{"acl", "setuser", "default", "-set"}, []any{"acl", "setuser", "default", "+@all"}, "access list of Redis"},
	} {
		v.awaitStatus("/readyz", http.StatusOK)
		if err := client.Do(t.Context(), c.spoil...).Err(); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, "/readyz says "+c.says, func() bool {
			p := v.get("/readyz")
			return p.status == http.StatusServiceUnavailable && strings.Contains(p.Text(), c.says)
		})
		if err := client.Do(t.Context(), c.mend...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	v.awaitStatus("/readyz", http.StatusOK)
	for _, key := range []string{"userlog:{audit}:ping", "userlog:{userlog:accounts}:ping"} {
		if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > time.Minute {
			t.Errorf("%s expires after %s", key, left)
		}
	}
}

func TestServeCreatesTheSuperuserWhenRedisIsBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	args := []string{"serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--superuser", "root", "--superuser-password-file", passwordFile(t)}
	r := start(t, nil, args...)
	r.err.await(t, "can't be reached; trying again")
	server.Restart()
	r.err.await(t, "has been created")
	visit(t, r.origin(t)).awaitStatus("/readyz", http.StatusOK)
	r.end(t)
	start(t, nil, args...).err.await(t, "exists already")
}

func TestOccupiedPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, name := range []string{"serve", "demo"} {
		r := do(t, nil, "", name, "--addr", taken.Addr().String())
		if r.status != 1 || r.out != "" || !strings.Contains(r.err, "can't listen on "+taken.Addr().String()+": another program does; choose another address with --addr or USERLOG_ADDR") {
			t.Errorf("%s: status %d, output %q, standard error %q", name, r.status, r.out, r.err)
		}
	}
}
