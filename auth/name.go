package auth

import (
	"context"
	"fmt"

	"golang.org/x/text/secure/precis"
)

// FoldName returns the form by which names of accounts are compared: without case, and with the forms of one letter taken for
// that letter (RFC 8265, UsernameCaseMapped). It is not ok for a name that has none, such as one with blanks or with characters
// that can't be seen.
func FoldName(name string) (folded string, ok bool) {
	folded, err := precis.UsernameCaseMapped.String(name)
	return folded, err == nil && CheckName(folded) == nil
}

// twins returns what tells of another name whether it and name stand for one account. Names that can't be folded are compared
// byte by byte.
func twins(name string) func(other string) bool {
	folded, ok := FoldName(name)
	return func(other string) bool {
		if other == name {
			return true
		}
		otherFolded, otherOK := FoldName(other)
		return ok && otherOK && otherFolded == folded
	}
}

// FindProven returns the account for which a name stands that somebody else's login has proven, in whatever case it is written. Of
// several accounts that are one to that login, a disabled one is returned, because it was meant to keep her out, or else the
// one that is written alike. It returns [ErrNoAccount], [ErrName] where the name can't be folded, or the failure of Redis or ctx.
func (a *Accounts) FindProven(ctx context.Context, name string) (Account, error) {
	if _, ok := FoldName(name); !ok {
		return Account{}, ErrName
	}
	all, err := a.store.readAll(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("look for an account: %w", err)
	}
	var found Account
	isTwin := twins(name)
	for known, r := range all {
		if !isTwin(known) {
			continue
		}
		if better := known == name || r.Disabled; found.Name == "" || better && !found.Disabled {
			found = r.account(known)
		}
	}
	if found.Name == "" {
		return Account{}, ErrNoAccount
	}
	return found, nil
}

// checkTwin returns [ErrAccountExists] where there is an account whose name is the same but for case or the form of letters.
func (a *Accounts) checkTwin(ctx context.Context, name string) error {
	all, err := a.store.readAll(ctx)
	if err != nil {
		return fmt.Errorf("look for accounts of the name: %w", err)
	}
	isTwin := twins(name)
	for known := range all {
		if isTwin(known) {
			return ErrAccountExists
		}
	}
	return nil
}
