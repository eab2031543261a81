//go:build unix

package command_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// redisPassword is that of users of Redis in tests.
const redisPassword = "hunt%er:2/@?#"

// redisPasswordFile returns a file that holds redisPassword.
func redisPasswordFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "redis-password")
	if err := os.WriteFile(file, []byte(redisPassword+"\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// addUser gives a server the user ada, and takes all rights from users without a password.
func addUser(t *testing.T, servers ...*redistest.Server) {
	t.Helper()
	for _, server := range servers {
		err := server.Client(t).Do(t.Context(), "acl", "setuser", "ada", "on", ">"+redisPassword, "~*", "&*", "+@all").Err()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// useEveryCommand uses the commands with the environment's Redis, in which an application records.
func useEveryCommand(t *testing.T, env environ, application *store.Store) {
	t.Helper()
	env["USERLOG_ADDR"], env["USERLOG_SUPERUSER"], env["USERLOG_SUPERUSER_PASSWORD_FILE"] = "127.0.0.1:0", "root", passwordFile(t)
	record(application, "ada", "/orders/7")
	r := start(t, env, "serve")
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	v.awaitStatus("/readyz", http.StatusOK)
	v.logIn("/userlog", "root", password)
	redistest.Eventually(t, "ada's log has a row", func() bool { return v.get("/userlog/static?username=ada").Find("#rows > tr").Length() == 1 })
	if p := v.get("/userlog/"); p.status != http.StatusOK || p.Find("#seen").Length() != 1 {
		t.Errorf("the home page: %d", p.status)
	}
	r.end(t)
	for _, whose := range []string{"ada", "--all"} {
		tail := start(t, env, "tail", whose)
		tail.out.await(t, "/orders/7")
		tail.end(t)
	}
	for _, args := range [][]string{{"account", "create", "vera", "--role", "viewer"}, {"account", "list"}, {"account", "disable", "vera"}, {"audit", "verify"}, {"audit", "export"}} {
		if done := do(t, env, "", args...); done.status != 0 || strings.Contains(done.out+done.err, redisPassword) {
			t.Errorf("%s: %d, %s", args, done.status, done.err)
		}
	}
	if strings.Contains(r.err.String()+r.out.String(), "hunt") {
		t.Errorf("the log shows the password:\n%s", r.err)
	}
}

func TestEveryCommandOnACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	addUser(t, c.Nodes...)
	addresses := c.Addresses()
	address := "redis://ada@" + addresses[0] + "?addr=" + addresses[1]
	useEveryCommand(t, environ{"USERLOG_REDIS": address, "USERLOG_REDIS_PASSWORD_FILE": redisPasswordFile(t)}, openStore(t, strings.Replace(address, "ada@", "", 1), store.Options{}))

	followed := start(t, environ{"USERLOG_REDIS": strings.Replace(address, "ada@", "", 1), "USERLOG_ADDR": "127.0.0.1:0"}, "serve")
	visitor := visit(t, followed.origin(t))
	visitor.awaitStatus("/readyz", http.StatusOK)
	c.Master("userlog:{audit}:records").Kill()
	visitor.awaitStatus("/readyz", http.StatusServiceUnavailable)
	visitor.awaitStatus("/readyz", http.StatusOK) // its replica has taken over
	if p := visitor.logIn("/userlog", "root", password); p.path != "/userlog/" {
		t.Errorf("after a failover the login leads to %s with %d: %s", p.path, p.status, p.Find("#messages").Text())
	}

	// A node of a cluster is no server of its own, and that is said.
	alone := environ{"USERLOG_REDIS": "redis://" + c.Master("userlog:accounts").Address, "USERLOG_ADDR": "127.0.0.1:0"}
	const says = "node of a Cluster.*write redis://host1\\?addr=host2"
	r := start(t, alone, "serve")
	v := visit(t, r.origin(t))
	r.err.await(t, says)
	if p := v.get("/readyz"); p.status != http.StatusServiceUnavailable || !strings.Contains(p.Text(), "write redis://host1?addr=host2") {
		t.Errorf("/readyz: %d, %s", p.status, p.Text())
	}
	if p := v.get("/userlog/login"); p.status != http.StatusOK && !strings.Contains(p.Text(), "node of a Cluster") {
		t.Errorf("a page: %d, %s", p.status, p.Text())
	}
	enable := start(t, alone, "account", "enable", "vera")
	enable.err.await(t, "refuses \\((MOVED|CROSSSLOT) .*"+says)
	enable.endWith(t, 1)
	tail := start(t, alone, "tail", "--all")
	tail.err.await(t, "refuses \\((MOVED|CROSSSLOT) .*"+says)
	tail.endWith(t, 1)
}

func TestEveryCommandBySentinels(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinels(t)
	addUser(t, s.Servers...)
	addresses := s.Addresses()
	address := "redis://" + addresses[0] + "?master_name=" + redistest.SentinelName + "&addr=" + addresses[1] + "&username=ada"
	useEveryCommand(t, environ{"USERLOG_REDIS": address, "USERLOG_REDIS_PASSWORD_FILE": redisPasswordFile(t)}, openStore(t, "redis://"+s.Master().Address, store.Options{}))

	r := start(t, environ{"USERLOG_REDIS": strings.Replace(address, "&username=ada", "", 1), "USERLOG_ADDR": "127.0.0.1:0"}, "serve")
	v := visit(t, r.origin(t))
	v.awaitStatus("/readyz", http.StatusOK)
	s.Failover()
	// A login that the old master took in its last moment is lost, as every write is.
	redistest.Eventually(t, "a login after a failover", func() bool { return v.logIn("/userlog", "root", password).path == "/userlog/" })
}

func TestEveryCommandWithTLS(t *testing.T) {
	t.Parallel()
	c := redistest.NewCertificates(t)
	server := redistest.StartTLS(t, c)
	addUser(t, server)
	env := environ{
		"USERLOG_REDIS": "rediss://ada@" + server.Address, "USERLOG_REDIS_PASSWORD_FILE": redisPasswordFile(t),
		"USERLOG_REDIS_CA": c.CA, "USERLOG_REDIS_CERT": c.Cert, "USERLOG_REDIS_KEY": c.Key,
	}
	useEveryCommand(t, env, openStore(t, server.URL, store.Options{}))
	bySocket := []string{"account", "list", "--redis", strings.Replace(server.URL, "unix://", "unix://ada@", 1), "--redis-password-file", redisPasswordFile(t)}
	if done := do(t, nil, "", bySocket...); done.status != 0 || !strings.Contains(done.out, "vera") {
		t.Errorf("by its socket: status %d, %s%s", done.status, done.out, done.err)
	}
	for what, args := range map[string][]string{
		"its authority is unknown": {"--redis", "rediss://" + server.Address, "name with --redis-ca the file"},
		"it wants a certificate":   {"--redis", "rediss://" + server.Address, "--redis-ca", c.CA, "name a certificate with --redis-cert and --redis-key"},
		"it speaks TLS":            {"--redis", "redis://" + server.Address, "where it speaks TLS, let --redis begin with rediss://"},
	} {
		want := args[len(args)-1]
		done := do(t, nil, "", append([]string{"account", "list"}, args[:len(args)-1]...)...)
		if done.status != 1 || !strings.Contains(done.err, want) {
			t.Errorf("%s: status %d, %s", what, done.status, done.err)
		}
	}
}

func TestMistakesInTheRedisFlags(t *testing.T) {
	t.Parallel()
	c, password := redistest.NewCertificates(t), redisPasswordFile(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\nlater\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const tls, sentinels = "rediss://h", "redis://s:x@h?master_name=m&addr=h2:1"
	for want, args := range map[string][]string{
		"--redis-ca, --redis-cert and --redis-key are for TLS":             {"--redis", "redis://h", "--redis-ca", c.CA},
		"--redis-cert needs --redis-key":                                   {"--redis", tls, "--redis-cert", c.Cert},
		"--redis-key needs --redis-cert":                                   {"--redis", tls, "--redis-key", c.Key},
		"--redis-ca: open /nowhere: no such file":                          {"--redis", tls, "--redis-ca", "/nowhere"},
		"has no certificate in PEM":                                        {"--redis", tls, "--redis-ca", empty},
		"--redis-cert: can't use the certificate":                          {"--redis", tls, "--redis-cert", c.Cert, "--redis-key", c.CA},
		"--redis-password-file: open /nowhere: no such file":               {"--redis", tls, "--redis-password-file", "/nowhere"},
		"its first line is empty":                                          {"--redis", tls, "--redis-password-file", empty},
		"--redis has a password, and so has --redis-password-file":         {"--redis", "redis://u:x@h", "--redis-password-file", password},
		"--redis has a password, and so has":                               {"--redis", sentinels + "&password=y", "--redis-password-file", password},
		"what follows redis:// in the Redis URL can't be read":             {"--redis", "redis://u@h:port", "--redis-password-file", password},
		"what follows redis:// in the Redis URL can't be read; write # % ": {"--redis", "redis://u@h/%zz", "--redis-password-file", password},
	} {
		for _, command := range [][]string{{"account", "list"}, {"serve", "--addr", "127.0.0.1:0"}} {
			r := do(t, nil, "", append(command, args...)...)
			if r.status != 2 || !strings.Contains(r.err, want) || strings.Contains(r.err, "hunt") {
				t.Errorf("%s %s: status %d, %s", command, args, r.status, r.err)
			}
		}
	}
	for _, flag := range []string{"--redis-ca", "--redis-cert", "--redis-key", "--redis-password-file"} {
		if r := do(t, nil, "", "serve", "--addr", "127.0.0.1:0", flag, password); r.status != 2 || !strings.Contains(r.err, flag+" is of no use without --redis") {
			t.Errorf("%s without a Redis: status %d, %s", flag, r.status, r.err)
		}
	}
}
