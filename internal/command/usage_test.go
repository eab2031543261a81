//go:build unix

package command_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMistakesAreNamedInOneLine(t *testing.T) {
	t.Parallel()
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const redis = "redis://127.0.0.1:1"
	tests := []struct {
		name  string
		env   environ
		args  []string
		names string // a pattern of what the line must contain
	}{
		{"no command", nil, nil, `demo, serve, .*--help`},
		{"unknown command", nil, []string{"frob"}, `no command "frob": use one of demo, serve, .*--help`},
		{"unknown flag", nil, []string{"serve", "--frob"}, `--frob; userlog serve --help tells more`},
		{"unknown flag of none", nil, []string{"--frob"}, `--frob; userlog --help tells more`},
		{"argument too many", nil, []string{"serve", "now"}, `unexpected argument now; userlog serve --help`},
		{"address", nil, []string{"serve", "--addr", "8080"}, `--addr: "8080"`},
		{"port", nil, []string{"demo", "--addr", ":70000"}, `--addr: ":70000"`},
		{"base path without slash", nil, []string{"serve", "--base-path", "userlog"}, `--base-path: "userlog"`},
		{"base path with slash at the end", nil, []string{"serve", "--base-path", "/userlog/"}, `--base-path: "/userlog/"`},
		{"base path with two slashes", nil, []string{"serve", "--base-path", "//evil"}, `--base-path: "//evil"`},
		{"base path with dots", nil, []string{"serve", "--base-path", "/a/.."}, `--base-path: "/a/.."`},
		{"base path with a parameter", nil, []string{"serve", "--base-path", "/:a"}, `--base-path: "/:a"`},
		{"redis URL", nil, []string{"serve", "--redis", "http://localhost"}, `Redis URL`},
		{"key prefix", nil, []string{"serve", "--key-prefix", "a*"}, `key prefix "a\*"`},
		{"max entries", nil, []string{"serve", "--max-entries", "0"}, `--max-entries is 0`},
		{"max entries of tail", nil, []string{"tail", "ada", "--redis", redis, "--max-entries", "-1"}, `--max-entries`},
		{"no number", nil, []string{"serve", "--max-entries", "x"}, `--max-entries: "x" is not a number`},
		{"many entries", nil, []string{"serve", "--max-entries", "10001"}, `--max-entries is 10001: use 1 to 10000`},
		{"retention", nil, []string{"serve", "--retention", "1ms"}, `--retention is 1ms`},
		{"retention that is none", nil, []string{"serve", "--retention", "long"}, `--retention: "long" is not a duration`},
		{"retention without unit", nil, []string{"serve", "--retention", "5"}, `--retention: "5" is not a duration: use a number with a unit, such as 90s`},
		{"retention in the environment", environ{"USERLOG_RETENTION": "long"}, []string{"serve"}, `--retention.*long`},
		{"empty variable", environ{"USERLOG_ADDR": ""}, []string{"serve"}, `--addr: ""`},
		{"language", nil, []string{"serve", "--language", "xx"}, `language "xx"`},
		{"live URL", nil, []string{"serve", "--live-url", "http://x"}, `live URL "http://x"`},
		{"origin", nil, []string{"serve", "--allowed-origin", "x"}, `origin "x"`},
		{"log format", nil, []string{"serve", "--log-format", "xml"}, `--log-format.*xml`},
		{"log level", nil, []string{"serve", "--log-level", "loud"}, `--log-level: "loud" is not a level: use debug, info, warn or error\n`},
		{"proxy", nil, []string{"serve", "--trusted-proxies", "10.0.0.0/8,proxy"}, `--trusted-proxies: "proxy" is neither a network, such as 10`},
		{"proxy in the environment", environ{"USERLOG_TRUSTED_PROXIES": "10.0.0.0/33"}, []string{"serve"}, `--trusted-proxies: "10.0.0.0/33"`},
		{"provider without a client", nil, []string{"serve", "--oidc-issuer", "https://login.example.com"}, `--oidc-issuer needs --oidc-client-id, --oidc-client-secret-file and --oidc-roles`},
		{"client without a provider", nil, []string{"serve", "--oidc-client-id", "userlog"}, `without --oidc-issuer: set USERLOG_OIDC_ISSUER`},
		{"secret that is missing", nil, oidc("https://login.example.com", "/nowhere", "a=viewer"), `--oidc-client-secret-file: open /nowhere`},
		{"group without a role", nil, oidc("https://login.example.com", "usage_test.go", "agents"), `--oidc-roles: "agents": use group=superuser or group=viewer`},
		{"group with an odd role", nil, oidc("https://login.example.com", "usage_test.go", "agents=root"), `group "agents" with the role "root": use group=superuser`},
		{"group twice", nil, oidc("https://login.example.com", "usage_test.go", "a=viewer,a=superuser"), `the group "a" is there twice`},
		{"provider by plain http", nil, oidc("http://login.example.com", "usage_test.go", "a=viewer"), `the issuer "http://login.example.com"`},
		{"provider with a password", nil, oidc("https://a:secret@login.example.com", "usage_test.go", "a=viewer"), `the issuer "https://a:xxxxx@login.example.com"`},
		{"two logins", nil, append(oidc("https://login.example.com", "usage_test.go", "a=viewer"), "--auth-header", "X-User", "--trusted-proxies", "::1"), `there are two logins, --oidc-issuer and --auth-header`},
		{"header without proxies", nil, []string{"serve", "--auth-header", "X-Forwarded-User"}, `--trusted-proxies.*USERLOG_TRUSTED_PROXIES`},
		{"header from anybody", nil, []string{"serve", "--auth-header", "X-Forwarded-User", "--trusted-proxies", "0.0.0.0/0"}, `would let anybody in`},
		{"header that is none", nil, []string{"serve", "--auth-header", "X: Y", "--trusted-proxies", "::1"}, `"X: Y" is not the name of a header`},
		{"role without header", nil, []string{"serve", "--auth-header-role", "viewer"}, `--auth-header-role.*USERLOG_AUTH_HEADER`},
		{"role", nil, []string{"serve", "--auth-header-role", "king"}, `--auth-header-role: "king": a role is either`},
		{"certificate without key", nil, []string{"serve", "--tls-cert", short}, `--tls-key.*USERLOG_TLS_KEY`},
		{"key without certificate", environ{"USERLOG_TLS_KEY": short}, []string{"serve"}, `--tls-cert.*USERLOG_TLS_CERT`},
		{"certificate that is none", nil, []string{"serve", "--tls-cert", short, "--tls-key", short}, `can't use the certificate ` + short + `.*: failed to find`},
		{"certificate that is missing", nil, []string{"serve", "--tls-cert", short + "er", "--tls-key", short}, `no such file`},
		{"superuser without file", environ{"USERLOG_SUPERUSER": "root"}, []string{"serve"}, `USERLOG_SUPERUSER_PASSWORD_FILE`},
		{"file without superuser", nil, []string{"serve", "--superuser-password-file", short}, `USERLOG_SUPERUSER`},
		{"name of a superuser", nil, []string{"serve", "--superuser", "a\nb", "--superuser-password-file", short}, `--superuser: `},
		{"password in a file", nil, []string{"serve", "--superuser", "root", "--superuser-password-file", short}, `shorter than 12`},
		{"file that is missing", nil, []string{"serve", "--superuser", "root", "--superuser-password-file", short + "er"}, `no such file`},
		{"second factor of nobody", nil, []string{"serve", "--require-second-factor", "some"}, `--require-second-factor.*superusers`},
		{"second factor elsewhere", nil, []string{"serve", "--require-second-factor", "all", "--auth-header", "X-User", "--trusted-proxies", "::1"}, `--require-second-factor is of no use with --auth-header`},
		{"a short key", nil, []string{"serve", "--second-factor-key-file", short}, `--second-factor-key-file \S+: a line has 5 characters: use 32`},
		{"key that is missing", environ{"USERLOG_SECOND_FACTOR_KEY_FILE": short + "er"}, []string{"serve"}, `--second-factor-key-file: .*no such file`},
		{"no key", nil, []string{"serve", "--second-factor-key-file", os.DevNull}, `there is no key in it`},
		{"customers", nil, []string{"demo", "--customers=-1"}, `--customers is -1`},
		{"password of the demo", nil, []string{"demo", "--addr", "127.0.0.1:0", "--password", "short"}, `--password: .*shorter`},
		{"no account name", nil, []string{"createsuperuser", "--redis", redis}, `name.*userlog createsuperuser --help`},
		{"account name", nil, []string{"createsuperuser", "a\x07b", "--redis", redis}, `"a\\ab"`},
		{"account without redis", nil, []string{"changepassword", "root"}, `--redis is missing.*USERLOG_REDIS`},
		{"tail of nobody", nil, []string{"tail", "--redis", redis}, `--all`},
		{"tail of one and all", nil, []string{"tail", "ada", "--all", "--redis", redis}, `not both`},
		{"tail without redis", nil, []string{"tail", "ada"}, `--redis is missing`},
		{"tail of no name", nil, []string{"tail", "a\x1bb", "--redis", redis}, `control characters`},
		{"audit without redis", nil, []string{"audit", "verify"}, `--redis is missing`},
		{"mark", nil, []string{"audit", "verify", "--redis", redis, "--since", "12"}, `--since: "12": a checkpoint is`},
		{"export from", nil, []string{"audit", "export", "--redis", redis, "--from", "monday"}, `--from: "monday": use a day`},
		{"export to", nil, []string{"audit", "export", "--redis", redis, "--to", "monday"}, `--to: "monday": use a day`},
		{"export of an action", nil, []string{"audit", "export", "--redis", redis, "--action", "look"}, `--action: .*"look".*view-ended`},
		{"account without redis", nil, []string{"account", "list"}, `--redis is missing`},
		{"account without role", nil, []string{"account", "create", "vera", "--redis", redis}, `--role`},
		{"account of no role", nil, []string{"account", "create", "vera", "--role", "owner", "--redis", redis}, `--role.*owner`},
		{"change to no role", nil, []string{"account", "role", "vera", "owner", "--redis", redis}, `owner`},
		{"account of no name", nil, []string{"account", "disable", "a\x1bb", "--redis", redis}, `"a\\x1bb": the account name`},
		{"URL of the admin", nil, []string{"account", "link", "vera", "--url", "support.example.com", "--redis", redis}, `--url: give the address`},
		{"days of a token", nil, []string{"account", "token", "vera", "--label", "x", "--days", "366", "--redis", redis}, `--days is 366`},
		{"token without label", nil, []string{"account", "token", "vera", "--redis", redis}, `--label`},
		{"export format", nil, []string{"audit", "export", "--redis", redis, "--format", "xml"}, `--format.*xml`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := do(t, test.env, "", test.args...)
			if r.status != 2 || r.out != "" {
				t.Errorf("status %d and output %q, want 2 and none", r.status, r.out)
			}
			if regexp.MustCompile(`\b(store|handlers|embedded|tls|time|slog): `).MatchString(r.err) {
				t.Errorf("standard error %q names a package", r.err)
			}
			if strings.Count(r.err, "\n") != 1 || !regexp.MustCompile("^userlog: .*"+test.names).MatchString(r.err) {
				t.Errorf("standard error %q: want one line that matches %s", r.err, test.names)
			}
		})
	}
}

func TestCredentialsAreNotRepeated(t *testing.T) {
	t.Parallel()
	r := do(t, nil, "", "serve", "--redis", "redis://user:hunter2@host:port:x")
	if r.status != 2 || strings.Contains(r.err, "hunter2") {
		t.Errorf("status %d, standard error %q: want 2, and no password", r.status, r.err)
	}
}

func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(`--([a-z-]+)`)
	for _, name := range []string{
		"demo", "serve", "createsuperuser", "changepassword", "tail", "audit verify", "audit export",
		"account list", "account create", "account password", "account disable", "account enable", "account role", "account link", "account sessions", "account token", "account second-factor",
	} {
		r := do(t, nil, "", append(strings.Fields(name), "--help")...)
		if r.status != 0 || r.err != "" {
			t.Errorf("%s --help: status %d, standard error %q", name, r.status, r.err)
		}
		flags := flag.FindAllStringSubmatch(r.out, -1)
		if len(flags) < 3 {
			t.Errorf("%s --help shows %d flags:\n%s", name, len(flags), r.out)
		}
		for _, found := range flags {
			variable := "$USERLOG_" + strings.ToUpper(strings.ReplaceAll(found[1], "-", "_"))
			if !slices.Contains([]string{"help", "version"}, found[1]) && !strings.Contains(r.out, variable) {
				t.Errorf("%s --help: no %s", name, variable)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := do(t, environ{"USERLOG_VERSION": "true"}, "", "--version")
	if r.status != 0 || r.err != "" || strings.Count(r.out, "\n") != 1 || len(r.out) < len("v0") {
		t.Errorf("status %d, output %q, standard error %q", r.status, r.out, r.err)
	}
}

func TestHelpSaysWhatIsNeeded(t *testing.T) {
	t.Parallel()
	spaces := regexp.MustCompile(`\s+`)
	for _, test := range []struct{ command, says string }{
		{"serve", "Without it the log is kept in this program"},
		{"demo", "Without it the log is kept in this program"},
		{"tail", "Required ($USERLOG_REDIS)."},
		{"createsuperuser", "Required ($USERLOG_REDIS)."},
		{"createsuperuser", "at least 12 characters"},
		{"account password", "at least 12 characters"},
		{"account create", "at least 12 characters"},
		{"changepassword", "at least 12 characters"},
	} {
		help := spaces.ReplaceAllString(do(t, nil, "", append(strings.Fields(test.command), "--help")...).out, " ")
		if !strings.Contains(help, test.says) {
			t.Errorf("%s --help doesn't say %q:\n%s", test.command, test.says, help)
		}
	}
}

func TestFlagBeatsVariable(t *testing.T) {
	t.Parallel()
	r := do(t, environ{"USERLOG_MAX_ENTRIES": "7"}, "", "serve", "--max-entries", "0")
	if !strings.Contains(r.err, "--max-entries is 0") {
		t.Errorf("standard error %q", r.err)
	}
}

// oidc are the arguments that name a provider.
func oidc(issuer, secretFile, roles string) []string {
	return []string{"serve", "--oidc-issuer", issuer, "--oidc-client-id", "userlog", "--oidc-client-secret-file", secretFile, "--oidc-roles", roles}
}
