//go:build unix

package command_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Somebody who knows Django types other names of two commands.
func TestPasswordsAreAskedFor(t *testing.T) {
	t.Parallel()
	for what, commands := range map[string]struct{ create, change []string }{
		"userlog's names": {[]string{"account", "create", "--role", "superuser", "--ask-password"}, []string{"account", "password"}},
		"Django's names":  {[]string{"createsuperuser"}, []string{"changepassword"}},
	} {
		t.Run(what, func(t *testing.T) { testPasswordsAreAskedFor(t, commands.create, commands.change) })
	}
}

func testPasswordsAreAskedFor(t *testing.T, create, change []string) {
	create, change = append(create, "root"), append(change, "root")
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	accounts := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{})
	env := environ{"USERLOG_REDIS": server.URL}
	const other = "another good password"
	steps := []struct {
		name, stdin string
		args        []string
		status      int
		says        string
		password    string // that works afterwards
	}{
		{"unknown account", other, change, 1, `no account "root"`, ""},
		{"short password", "short\n", create, 1, "shorter than 12", ""},
		{"no password", "", create, 1, "no password was given", ""},
		{"empty password", "\n", create, 1, "no password was given", ""},
		{"long password", strings.Repeat("x", 1<<20), create, 1, "longer than 1024", ""},
		{"the name of the account and of the program", "root-userlog-2026\n", create, 1, "made of the name", ""},
		{"create", password + "\n" + other, create, 0, `"root" has been created`, password},
		{"create again", other, create, 1, `already`, password},
		{"change to the name", "Root root root 1\n", change, 1, "made of the name", password},
		{"change", other, change, 0, `has been changed`, other},
	}
	for _, step := range steps {
		r := do(t, env, step.stdin, step.args...)
		if r.status != step.status || !strings.Contains(r.out+r.err, step.says) {
			t.Fatalf("%s: status %d, %q, %q", step.name, r.status, r.out, r.err)
		}
		if step.password == "" {
			continue
		}
		if account, err := accounts.Verify(t.Context(), "root", step.password); err != nil || account.Role != auth.Superuser {
			t.Errorf("%s: %+v, %v", step.name, account, err)
		}
	}
}

func TestAccountWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	r := do(t, nil, password, "createsuperuser", "root", "--redis", server.URL)
	want := "userlog: Redis at " + strings.TrimPrefix(server.URL, "unix://") + " can't be reached (connection refused): " +
		"start it there, or say with --redis or USERLOG_REDIS where it is\n"
	if r.status != 1 || r.err != want {
		t.Errorf("status %d, standard error %q, want %q", r.status, r.err, want)
	}
}

func TestAccountInARedisThatRefuses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	if err := server.Client(t).ConfigSet(t.Context(), "requirepass", "hunter2").Err(); err != nil {
		t.Fatal(err)
	}
	r := do(t, nil, password, "changepassword", "root", "--redis", server.URL)
	if r.status != 1 || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, "refuses (NOAUTH") {
		t.Errorf("status %d, standard error %q", r.status, r.err)
	}
}

func TestInterruptedPasswordChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stdin, typing := io.Pipe()
	defer typing.Close() // ends the read that goes on
	stop()
	out, err := newOutput(), newOutput()
	status := command.RunBeside(ctx, []string{"createsuperuser", "root", "--redis", "redis://127.0.0.1:1"}, environ{}.lookup, stdin, out, err)
	if status != 1 || !strings.Contains(err.String(), "nothing has been changed") {
		t.Errorf("status %d, standard error %q", status, err)
	}
}

// Whichever command makes a superuser or changes a password, it is written down.
func TestAccountsMadeInATerminalAreWrittenDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := openStore(t, server.URL, store.Options{})
	env := environ{"USERLOG_REDIS": server.URL}
	do(t, env, password, "createsuperuser", "root")
	do(t, env, password, "createsuperuser", "root")
	do(t, env, "another good password", "changepassword", "root")
	for range 2 { // the second finds it
		r := start(t, env, "serve", "--addr", "127.0.0.1:0", "--superuser", "boot", "--superuser-password-file", passwordFile(t))
		r.err.await(t, "created|exists already")
		r.end(t)
	}
	var got []string
	for r, err := range audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{}).All(t.Context(), audit.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Actor == "" || r.Via != "terminal" {
			t.Errorf("written down: %+v", r)
		}
		got = append(got, fmt.Sprintf("%s %s %s", r.Action, r.Subject, r.Detail))
	}
	want := []string{
		"account-created root superuser", "account-created root superuser", "account-created root refused: " + auth.ErrAccountExists.Error(),
		"password-set root ", "account-created boot superuser",
	}
	if !slices.Equal(got, want) {
		t.Errorf("written down: %q, want %q", got, want)
	}
}
