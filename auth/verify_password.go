package auth

import (
	"context"
	"fmt"
)

// Verify checks a password. It returns the account for [Sessions.LogIn], [ErrCredentials], or the
// failure of Redis or ctx. An unknown, disabled or passwordless account takes as long as a wrong
// password. A check takes tens of milliseconds of a CPU, and waits while others are being made: ask
// [Throttle.Allow] first.
func (a *Accounts) Verify(ctx context.Context, name, password string) (Account, error) {
	if len(password) > MaxPassword {
		return Account{}, ErrCredentials
	}
	stored, err := a.lookUp(ctx, name)
	if err != nil {
		return Account{}, fmt.Errorf("verify password: %w", err)
	}
	known := a.hasher.blank()
	if stored.canLogIn() {
		if known, err = parsePasswordHash(stored.Password); err != nil {
			return Account{}, fmt.Errorf("verify password: %w", err)
		}
	}
	ok, err := a.hasher.matches(ctx, password, known)
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("verify password: %w", err)
	case !ok || !stored.canLogIn():
		return Account{}, ErrCredentials
	case known.weakerThan(a.options.Cost):
		if err := a.rehash(ctx, name, stored.Password, password); err != nil {
			return Account{}, fmt.Errorf("rehash password: %w", err)
		}
	}
	return stored.account(name), nil
}

// lookUp returns the account, or an empty account, which can't log in, where there is none. A name that
// no account can have costs a look-up all the same: the time must not tell.
func (a *Accounts) lookUp(ctx context.Context, name string) (storedAccount, error) {
	if CheckName(name) != nil {
		name = ""
	}
	found, err := a.store.read(ctx, name)
	return found[name], err
}

// rehash stores a password that was just verified at the current cost. Where the password was changed
// meanwhile, the newer one wins.
func (a *Accounts) rehash(ctx context.Context, name, verified, password string) error {
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = a.change(ctx, name, "store hash", func(r *storedAccount, _ storedAccounts) error {
		if r.Password != verified {
			return errUnchanged
		}
		r.Password = hash
		return nil
	})
	return err
}
