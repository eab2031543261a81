package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// enrolmentLifetime is how long there is time to set an app up.
const enrolmentLifetime = 15 * time.Minute

// ErrEnrolment is the error of an enrolment that was begun too long ago, or before the account's password changed.
var ErrEnrolment = errors.New("setting up the app took too long: begin again")

// Enrolment is an authenticator app that is being set up. It is kept in the page that shows it and nowhere else: until a code has shown
// that the app has the seed, nothing of it counts. Of several at the same time, the first one that is confirmed wins.
type Enrolment struct {
	Seed   string // to type, in base32
	URL    string // to show as a QR code
	Sealed string // to send back with a code; only this program can read it
}

// enrolment is what is sealed.
type enrolment struct {
	Seed    string `json:"seed"`
	Issuer  string `json:"issuer"`
	Expires int64  `json:"expires"` // Unix seconds
}

// BeginApp returns an authenticator app for the account, to be set up within 15 minutes. The issuer is what the app calls us. It returns
// [ErrNoAccount], [ErrFactorExists], or the failure of Redis or ctx.
func (a *Accounts) BeginApp(ctx context.Context, name, issuer string) (Enrolment, error) {
	r, err := a.owner(ctx, name)
	if err != nil {
		return Enrolment{}, err
	}
	if r.App != nil {
		return Enrolment{}, ErrFactorExists
	}
	seed, err := newSeed(issuer, name)
	if err != nil {
		return Enrolment{}, err
	}
	plain, err := json.Marshal(enrolment{Seed: seed, Issuer: issuer, Expires: a.options.Now().Add(enrolmentLifetime).Unix()})
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal an app: %w", err)
	}
	sealed, err := a.sealer.seal(ctx, enrolmentPurpose(name, r.Generation), plain)
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal an app: %w", err)
	}
	return Enrolment{Seed: seed, URL: appURL(seed, issuer, name), Sealed: sealed}, nil
}

// OpenApp returns an enrolment of the account as [Accounts.BeginApp] has returned it, or else [ErrEnrolment], [ErrNoAccount], or the
// failure of Redis or ctx.
func (a *Accounts) OpenApp(ctx context.Context, name, sealed string) (Enrolment, error) {
	r, err := a.owner(ctx, name)
	if err != nil {
		return Enrolment{}, err
	}
	found, err := a.openEnrolment(ctx, name, r.Generation, sealed)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Seed: found.Seed, URL: appURL(found.Seed, found.Issuer, name), Sealed: sealed}, nil
}

// CheckApp returns nil where [Accounts.AddApp] would add this app now, or else one of its errors. It changes nothing.
func (a *Accounts) CheckApp(ctx context.Context, name, sealed, code string) error {
	r, err := a.owner(ctx, name)
	if err != nil {
		return err
	}
	_, _, err = a.confirmed(ctx, name, r, sealed, code)
	return err
}

// AddApp gives the account an authenticator app, which a code of it confirms. It returns the account for a new session. The first
// second factor of an account ends its sessions and tokens, and brings recovery codes, which are kept nowhere. It returns [ErrCode],
// [ErrEnrolment], [ErrFactorExists], [ErrNoAccount], [ErrDisabled], or the failure of Redis or ctx.
func (a *Accounts) AddApp(ctx context.Context, name, sealed, code string) (account Account, recovery []string, err error) {
	account, err = a.change(ctx, name, "add app", func(r *storedAccount, _ storedAccounts) error {
		seed, step, err := a.confirmed(ctx, name, *r, sealed, code)
		if err != nil {
			return err
		}
		kept, err := a.sealer.seal(ctx, appPurpose(name), []byte(seed))
		if err != nil {
			return err
		}
		recovery = nil
		if !r.hasSecondFactor() {
			recovery = firstFactor(name, r)
		}
		r.App = &storedApp{Seed: kept, Since: a.options.Now().Unix(), Used: step}
		return nil
	})
	if err != nil {
		return Account{}, nil, err
	}
	return account, recovery, nil
}

// confirmed returns the seed of an app that can be added, and the step of the code that shows that the app has it.
func (a *Accounts) confirmed(ctx context.Context, name string, r storedAccount, sealed, code string) (seed string, step int64, err error) {
	switch {
	case r.Disabled:
		return "", 0, ErrDisabled
	case r.App != nil:
		return "", 0, ErrFactorExists
	}
	found, err := a.openEnrolment(ctx, name, r.Generation, sealed)
	if err != nil {
		return "", 0, err
	}
	step, ok := codeStepOf(found.Seed, typedCode(code), a.options.Now())
	if !ok {
		return "", 0, ErrCode
	}
	return found.Seed, step, nil
}

// openEnrolment reads what BeginApp has sealed.
func (a *Accounts) openEnrolment(ctx context.Context, name string, generation int64, sealed string) (enrolment, error) {
	plain, _, err := a.sealer.open(ctx, enrolmentPurpose(name, generation), sealed)
	if errors.Is(err, errSealed) {
		return enrolment{}, ErrEnrolment
	}
	if err != nil {
		return enrolment{}, fmt.Errorf("open an app: %w", err)
	}
	var found enrolment
	if json.Unmarshal(plain, &found) != nil || found.Expires <= a.options.Now().Unix() {
		return enrolment{}, ErrEnrolment
	}
	return found, nil
}

// owner returns an account as it is now, or [ErrNoAccount].
func (a *Accounts) owner(ctx context.Context, name string) (storedAccount, error) {
	found, err := a.store.read(ctx, name)
	if err != nil {
		return storedAccount{}, fmt.Errorf("read account: %w", err)
	}
	r, ok := found[name]
	if !ok {
		return storedAccount{}, ErrNoAccount
	}
	return r, nil
}

// enrolmentPurpose and appPurpose are for what a seed is sealed. A text that is sealed for one account opens for no other one.
func enrolmentPurpose(name string, generation int64) string {
	return "enrolment\x00" + name + "\x00" + strconv.FormatInt(generation, 10)
}

func appPurpose(name string) string { return "app\x00" + name }
