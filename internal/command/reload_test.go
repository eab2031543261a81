//go:build unix

package command_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// A server that is asked to changes the level of its log, and says what needs a restart. A file that can't be read changes nothing.
func TestSettingsAreReadAgain(t *testing.T) {
	t.Parallel()
	lines := []string{`addr = "127.0.0.1:0"`, `drain = "0s"`, `log-level = "warn"`, `access-log = true`}
	file := configFile(t, lines...)
	write := func(lines ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan os.Signal)
	r := &running{out: newOutput(), err: newOutput(), stop: stop, status: make(chan int, 1)}
	go func() {
		r.status <- command.RunReloading(ctx, []string{"serve", "--config", file, "--language", "fr"}, environ{}.lookup, strings.NewReader(""), r.out, r.err, asked)
	}()
	t.Cleanup(func() { r.end(t) })
	v := visit(t, r.origin(t))
	v.get("/userlog/login")
	if log := r.err.String(); strings.Contains(log, "level=INFO") {
		t.Errorf("it begins with the level info:\n%s", log)
	}
	lines[2] = `log-level = "info"`
	write(append(lines, `base-path = "/elsewhere"`, `language = "de"`)...)
	asked <- syscall.SIGHUP
	r.err.await(t, `some settings need a restart to take effect.*settings=base-path\n`)
	r.err.await(t, `settings have been read again.*log-level=info`)
	v.get("/userlog/login")
	r.err.await(t, `msg=request method=GET route=/userlog/login`)
	write(append(lines[:2:2], `log-level = "info,access=warn,admin=debug"`)...)
	asked <- syscall.SIGHUP
	r.err.await(t, `settings have been read again.*log-level="?info,access=warn,admin=debug`)
	write("canary =")
	asked <- syscall.SIGHUP
	r.err.await(t, `can't be read again; those before stay in force`)
	write(`log-level = "loud"`)
	asked <- syscall.SIGHUP
	r.err.await(t, `the level of the log stays as it was.*loud`)
	if p := v.get("/userlog/login"); p.status != http.StatusOK {
		t.Errorf("status %d", p.status)
	}
}

// The password of Redis may change while the program runs: the next connection has the new one.
func TestPasswordOfRedisIsReadAgain(t *testing.T) {
	t.Parallel()
	server := redistest.StartTCP(t)
	client := server.Client(t)
	file := canary(t, "old password")
	require := func(password string) {
		t.Helper()
		if err := client.ConfigSet(t.Context(), "requirepass", password).Err(); err != nil {
			t.Fatal(err)
		}
	}
	require("old password")
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", "redis://"+server.Address, "--redis-password-file", file)
	v := visit(t, r.origin(t))
	v.awaitStatus("/readyz", http.StatusOK)
	if err := os.WriteFile(file, []byte("new password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	require("new password")
	if err := client.Do(t.Context(), "client", "kill", "type", "normal", "skipme", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	v.awaitStatus("/readyz", http.StatusOK)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := client.Do(t.Context(), "client", "kill", "type", "normal", "skipme", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	v.awaitStatus("/readyz", http.StatusOK)
	r.err.await(t, "a secret can't be read again; the one before stays in force")
}

// The admin listens on a socket, which a proxy on the machine connects to, and replaces one that was left behind.
func TestServeOnASocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "socket-") // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "userlog.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	r := start(t, nil, "serve", "--addr", "unix:"+path, "--access-log", "--trusted-proxies", "127.0.0.1")
	r.out.await(t, "The admin is at unix:"+path)
	v := visit(t, "http://support.example")
	v.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }
	if p := v.get("/userlog/login"); p.status != http.StatusOK {
		t.Errorf("the login: status %d", p.status)
	}
	response, err := v.client.PostForm("http://support.example/userlog/login", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	r.err.await(t, `route=/userlog/login .*address=127.0.0.1\n`)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if done := do(t, nil, "", "serve", "--addr", "unix:"+path); done.status != 1 || !strings.Contains(done.err, "another program does") {
		t.Errorf("a socket that is taken: status %d, %s", done.status, done.err)
	}
	if done := do(t, nil, "", "serve", "--addr", "unix:relative"); done.status != 2 || !strings.Contains(done.err, "unix:/path") {
		t.Errorf("no socket: status %d, %s", done.status, done.err)
	}
	r.end(t)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it leaves its socket behind: %v", err)
	}
}
