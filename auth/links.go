package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// LinkLifetime is how long a one-time link can be used.
const LinkLifetime = 24 * time.Hour

// ErrLink tells neither what is wrong with the link nor whether there is such an account.
var ErrLink = errors.New("the link is wrong, has expired, or was used already: ask for a new one")

// Invite makes an account that has no password yet, and returns the secret of the one-time link with
// which its owner sets one. The secret is kept nowhere: show it once. It returns [ErrName], [ErrRole],
// [ErrAccountExists], or the failure of Redis or ctx.
func (a *Accounts) Invite(ctx context.Context, name string, role Role) (secret string, err error) {
	if err := checkNew(name, role); err != nil {
		return "", err
	}
	if err := a.checkTwin(ctx, name); err != nil {
		return "", err
	}
	secret, hash := newLink()
	now := a.options.Now()
	created, err := a.store.insert(ctx, name, storedAccount{
		Role: role, Created: now.Unix(), Link: hash, LinkExpires: now.Add(LinkLifetime).Unix(),
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("invite: %w", err)
	case !created:
		return "", ErrAccountExists
	}
	return secret, nil
}

// MakeLink returns the secret of a new one-time link for an account whose owner has no password, or
// has lost it. An earlier link of the account becomes worthless. The old password stays valid until
// the link is used. It returns [ErrNoAccount], [ErrDisabled], or the failure of Redis or ctx.
func (a *Accounts) MakeLink(ctx context.Context, name string) (secret string, err error) {
	secret, hash := newLink()
	_, err = a.change(ctx, name, "make link", func(r *storedAccount, _ storedAccounts) error {
		if r.Disabled {
			return ErrDisabled
		}
		r.Link, r.LinkExpires = hash, a.options.Now().Add(LinkLifetime).Unix()
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// CheckLink returns nil where [Accounts.UseLink] would set this password. Otherwise it returns [ErrLink],
// an error of [CheckPassword], or the failure of Redis or ctx. It hashes nothing, so that strangers
// can't have hashes computed.
func (a *Accounts) CheckLink(ctx context.Context, name, secret, password string) error {
	if err := a.checkPassword(name, password); err != nil {
		return err
	}
	stored, err := a.lookUp(ctx, name)
	if err != nil {
		return fmt.Errorf("check link: %w", err)
	}
	return a.allowsLink(stored, secret)
}

// UseLink sets an account's password by its one-time link, which can't be used again. It ends the
// account's sessions and tokens, and returns the account for a new session. Otherwise it returns
// [ErrLink], an error of [CheckPassword], which leaves the link usable, or the failure of Redis or ctx.
// Ask [Throttle.Allow] first.
func (a *Accounts) UseLink(ctx context.Context, name, secret, password string) (Account, error) {
	if err := a.CheckLink(ctx, name, secret, password); err != nil {
		return Account{}, err
	}
	return a.setPassword(ctx, name, password, func(r storedAccount) error { return a.allowsLink(r, secret) })
}

// allowsLink returns nil where the account can be given a password by this link now, or else [ErrLink].
func (a *Accounts) allowsLink(r storedAccount, secret string) error {
	hash, _ := hashSecret(secret) // where it is not ok, the hash is that of no link
	if r.Link == "" || subtle.ConstantTimeCompare([]byte(r.Link), []byte(hash)) != 1 || r.LinkExpires <= a.options.Now().Unix() || r.Disabled {
		return ErrLink
	}
	return nil
}

// newLink returns the secret of a link, and what is kept of it.
func newLink() (secret, hash string) {
	secret = newSecret()
	hash, _ = hashSecret(secret) // a secret of our own always has one
	return secret, hash
}
