//go:build unix

package command_test

import (
	"net/http"
	"testing"
)

// A name that is not the program's is not served: it may be another site's, which leads to our address.
func TestOnlyOwnHostsAreServed(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		args []string
		want map[string]int // status by host
	}{
		"by default":                {nil, map[string]int{"localhost": 303, "LOCALHOST:80": 303, "127.0.0.1": 303, "a.localhost": 303, "evil.example": 421, "localhost.evil.example": 421, "192.0.2.1": 421, "evillocalhost": 421}},
		"named":                     {[]string{"--allowed-hosts", "Support.example.com,.example.org"}, map[string]int{"support.example.com": 303, "support.example.com:8443": 303, "a.example.org": 303, "example.com": 421, "localhost": 421}},
		"any":                       {[]string{"--allowed-hosts", "*"}, map[string]int{"evil.example": 303}},
		"named, and behind a proxy": {[]string{"--allowed-hosts", "support.example.com", "--trusted-proxies", "127.0.0.1"}, map[string]int{"support.example.com": 303, "evil.example": 421}},
		"behind a proxy":            {[]string{"--trusted-proxies", "127.0.0.1"}, map[string]int{"support.example.com": 303}},
		"on all addresses":          {[]string{"--addr", ":0"}, map[string]int{"192.0.2.1": 303, "[::1]:80": 303, "evil.example": 421}},
	} {
		t.Run(what, func(t *testing.T) {
			origin := start(t, nil, append([]string{"serve", "--addr", "127.0.0.1:0"}, c.args...)...).origin(t)
			for host, want := range c.want {
				if got := statusOfHost(t, origin+"/userlog/", host); got != want {
					t.Errorf("%s: %d, want %d", host, got, want)
				}
			}
			if got := statusOfHost(t, origin+"/healthz", "10.0.0.1:8080"); got != http.StatusOK {
				t.Errorf("a health check: %d", got)
			}
		})
	}
}

// Also what is none of the admin's answers is no other site's to use.
func TestEveryAnswerIsIsolated(t *testing.T) {
	t.Parallel()
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0").origin(t)
	for _, c := range []struct {
		path, host string
		want       int
	}{
		{"/", "localhost", 302},
		{"/healthz", "localhost", 200},
		{"/readyz", "localhost", 200},
		{"/", "evil.example", 421},
		{"/nothing", "localhost", 404},
		{"/userlog", "localhost", 301},
		{"/userlog/", "localhost", 303},
		{"/userlog/login", "localhost", 200},
		{"/userlog/assets/x", "localhost", 404},
		{"/userlog/api/log", "localhost", 401},
		{"/userlog/live/socket", "localhost", 303},
	} {
		answer := askHost(t, origin+c.path, c.host)
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.path, answer.StatusCode, c.want)
		}
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
		} {
			if got := answer.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s of %s: %s is %q", c.path, c.host, name, got)
			}
		}
	}
}

func statusOfHost(t *testing.T, url, host string) int {
	t.Helper()
	return askHost(t, url, host).StatusCode
}

func askHost(t *testing.T, url, host string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer
}
