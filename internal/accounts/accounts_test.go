//go:build unix

package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestMain(m *testing.M) { redistest.VerifyNoLeaks(m) }

// notes is an audit log in memory, which can be away.
type notes struct {
	written []string
	away    error
}

func (n *notes) Append(_ context.Context, r audit.Record) (audit.Record, error) {
	if n.away != nil {
		return audit.Record{}, n.away
	}
	n.written = append(n.written, strings.Trim(fmt.Sprintf("%s by %s: %s %s", r.Action, r.Actor, r.Subject, r.Detail), " "))
	return r, nil
}

const password = "correct horse battery"

var root = audit.Actor{Name: "root", Role: "superuser", Via: "browser", Address: "192.0.2.1"}

// newChanges returns changes of the accounts in a Redis of the test's own.
func newChanges(t *testing.T, log *notes) *accounts.Changes {
	t.Helper()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	return &accounts.Changes{
		Accounts: auth.NewAccounts(client, auth.Keys{}, auth.AccountOptions{Cost: auth.Cost{Memory: 8, Passes: 1, Threads: 1}}),
		Sessions: auth.NewSessions(client, auth.Keys{}, auth.SessionOptions{}),
		Tokens:   auth.NewTokens(client, auth.Keys{}),
		Once:     auth.NewOnce(client, auth.Keys{}),
		Log:      log,
	}
}

// every is each change that there is, of the account vera, in an order in which all succeed.
func every(t *testing.T, c *accounts.Changes) []func() error {
	ctx := t.Context()
	var secret, link string
	addApp := func() error {
		app, err := c.Accounts.BeginApp(ctx, "vera", "x")
		if err != nil {
			return err
		}
		code, err := totp.GenerateCode(app.Seed, time.Now())
		if err == nil {
			_, _, err = c.AddApp(ctx, root, "vera", app.Sealed, code)
		}
		return err
	}
	return []func() error{
		func() error { return c.Create(ctx, root, "vera", auth.Viewer, password) },
		func() error { _, err := c.Invite(ctx, root, "grace", auth.Viewer); return err },
		func() (err error) { link, err = c.MakeLink(ctx, root, "vera"); return err },
		func() error { _, err := c.UseLink(ctx, "192.0.2.7", "vera", link, password); return err },
		func() error { _, err := c.SetPassword(ctx, root, "vera", password); return err },
		func() error { return c.SetRole(ctx, root, "grace", auth.Superuser) },
		func() (err error) { secret, err = c.CreateToken(ctx, root, "vera", "report", time.Hour); return err },
		func() error {
			token, err := c.Tokens.Access(ctx, secret)
			if err != nil {
				return err
			}
			return c.RevokeToken(ctx, root, "vera", token.ID)
		},
		addApp,
		func() error { _, err := c.MakeRecoveryCodes(ctx, root, "vera"); return err },
		func() error { _, err := c.RemoveApp(ctx, root, "vera"); return err },
		addApp,
		func() error { return c.ResetFactors(ctx, root, "vera") },
		func() error { return c.EndSessions(ctx, root, "vera") },
		func() error { return c.Disable(ctx, root, "vera") },
		func() error { return c.Enable(ctx, root, "vera") },
	}
}

func TestEveryChangeIsWrittenDown(t *testing.T) {
	t.Parallel()
	log := &notes{}
	for n, change := range every(t, newChanges(t, log)) {
		if err := change(); err != nil {
			t.Fatalf("change %d: %v", n, err)
		}
	}
	want := []string{
		"account-created by root: vera viewer", "account-created by root: grace viewer", "link-made by root: vera",
		"password-set by vera: vera by a one-time link", "password-set by root: vera", "role-changed by root: grace superuser",
		"token-created by root: vera report", "token-revoked by root: vera",
		"second-factor-added by root: vera app", "recovery-codes-made by root: vera", "second-factor-removed by root: vera app",
		"second-factor-added by root: vera app", "second-factor-reset by root: vera", "sessions-ended by root: vera",
		"account-disabled by root: vera", "account-enabled by root: vera",
	}
	if !slices.Equal(log.written, want) {
		t.Errorf("got  %q\nwant %q", log.written, want)
	}
}

// A change that is refused leaves a second record, which says why. A link that does not work leaves none:
// anybody can try one.
func TestRefusedChangesAreWrittenDown(t *testing.T) {
	t.Parallel()
	ctx, log := t.Context(), &notes{}
	c := newChanges(t, log)
	if err := c.Create(ctx, root, "vera", auth.Viewer, password); err != nil {
		t.Fatal(err)
	}
	log.written = nil
	for _, refused := range []struct {
		change func() error
		want   error
		record string
	}{
		{func() error { return c.Create(ctx, root, "vera", auth.Superuser, password) }, auth.ErrAccountExists, "account-created by root: vera superuser"},
		{func() error { return c.SetRole(ctx, root, "nobody", auth.Viewer) }, auth.ErrNoAccount, "role-changed by root: nobody viewer"},
		{func() error { return c.EndSession(ctx, root, "vera", "no such id") }, auth.ErrNoSession, "sessions-ended by root: vera one session"},
		{func() error { return c.RevokeToken(ctx, root, "vera", "no such id") }, auth.ErrNoToken, "token-revoked by root: vera"},
	} {
		log.written = nil
		if err := refused.change(); !errors.Is(err, refused.want) {
			t.Errorf("got %v, want %v", err, refused.want)
		}
		if len(log.written) != 2 || log.written[0] != refused.record || !strings.HasSuffix(log.written[1], " refused: "+refused.want.Error()) {
			t.Errorf("written down is %q", log.written)
		}
	}
	log.written = nil
	if _, err := c.UseLink(ctx, "192.0.2.7", "vera", "no such secret", password); !errors.Is(err, auth.ErrLink) || len(log.written) > 0 {
		t.Errorf("a link that does not work: %v, written down is %q", err, log.written)
	}
	app, err := c.Accounts.BeginApp(ctx, "vera", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.AddApp(ctx, root, "vera", app.Sealed, "000000"); !errors.Is(err, auth.ErrCode) || len(log.written) > 0 {
		t.Errorf("an app that is not confirmed: %v, written down is %q", err, log.written)
	}
}

// Where the audit log can't be written, nothing changes.
func TestNothingChangesUnrecorded(t *testing.T) {
	t.Parallel()
	ctx, log := t.Context(), &notes{}
	c := newChanges(t, log)
	for n, change := range every(t, c) {
		before, err := c.Accounts.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := c.Tokens.List(ctx, "vera")
		if err != nil {
			t.Fatal(err)
		}
		log.away = errors.New("redis is away")
		if err := change(); !errors.Is(err, log.away) {
			t.Errorf("change %d: %v", n, err)
		}
		after, err := c.Accounts.List(ctx)
		if err != nil || !slices.Equal(before, after) {
			t.Errorf("change %d: %+v instead of %+v, %v", n, after, before, err)
		}
		if left, err := c.Tokens.List(ctx, "vera"); err != nil || !slices.Equal(tokens, left) {
			t.Errorf("change %d: %+v instead of %+v, %v", n, left, tokens, err)
		}
		log.away = nil
		if err := change(); err != nil {
			t.Fatalf("change %d: %v", n, err)
		}
	}
}
