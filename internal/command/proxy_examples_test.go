//go:build unix

package command_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// behindProxy is a site behind a proxy that is run as deploy/ has it.
type behindProxy struct {
	certificate pair
	origin      string // of the proxy
}

// newProxy runs a proxy with a file of deploy/, in which strings are replaced: ports, and the certificate. command returns
// how it is run with that file. Where the proxy is not installed, the test is skipped, and fails in CI.
func newProxy(t *testing.T, program, example string, replace []string, command func(path, file string) *exec.Cmd, certificate pair) behindProxy {
	t.Helper()
	path := redistest.Program(t, program)
	text, err := os.ReadFile(filepath.Join("../../deploy", example))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("%s has no %q any more", example, replace[i])
		}
	}
	port := redistest.FreePort(t)
	file := filepath.Join(t.TempDir(), filepath.Base(example))
	changed := strings.NewReplacer(append(replace, "listen 443", "listen 127.0.0.1:"+port, "bind :443", "bind 127.0.0.1:"+port, "{$USERLOG_HOST:support.example.com}", "https://127.0.0.1:"+port)...).Replace(string(text))
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(path, file)
	said := newOutput()
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // a worker may outlive its master
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // which signal has ended it does not matter
		if t.Failed() {
			t.Logf("%s:\n%s", program, said)
		}
	})
	redistest.Eventually(t, program+" listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return behindProxy{certificate, "https://127.0.0.1:" + port}
}

// serveBehind starts a server that the proxy passes requests on to, and returns its host:port.
func serveBehind(t *testing.T, redis string) string {
	t.Helper()
	r := start(t, environ{"USERLOG_REDIS": redis, "USERLOG_ADDR": "127.0.0.1:0"}, "serve", "--trusted-proxies", "127.0.0.1", "--secure-cookies")
	return strings.TrimPrefix(r.origin(t), "http://")
}

// wantWell has the doctor look at the site through the proxy, with a live log.
func (p behindProxy) wantWell(t *testing.T, redis string) {
	t.Helper()
	visitTrusting(t, p.origin, p.certificate.roots()).awaitStatus("/userlog/login", http.StatusOK)
	env := environ{"USERLOG_REDIS": redis}
	if r := do(t, env, password+"\n", "account", "create", "root", "--role", "superuser", "--ask-password"); r.status != 0 {
		t.Fatal(r.err)
	}
	made := do(t, env, "", "account", "token", "root", "--label", "doctor")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(strings.Fields(made.out)[len(strings.Fields(made.out))-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, "", "doctor", "--url", p.origin+"/userlog/", "--url-ca", p.certificate.cert, "--token-file", token, "--stay", "2s")
	if r.status != 0 {
		t.Errorf("the doctor finds, with status %d:\n%s%s", r.status, r.out, r.err)
	}
	if strings.Contains(r.out, "token") {
		t.Errorf("the doctor did not open a live log:\n%s", r.out)
	}
}

func TestNginxExample(t *testing.T) {
	t.Parallel()
	server, certificate := redistest.Start(t), newPair(t)
	dir := t.TempDir()
	newProxy(t, "nginx", "nginx/userlog.conf", []string{
		"127.0.0.1:8080", serveBehind(t, server.URL),
		"/etc/ssl/certs/support.example.com.pem", certificate.cert, "/etc/ssl/private/support.example.com.key", certificate.key,
	}, func(path, file string) *exec.Cmd {
		whole := "events {}\npid " + dir + "/pid;\nhttp {\naccess_log off;\n"
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			whole += kind + "_temp_path " + dir + "/" + kind + ";\n"
		}
		main := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(main, []byte(whole+"include "+file+";\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.Command(path, "-p", dir, "-c", main, "-e", "stderr", "-g", "daemon off;")
	}, certificate).wantWell(t, server.URL)
}

func TestHAProxyExample(t *testing.T) {
	t.Parallel()
	server, certificate := redistest.Start(t), newPair(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	var text []byte
	for _, name := range []string{certificate.cert, certificate.key} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}
	if err := os.WriteFile(both, text, 0o600); err != nil {
		t.Fatal(err)
	}
	newProxy(t, "haproxy", "haproxy/userlog.cfg", []string{
		"127.0.0.1:8080", serveBehind(t, server.URL), "127.0.0.1:8081", serveBehind(t, server.URL), "/etc/haproxy/support.example.com.pem", both,
	}, func(path, file string) *exec.Cmd {
		return exec.Command(path, "-f", file)
	}, certificate).wantWell(t, server.URL)
}

func TestCaddyExample(t *testing.T) {
	t.Parallel()
	server, certificate := redistest.Start(t), newPair(t)
	dir := t.TempDir()
	newProxy(t, "caddy", "caddy/Caddyfile", []string{
		"{$USERLOG_UPSTREAM:127.0.0.1:8080}", serveBehind(t, server.URL),
		"#tls /etc/caddy/certificate.pem /etc/caddy/key.pem", "tls " + certificate.cert + " " + certificate.key,
	}, func(path, file string) *exec.Cmd {
		// It would redirect from port 80, and be administered at a port of its own.
		main := filepath.Join(dir, "main")
		if err := os.WriteFile(main, []byte("{\n\tadmin off\n\tauto_https disable_redirects\n}\nimport "+file+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "run", "--adapter", "caddyfile", "--config", main)
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return cmd
	}, certificate).wantWell(t, server.URL)
}
