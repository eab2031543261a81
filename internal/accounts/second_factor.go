package accounts

import (
	"context"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// AddApp gives an account an authenticator app, and returns the account for a new session and the recovery codes that come with the first
// second factor. An app that is not confirmed is not recorded.
func (c *Changes) AddApp(ctx context.Context, by audit.Actor, name, sealed, code string) (account auth.Account, recovery []string, err error) {
	if err := c.Accounts.CheckApp(ctx, name, sealed, code); err != nil {
		return auth.Account{}, nil, err
	}
	err = c.record(ctx, by, audit.SecondFactorAdded, name, string(auth.FactorApp), func() (err error) {
		account, recovery, err = c.Accounts.AddApp(ctx, name, sealed, code)
		return err
	})
	return account, recovery, err
}

// RemoveApp takes an account's authenticator app away, and returns the account for a new session.
func (c *Changes) RemoveApp(ctx context.Context, by audit.Actor, name string) (account auth.Account, err error) {
	err = c.record(ctx, by, audit.SecondFactorRemoved, name, string(auth.FactorApp), func() (err error) {
		account, err = c.Accounts.RemoveApp(ctx, name)
		return err
	})
	return account, err
}

// MakeRecoveryCodes gives an account new recovery codes, and returns them.
func (c *Changes) MakeRecoveryCodes(ctx context.Context, by audit.Actor, name string) (codes []string, err error) {
	err = c.record(ctx, by, audit.RecoveryCodesMade, name, "", func() (err error) {
		codes, err = c.Accounts.MakeRecoveryCodes(ctx, name)
		return err
	})
	return codes, err
}

// ResetFactors takes all second factors of an account away, and ends its sessions and tokens.
func (c *Changes) ResetFactors(ctx context.Context, by audit.Actor, name string) error {
	return c.record(ctx, by, audit.SecondFactorReset, name, "", func() error { return c.Accounts.ResetFactors(ctx, name) })
}

// AddPasskey gives an account the passkey that a browser has made, and returns the account for a new session and the recovery codes that come
// with the first second factor. An answer that is wrong is not recorded.
func (c *Changes) AddPasskey(
	ctx context.Context, by audit.Actor, passkeys *auth.Passkeys, name, label string, site auth.PasskeySite, state, answer string,
) (account auth.Account, recovery []string, err error) {
	added, err := passkeys.CheckNew(ctx, name, site, state, answer)
	if err != nil {
		return auth.Account{}, nil, err
	}
	err = c.record(ctx, by, audit.SecondFactorAdded, name, string(auth.FactorPasskey), func() (err error) {
		account, recovery, err = passkeys.Add(ctx, name, label, added)
		return err
	})
	return account, recovery, err
}

// RemovePasskey takes a passkey of an account away, and returns the account for a new session.
func (c *Changes) RemovePasskey(ctx context.Context, by audit.Actor, passkeys *auth.Passkeys, name, id string) (account auth.Account, err error) {
	err = c.record(ctx, by, audit.SecondFactorRemoved, name, string(auth.FactorPasskey), func() (err error) {
		account, err = passkeys.Remove(ctx, name, id)
		return err
	})
	return account, err
}
