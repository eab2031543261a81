package auth

import (
	"context"
	"crypto/subtle"
	"errors"
)

// Errors of second factors. Their texts are plain sentences that a person may be shown.
var (
	// ErrCode does not tell why a code is not taken: it may be wrong, too old, or used already.
	ErrCode         = errors.New("the code is wrong, or was used already: wait for the next one")
	ErrFactorExists = errors.New("the account has such a second factor already: remove it first")
	ErrNoFactor     = errors.New("the account has no such second factor")
)

// ErrSeedKey says that the account's authenticator app was set up where another key was given to seal it. Its recovery codes work.
var ErrSeedKey = errors.New("the key that has sealed the account's authenticator app is missing: give it as one of the keys for second factors")

// Factor is by what somebody has proved, besides the password, who she is. Its texts are written to the audit log.
type Factor string

// Factors.
const (
	FactorApp      Factor = "app"           // a code of an authenticator app
	FactorRecovery Factor = "recovery code" // one of those that are made with the first second factor
	FactorPasskey  Factor = "passkey"       // also in place of the password
)

// VerifyCode takes a code of the account's authenticator app, or one of its recovery codes. Each is taken once, for all processes that
// share a Redis. The account must be as it was when its password was verified. It returns the account for [Sessions.LogIn] and what
// the code was, or else [ErrCode], [ErrSeedKey], or the failure of Redis or ctx. Ask [Throttle.AllowCode] first.
func (a *Accounts) VerifyCode(ctx context.Context, account Account, code string) (Account, Factor, error) {
	code = typedCode(code)
	var used Factor
	verified, err := a.change(ctx, account.Name, "verify code", func(r *storedAccount, _ storedAccounts) (err error) {
		if r.Disabled || r.Generation != account.generation || code == "" {
			return ErrCode
		}
		used, err = a.useCode(ctx, account.Name, r, code)
		return err
	})
	if errors.Is(err, ErrNoAccount) {
		err = ErrCode
	}
	return verified, used, err
}

// useCode marks a code of an account as used, or returns [ErrCode].
func (a *Accounts) useCode(ctx context.Context, name string, r *storedAccount, code string) (Factor, error) {
	if left, ok := without(r.Recovery, hashRecovery(name, code)); ok && r.hasSecondFactor() {
		r.Recovery = left
		return FactorRecovery, nil
	}
	if r.App == nil {
		return "", ErrCode
	}
	seed, old, err := a.sealer.open(ctx, appPurpose(name), r.App.Seed)
	if errors.Is(err, errSealed) {
		return "", ErrSeedKey
	}
	if err != nil {
		return "", err
	}
	step, ok := codeStepOf(string(seed), code, a.options.Now())
	if !ok || step <= r.App.Used {
		return "", ErrCode
	}
	app := *r.App
	if app.Used = step; old {
		if app.Seed, err = a.sealer.seal(ctx, appPurpose(name), seed); err != nil {
			return "", err
		}
	}
	r.App = &app
	return FactorApp, nil
}

// without returns the hashes but for one, and whether that one was there.
func without(hashes []string, one string) (left []string, ok bool) {
	for _, hash := range hashes {
		if subtle.ConstantTimeCompare([]byte(hash), []byte(one)) == 1 {
			ok = true
			continue
		}
		left = append(left, hash)
	}
	return left, ok
}

// firstFactor is what happens to an account that gets its first second factor: its sessions and tokens end, because they were begun by the
// password alone, and it gets recovery codes, which are returned.
func firstFactor(name string, r *storedAccount) (codes []string) {
	r.Generation++
	codes, r.Recovery = newRecoveryCodes(name)
	return codes
}

// MakeRecoveryCodes gives an account new recovery codes, and makes the old ones worthless. It returns the codes, which are kept nowhere,
// or else [ErrNoAccount], [ErrNoFactor] where the account has no second factor, or the failure of Redis or ctx.
func (a *Accounts) MakeRecoveryCodes(ctx context.Context, name string) (codes []string, err error) {
	_, err = a.change(ctx, name, "make recovery codes", func(r *storedAccount, _ storedAccounts) error {
		if !r.hasSecondFactor() {
			return ErrNoFactor
		}
		codes, r.Recovery = newRecoveryCodes(name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveApp takes an account's authenticator app away, and returns the account for a new session. Where that was its last second
// factor, its sessions and tokens end. It returns [ErrNoAccount], [ErrNoFactor], or the failure of Redis or ctx.
func (a *Accounts) RemoveApp(ctx context.Context, name string) (Account, error) {
	return a.change(ctx, name, "remove app", func(r *storedAccount, _ storedAccounts) error {
		if r.App == nil {
			return ErrNoFactor
		}
		r.App = nil
		r.afterRemoval()
		return nil
	})
}

// afterRemoval ends what a second factor has let in, where that was the last one.
func (r *storedAccount) afterRemoval() {
	if !r.hasSecondFactor() {
		r.Recovery = nil
		r.Generation++
	}
}

// ResetFactors takes all second factors and recovery codes of an account away, and ends its sessions and tokens. It is for owners who have
// lost them. It returns [ErrNoAccount], [ErrNoFactor], or the failure of Redis or ctx.
func (a *Accounts) ResetFactors(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "reset second factors", func(r *storedAccount, _ storedAccounts) error {
		if !r.hasSecondFactor() {
			return ErrNoFactor
		}
		r.App, r.Passkeys = nil, nil
		r.afterRemoval()
		return nil
	})
	return err
}
