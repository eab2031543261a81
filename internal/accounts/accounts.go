// Package accounts changes accounts of the admin, for its pages and for commands alike.
//
// Each change is written to the audit log before it is made, so that none goes unrecorded. A change that
// is refused after all, such as a second account of one name, leaves another record that says why.
package accounts

import (
	"context"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// Changes makes changes to accounts, their sessions and their tokens. All methods may be called from
// several goroutines.
//
// Each method returns an error of package auth that says what is wrong with the change ([auth.IsRefusal]),
// or else a failure of Redis, of ctx, or of the audit log. After a failure of the audit log nothing has
// been changed.
type Changes struct {
	Accounts *auth.Accounts
	Sessions *auth.Sessions
	Tokens   *auth.Tokens
	Once     *auth.Once
	Log      audit.Appender
}

// Create makes an account that has a password.
func (c *Changes) Create(ctx context.Context, by audit.Actor, name string, role auth.Role, password string) error {
	return c.record(ctx, by, audit.AccountCreated, name, string(role), func() error {
		return c.Accounts.Create(ctx, name, role, password)
	})
}

// Invite makes an account without a password, and returns the secret of its one-time link.
func (c *Changes) Invite(ctx context.Context, by audit.Actor, name string, role auth.Role) (secret string, err error) {
	err = c.record(ctx, by, audit.AccountCreated, name, string(role), func() (err error) {
		secret, err = c.Accounts.Invite(ctx, name, role)
		return err
	})
	return secret, err
}

// MakeLink returns the secret of a new one-time link of an account.
func (c *Changes) MakeLink(ctx context.Context, by audit.Actor, name string) (secret string, err error) {
	err = c.record(ctx, by, audit.LinkMade, name, "", func() (err error) {
		secret, err = c.Accounts.MakeLink(ctx, name)
		return err
	})
	return secret, err
}

// UseLink sets the password of an account by its one-time link, and returns the account for a new
// session. The owner of the account is the actor. A link that does not work is not recorded: anybody can
// try one.
func (c *Changes) UseLink(ctx context.Context, address, name, secret, password string) (account auth.Account, err error) {
	if err := c.Accounts.CheckLink(ctx, name, secret, password); err != nil {
		return auth.Account{}, err
	}
	by := audit.Actor{Name: name, Address: address}
	err = c.once(ctx, "use a link", name+"\x00"+secret, auth.ErrLink, func() error {
		return c.record(ctx, by, audit.PasswordSet, name, "by a one-time link", func() (err error) {
			account, err = c.Accounts.UseLink(ctx, name, secret, password)
			return err
		})
	})
	return account, err
}

// ChangeOwnPassword gives the account that a session belongs to a new password, and returns the account for a new
// session. Of several requests of one session at the same time one does it. The others get [auth.ErrNoSession].
func (c *Changes) ChangeOwnPassword(ctx context.Context, by audit.Actor, session, password string) (account auth.Account, err error) {
	if err := auth.CheckPassword(password, by.Name); err != nil {
		return auth.Account{}, err
	}
	err = c.once(ctx, "change the own password", session, auth.ErrNoSession, func() error {
		account, err = c.SetPassword(ctx, by, by.Name, password)
		return err
	})
	return account, err
}

// EndOwnSessions ends every session and token of the account that a session belongs to. Of several requests of one
// session at the same time one does it. The others get [auth.ErrNoSession].
func (c *Changes) EndOwnSessions(ctx context.Context, by audit.Actor, session string) error {
	return c.once(ctx, "end the own sessions", session, auth.ErrNoSession, func() error {
		return c.EndSessions(ctx, by, by.Name)
	})
}

// SetPassword gives an account a new password, and returns the account for a new session.
func (c *Changes) SetPassword(ctx context.Context, by audit.Actor, name, password string) (account auth.Account, err error) {
	err = c.record(ctx, by, audit.PasswordSet, name, "", func() (err error) {
		account, err = c.Accounts.SetPassword(ctx, name, password)
		return err
	})
	return account, err
}

// SetRole changes what an account may do, and ends its sessions and tokens.
func (c *Changes) SetRole(ctx context.Context, by audit.Actor, name string, role auth.Role) error {
	return c.record(ctx, by, audit.RoleChanged, name, string(role), func() error {
		return c.Accounts.SetRole(ctx, name, role)
	})
}

// Disable keeps an account from being used, and ends its sessions and tokens.
func (c *Changes) Disable(ctx context.Context, by audit.Actor, name string) error {
	return c.record(ctx, by, audit.AccountDisabled, name, "", func() error { return c.Accounts.Disable(ctx, name) })
}

// Enable lets a disabled account be used again.
func (c *Changes) Enable(ctx context.Context, by audit.Actor, name string) error {
	return c.record(ctx, by, audit.AccountEnabled, name, "", func() error { return c.Accounts.Enable(ctx, name) })
}

// EndSessions ends every session and token of an account.
func (c *Changes) EndSessions(ctx context.Context, by audit.Actor, name string) error {
	return c.record(ctx, by, audit.SessionsEnded, name, "", func() error { return c.Accounts.EndSessions(ctx, name) })
}

// EndSession ends one session of an account.
func (c *Changes) EndSession(ctx context.Context, by audit.Actor, name, id string) error {
	return c.record(ctx, by, audit.SessionsEnded, name, "one session", func() error { return c.Sessions.End(ctx, name, id) })
}

// CreateToken makes a token of an account for a program, and returns its secret.
func (c *Changes) CreateToken(ctx context.Context, by audit.Actor, name, label string, lifetime time.Duration) (secret string, err error) {
	create := c.Tokens.Create
	if by.Via == string(auth.ViaTerminal) {
		create = c.Tokens.CreateInTerminal
	}
	err = c.record(ctx, by, audit.TokenCreated, name, label, func() (err error) {
		secret, err = create(ctx, name, label, lifetime)
		return err
	})
	return secret, err
}

// RevokeToken ends a token of an account.
func (c *Changes) RevokeToken(ctx context.Context, by audit.Actor, name, id string) error {
	return c.record(ctx, by, audit.TokenRevoked, name, "", func() error { return c.Tokens.Revoke(ctx, name, id) })
}

// once makes a change that can be made once, for what names it, and returns taken where another request makes it. After
// a failure it can be tried again.
func (c *Changes) once(ctx context.Context, action, what string, taken error, change func() error) error {
	claimed, err := c.Once.Claim(ctx, action, what)
	switch {
	case err != nil:
		return err
	case !claimed:
		return taken
	}
	if err = change(); err != nil && !auth.IsRefusal(err) {
		c.Once.Release(ctx, action, what)
	}
	return err
}

// record writes a change down and then makes it. A refusal is written down after it.
func (c *Changes) record(ctx context.Context, by audit.Actor, action audit.Action, name, detail string, change func() error) error {
	r := by.Record(action, name)
	r.Detail = detail
	if _, err := c.Log.Append(ctx, r); err != nil {
		return err
	}
	refused := change()
	if !auth.IsRefusal(refused) {
		return refused
	}
	r.Detail = "refused: " + refused.Error()
	if _, err := c.Log.Append(ctx, r); err != nil {
		return err
	}
	return refused
}
