//go:build unix

package command_test

import (
	"net/http"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// statusFor is how a site answers to a request with a header.
func statusFor(t *testing.T, url, header, value string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header, value)
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestServeBelievesTheProxyThatItTrusts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Create(t.Context(), "root", auth.Superuser, password); err != nil {
		t.Fatal(err)
	}
	const header = "X-Forwarded-User"
	tests := []struct {
		name string
		env  environ
		args []string
		want map[string]int // by the name that the proxy gives
	}{
		{
			"proxy",
			environ{"USERLOG_TRUSTED_PROXIES": "192.0.2.0/24,127.0.0.1"},
			nil,
			map[string]int{"root": http.StatusOK, "stranger": http.StatusForbidden},
		},
		{
			"proxy, and a role for strangers", nil,
			[]string{"--trusted-proxies", "127.0.0.0/8", "--auth-header-role", "viewer"},
			map[string]int{"root": http.StatusOK, "stranger": http.StatusOK},
		},
		{
			"somebody else", nil,
			[]string{"--trusted-proxies", "192.0.2.0/24", "--auth-header-role", "viewer"},
			map[string]int{"root": http.StatusForbidden, "stranger": http.StatusForbidden},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--auth-header", header}, test.args...)
			origin := start(t, test.env, args...).origin(t)
			for name, want := range test.want {
				if got := statusFor(t, origin+"/userlog/", header, name); got != want {
					t.Errorf("%s: status %d, want %d", name, got, want)
				}
			}
			if got := statusFor(t, origin+"/userlog/login", header, "root"); got != http.StatusNotFound {
				t.Errorf("the login page: status %d", got)
			}
		})
	}
}

// A redirect that adds or takes a slash stays here, whatever a client claims about proxies.
func TestRedirectsStayHere(t *testing.T) {
	t.Parallel()
	type redirect struct {
		method, path string
		status       int
		location     string
	}
	ofTheAdmin := []redirect{
		{http.MethodGet, "/userlog", http.StatusMovedPermanently, "/userlog/"},
		{http.MethodGet, "/userlog/login/", http.StatusMovedPermanently, "/userlog/login"},
		{http.MethodPost, "/userlog/login/", http.StatusTemporaryRedirect, "/userlog/login"},
	}
	for command, redirects := range map[string][]redirect{
		"serve": append([]redirect{{http.MethodGet, "/", http.StatusFound, "userlog/"}}, ofTheAdmin...),
		"demo":  append([]redirect{{http.MethodGet, "/cart/", http.StatusMovedPermanently, "/cart"}}, ofTheAdmin...),
	} {
		t.Run(command, func(t *testing.T) {
			origin := start(t, environ{"USERLOG_CUSTOMERS": "0"}, command, "--addr", "127.0.0.1:0").origin(t)
			for _, want := range redirects {
				for _, lies := range []http.Header{
					{},
					{"X-Forwarded-Prefix": {"/evil"}},
					{"X-Forwarded-Prefix": {"//evil.example"}},
					{"X-Forwarded-Prefix": {"", "/evil"}},
					{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"host=evil.example"}},
				} {
					request, err := http.NewRequestWithContext(t.Context(), want.method, origin+want.path, nil)
					if err != nil {
						t.Fatal(err)
					}
					request.Header = lies
					answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
					if err != nil {
						t.Fatal(err)
					}
					answer.Body.Close()
					if answer.StatusCode != want.status || answer.Header.Get("Location") != want.location {
						t.Errorf("%s %s with %v: %d to %q, want %d to %q", want.method, want.path, lies, answer.StatusCode, answer.Header.Get("Location"), want.status, want.location)
					}
				}
			}
		})
	}
}

// Behind a proxy that takes a prefix off the path, redirects have it, also those that Gin makes by itself.
func TestRedirectsHaveTheExternalPrefix(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		flags  []string
		header string
	}{
		"by the flag":                            {[]string{"--external-prefix", "/app"}, ""},
		"by the proxy":                           {[]string{"--trusted-proxies", "127.0.0.0/8"}, "/app"},
		"by the flag, and another by a stranger": {[]string{"--external-prefix", "/app"}, "/evil"},
	} {
		t.Run(what, func(t *testing.T) {
			origin := start(t, nil, append([]string{"serve", "--addr", "127.0.0.1:0"}, c.flags...)...).origin(t)
			for path, want := range map[string]string{
				"/": "userlog/", "/userlog": "/app/userlog/", "/userlog/": "/app/userlog/login", "/userlog/live/": "/app/userlog/live",
			} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.header != "" {
					request.Header.Set("X-Forwarded-Prefix", c.header)
				}
				answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if got := answer.Header.Get("Location"); got != want {
					t.Errorf("%s leads to %q, want %q", path, got, want)
				}
			}
		})
	}
}
