//go:build unix

package command_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Each request has a line, with its route and without its query.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, environ{"USERLOG_ACCESS_LOG": "true"}, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL,
		"--trusted-proxies", "127.0.0.1", "--superuser", "root", "--superuser-password-file", passwordFile(t))
	r.err.await(t, "has been created")
	v := visit(t, r.origin(t))
	v.logIn("/userlog", "root", password)
	v.get("/userlog/static?username=ada")
	v.get("/nowhere%0a/x?secret=1")
	v.get("/readyz")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.origin+"/userlog/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "192.0.2.7")
	response, err := v.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	for _, line := range []string{
		`level=INFO msg=request method=POST route=/userlog/login status=303 bytes=\d+ took=\S+ address=127.0.0.1\n`,
		`msg=request method=GET route=/userlog/static status=200 bytes=[1-9]\d+ `,
		`msg=request method=GET path=/nowhere%0[aA]/x status=404 `,
		`route=/userlog/login status=303 bytes=\d+ took=\S+ address=192.0.2.7\n`,
	} {
		r.err.await(t, line)
	}
	if log := r.err.String(); strings.Contains(log, "readyz") || strings.Contains(log, "ada") || strings.Contains(log, "secret") || strings.Contains(log, "let in") {
		t.Errorf("the log has a health check, a name or a query:\n%s", log)
	}
}

// canary returns a file whose first line is a secret.
func canary(t *testing.T, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Whatever is secret in a flag, a header, a cookie, a form or a query is in no line of the log, at no level, also while Redis is
// away.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartTCP(t)
			if err := server.Client(t).ConfigSet(t.Context(), "requirepass", "canary-redis-password").Err(); err != nil {
				t.Fatal(err)
			}
			r := start(t, environ{"USERLOG_REDIS": "redis://:canary-redis-password@" + server.Address},
				"serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--access-log", "--log-level", "debug", "--log-format", format,
				"--directory-url", "http://127.0.0.1:1/people", "--directory-secret-file", canary(t, "canary-directory-secret"),
				"--second-factor-key-file", canary(t, "canary-second-factor-key-of-32-characters"), "--admin-url", "https://support.example.com/userlog/",
				"--webhook-file", destinations(t, "[team]", `url = "http://127.0.0.1:1/canary-webhook?canary-query"`, `secret = "`+webhookSecret+`"`),
				"--superuser", "root", "--superuser-password-file", canary(t, "canary sings at dawn"))
			r.err.await(t, "has been created")
			v := visit(t, r.origin(t))
			sendCanaries(t, v)
			v.logIn("/userlog", "root", "canary sings at dawn")
			sendCanaries(t, v)
			v.get("/userlog/users?q=a")
			server.Kill()
			v.awaitStatus("/readyz", http.StatusServiceUnavailable)
			sendCanaries(t, v)
			r.err.await(t, "let in")
			r.end(t)
			for line := range strings.Lines(r.out.String() + r.err.String()) {
				wantNoCanary(t, line)
			}
		})
	}
	for _, args := range [][]string{
		{"serve", "--redis", "http://canary-user:canary-password@127.0.0.1"},
		{"index", "--redis", "redis://canary-user:canary-password@127.0.0.1:1"},
		{"doctor", "--redis", "redis://canary-user:canary-password@127.0.0.1:1"},
		{"doctor", "--url", "https://canary-user:canary-password@127.0.0.1:1"},
		{"serve", "--directory-url", "http://canary-user:canary-password@127.0.0.1:1/"},
		{"demo", "--addr", "127.0.0.1:0", "--password", "canary"},
		{"webhook", "test", "--webhook-file", destinations(t, "[team]", `url = "http://canary-user:canary-password@127.0.0.1:1/canary-path?canary-query"`, `secret = "`+webhookSecret+`"`)},
		{"webhook", "test", "--webhook-file", destinations(t, "[team]", `url = "http://127.0.0.1:1/canary-path?canary-query"`, `secret = "`+webhookSecret+`"`)},
		{"serve", "--audit-file", "/dev/null", "--audit-key-file", canary(t, "canary-key")},
		{"account", "list", "--redis", "redis://127.0.0.1:1?password=canary-password"},
		{"audit", "verify", "--redis-password-file", canary(t, "canary-password"), "--redis", "redis://127.0.0.1:1"},
	} {
		if done := do(t, nil, "", args...); done.status == 0 || strings.Contains(done.out+done.err, "canary") || strings.Contains(done.out+done.err, webhookSecret) {
			t.Errorf("%v: status %d, %s%s", args[:2], done.status, done.out, done.err)
		}
	}
}

// wantNoCanary checks that a line has nothing that is secret.
func wantNoCanary(t *testing.T, line string) {
	t.Helper()
	if found := regexp.MustCompile(`(?i)canary[-+ %]\S*|` + webhookSecret).FindString(line); found != "" {
		t.Errorf("%s is in the log: %s", found, line)
	}
}

// With single sign-on, too, no secret is logged: neither the client's, nor what a provider sends back.
func TestNoSecretOfSingleSignOnIsLogged(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--access-log", "--log-level", "debug",
		"--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-id", "userlog", "--oidc-client-secret-file", canary(t, "canary-client-secret"), "--oidc-roles", "support=viewer")
	v := visit(t, r.origin(t))
	sendCanaries(t, v)
	v.get("/userlog/sign-on/callback?code=canary-code&state=canary-state")
	r.err.await(t, "route=/userlog/sign-on/callback")
	r.end(t)
	for line := range strings.Lines(r.out.String() + r.err.String()) {
		wantNoCanary(t, line)
	}
}

// sendCanaries sends secrets in all places where a request can have some.
func sendCanaries(t *testing.T, v *visitor) {
	t.Helper()
	headers := map[string]string{
		"Authorization": "Bearer canary-token", "Cookie": "userlog_session=canary-cookie", "X-Forwarded-User": "canary-user", "X-Api-Key": "canary-key",
		"Referer": "https://canary-referer.example/?x=canary-referer", "User-Agent": "canary-agent", "Proxy-Authorization": "Basic canary-proxy",
		"Origin": "https://canary-origin.example",
	}
	for _, path := range []string{"/userlog/", "/userlog/api/log?username=canary-name", "/userlog/live/socket?username=canary-name&after=canary-cursor", "/userlog/password?name=root&secret=canary-link", "/readyz?canary-query"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			request, err := http.NewRequestWithContext(t.Context(), method, v.origin+path, strings.NewReader(url.Values{"x": {"canary-body"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range headers {
				request.Header.Set(name, value)
			}
			response, err := v.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		}
	}
	for _, form := range [][]string{
		{"/login", "username", "canary-typed-name", "password", "canary-typed-password"},
		{"/password", "name", "root", "secret", "canary-link", "password", "canary-new-password", "again", "canary-new-password"},
		{"/account/password", "current", "canary-current", "password", "canary-new-password", "again", "canary-new-password"},
		{"/login/second", "code", "canary-code"},
		{"/account/second-factor/app", "code", "canary-code"},
		{"/team", "username", "canary-name", "text", "canary-note"},
		{"/account/token", "label", "canary-label", "days", "1"},
		{"/reason", "username", "canary-name", "reason", "canary-reason", "next", "/userlog/"},
	} {
		v.send("/userlog"+form[0], form[1:]...)
	}
}
