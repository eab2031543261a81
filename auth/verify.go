package auth

import (
	"context"
	"fmt"
)

// Verify checks a password. It returns the account, for [Sessions.LogIn], or [ErrCredentials], or
// what Redis or ctx failed with. An unknown, disabled or passwordless account takes as long as a
// wrong password. It takes tens of milliseconds of a CPU, and waits while others are being checked:
// ask [Throttle.Allow] first.
func (a *Accounts) Verify(ctx context.Context, name, password string) (Account, error) {
	if len(password) > MaxPassword {
		return Account{}, ErrCredentials
	}
	stored, err := a.lookUp(ctx, name)
	if err != nil {
		return Account{}, fmt.Errorf("verify password: %w", err)
	}
	known := phc{cost: currentCost, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
	if stored.canLogIn() {
		if known, err = parsePHC(stored.Password); err != nil {
			return Account{}, fmt.Errorf("verify password: %w", err)
		}
	}
	ok, err := a.hasher.matches(ctx, password, known)
	switch {
	case err != nil:
		return Account{}, fmt.Errorf("verify password: %w", err)
	case !ok || !stored.canLogIn():
		return Account{}, ErrCredentials
	case known.weakerThan(currentCost):
		if err := a.rehash(ctx, name, stored.Password, password); err != nil {
			return Account{}, fmt.Errorf("rehash password: %w", err)
		}
	}
	return stored.account(name), nil
}

// lookUp returns the account, or an empty entry, which can't log in, where there is none. A name that
// no account can have costs a look-up all the same: the time must not tell.
func (a *Accounts) lookUp(ctx context.Context, name string) (entry, error) {
	if CheckName(name) != nil {
		name = ""
	}
	found, err := a.book.read(ctx, name)
	return found[name], err
}

// rehash stores a password that was just verified at the current cost, unless it was changed
// meanwhile: the newer one must win.
func (a *Accounts) rehash(ctx context.Context, name, verified, password string) error {
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = a.change(ctx, name, "store hash", func(e *entry, _ book) error {
		if e.Password != verified {
			return errUnchanged
		}
		e.Password = hash
		return nil
	})
	return err
}
