//go:build unix

package command_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestAccountCommands(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	accounts := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{})
	if err := accounts.Create(t.Context(), "root", auth.Superuser, password); err != nil {
		t.Fatal(err)
	}
	env := environ{"USERLOG_REDIS": server.URL}
	for _, step := range []struct {
		args   string
		status int
		says   string // a pattern
	}{
		{"create vera --role viewer --url https://support.example.com/userlog/", 0, `"vera" has been created[^#]*\n  https://support\.example\.com/userlog/password\?username=vera#[\w-]{43}\n`},
		{"create vera --role viewer", 1, `^userlog: there is an account "vera" already: .* userlog account link, .* userlog account password\n$`},
		{"list", 0, `^NAME +ROLE +CREATED +STATE\nroot +superuser +\S+ \S+ UTC +active\nvera +viewer +\S+ \S+ UTC +has no password yet, its link works until \S+ \S+ UTC\n$`},
		{"link vera", 0, `\n  /password\?username=vera\n  code: [\w-]{43}\n`},
		{"role vera superuser", 0, `"vera" is a superuser now`},
		{"role root viewer", 1, `^userlog: "root" is the last superuser who can log in: .*\n$`},
		{"disable root", 1, `^userlog: "root" is the last superuser`},
		{"disable vera", 0, `"vera" has been disabled`},
		{"link vera", 1, `^userlog: the account "vera" is disabled: .* userlog account enable\n$`},
		{"list", 0, `\nvera +superuser +.* +disabled\n$`},
		{"enable vera", 0, `"vera" can be used again`},
		{"list", 0, `\nvera +superuser +.* +has no password, and no link that works: .*\n$`},
		{"sessions vera", 0, `^"vera" is not logged in anywhere\.\n$`},
		{"sessions vera --end", 0, `All sessions and tokens of "vera" have ended`},
		{"sessions nobody", 1, `^userlog: there is no account "nobody": userlog account list .*\n$`},
		{"disable nobody", 1, `^userlog: there is no account "nobody"`},
		{"token nobody --label x", 1, `^userlog: there is no account "nobody"`},
	} {
		r := do(t, env, "", append([]string{"account"}, strings.Fields(step.args)...)...)
		if r.status != step.status || !regexp.MustCompile(step.says).MatchString(r.out+r.err) {
			t.Fatalf("%s: status %d, %q, %q", step.args, r.status, r.out, r.err)
		}
	}
	if root, err := accounts.Get(t.Context(), "root"); err != nil || root.Disabled || root.Role != auth.Superuser {
		t.Errorf("root is %+v, %v", root, err)
	}
	var written []string
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{Subject: "vera"}) {
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, string(r.Action)+" "+r.Via)
	}
	for _, want := range []string{"account-created terminal", "link-made terminal", "role-changed terminal", "account-disabled terminal", "account-enabled terminal", "sessions-ended terminal"} {
		if !slices.Contains(written, want) {
			t.Errorf("%q is not in the audit log: %q", want, written)
		}
	}
}

func TestASecondFactorIsResetInATerminal(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	accounts := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{})
	if err := accounts.Create(t.Context(), "vera", auth.Viewer, password); err != nil {
		t.Fatal(err)
	}
	app, err := accounts.BeginApp(t.Context(), "vera", "test")
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(app.Seed, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	env := environ{"USERLOG_REDIS": server.URL}
	run := func(args, says string, status int) {
		t.Helper()
		r := do(t, env, "", append([]string{"account"}, strings.Fields(args)...)...)
		if r.status != status || !regexp.MustCompile(says).MatchString(r.out+r.err) {
			t.Errorf("%s: status %d, %q, %q", args, r.status, r.out, r.err)
		}
	}
	run("second-factor vera", `^"vera" has no second factor\.\n$`, 0)
	run("second-factor vera --reset", `^userlog: "vera" has no second factor\n$`, 1)
	if _, _, err := accounts.AddApp(t.Context(), "vera", app.Sealed, code); err != nil {
		t.Fatal(err)
	}
	run("second-factor vera", `^SECOND FACTOR +SINCE\nauthenticator app +\S+ \S+ UTC\nrecovery codes left: 10 +\n$`, 0)
	run("list", `\nvera +viewer +.* +active, with a second factor\n$`, 0)
	run("second-factor vera --reset", `^"vera" has no second factor any more, and its sessions and tokens have ended\.\n$`, 0)
	run("second-factor nobody", `there is no account "nobody"`, 1)
	run("second-factor nobody --reset", `there is no account "nobody"`, 1)
	if account, err := accounts.Get(t.Context(), "vera"); err != nil || account.SecondFactor {
		t.Errorf("%+v, %v", account, err)
	}
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{Action: audit.SecondFactorReset}) {
		if err != nil || r.Via != "terminal" || r.Subject == "" {
			t.Errorf("written down is %+v, %v", r, err)
		}
	}
}

func TestALinkOfTheTerminalSetsThePassword(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	r := do(t, nil, "", "account", "create", "vera", "--role", "viewer", "--redis", server.URL)
	code := regexp.MustCompile(`code: (\S+)`).FindStringSubmatch(r.out)
	if code == nil {
		t.Fatalf("no code: %+v", r)
	}
	account, err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).UseLink(t.Context(), "vera", code[1], password)
	if err != nil || account.Role != auth.Viewer {
		t.Errorf("got %+v, %v", account, err)
	}
}

func TestATokenOfTheTerminalAloneIsPrinted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).Create(t.Context(), "vera", auth.Viewer, password); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, "", "account", "token", "vera", "--label", "weekly report", "--days", "7", "--redis", server.URL)
	if r.status != 0 || strings.Count(r.out, "\n") != 1 || !strings.Contains(r.err, "not shown again") {
		t.Fatalf("%+v", r)
	}
	access, err := auth.NewTokens(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}).Access(t.Context(), strings.TrimSpace(r.out))
	if err != nil || access.Account != "vera" {
		t.Errorf("the token gives %+v, %v", access, err)
	}
}

func TestAccountCommandsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	for _, args := range []string{"list", "disable vera", "sessions vera"} {
		r := do(t, nil, "", append([]string{"account"}, strings.Fields(args+" --redis "+server.URL)...)...)
		if r.status != 1 || r.out != "" || !regexp.MustCompile(`^userlog: Redis at \S+ can't be reached .*\n$`).MatchString(r.err) {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
