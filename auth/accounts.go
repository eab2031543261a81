package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// MaxName is the longest name of an account, in bytes.
const MaxName = 150

// Errors of [Accounts]. Their texts are plain sentences that a person may be shown.
var (
	ErrName          = fmt.Errorf("the account name must have 1 to %d bytes and no control characters", MaxName)
	ErrAccountExists = errors.New("the account exists already")
	ErrNoAccount     = errors.New("there is no such account")
	ErrDisabled      = errors.New("the account is disabled")
	ErrLastSuperuser = errors.New("it is the last superuser who can log in: make another one first")
	// ErrCredentials does not tell whether the name or the password is wrong. So nobody can use it to
	// find names.
	ErrCredentials = errors.New("the username or the password is wrong")
)

// IsRefusal reports whether an error of this package is an answer about what was asked for, such as
// "the account exists already". Every other error is a failure: Redis or the context has ended the
// attempt.
func IsRefusal(err error) bool {
	for _, refusal := range []error{
		ErrName, ErrRole, ErrAccountExists, ErrNoAccount, ErrDisabled, ErrLastSuperuser, ErrCredentials,
		ErrPasswordShort, ErrPasswordLong, ErrPasswordInvalid, ErrPasswordCommon, ErrPasswordNames, ErrLink,
		ErrCode, ErrEnrolment, ErrFactorExists, ErrNoFactor, ErrPasskey, ErrPasskeyCounter, ErrTooManyPasskeys,
		ErrLabel, ErrTokenLifetime, ErrTooManyTokens, ErrNoToken, ErrNoSession, ErrReason,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// Account is one account as it was when it was read. It holds no secret.
type Account struct {
	Name        string
	Role        Role
	Disabled    bool      // it can't log in, and no session or token of it is valid
	HasPassword bool      // false until its one-time link is used
	LinkExpires time.Time // of its one-time link; zero = it has none
	Created     time.Time

	SecondFactor bool      // the password alone lets nobody in
	AppSince     time.Time // since when it has an authenticator app; zero = it has none
	RecoveryLeft int       // how many recovery codes are left
	Passkeys     int       // how many passkeys it has

	generation int64
	signedOn   bool // the provider's, and none of ours
}

// AccountOptions say how accounts are kept. The zero value is right where people log in here.
type AccountOptions struct {
	// LoginElsewhere says that people log in at a host or a proxy, where no account needs a password.
	// Then every enabled superuser counts when an account may be the last one. Default: false, only
	// superusers with a password count, or all where nobody has one.
	LoginElsewhere bool

	// SiteNames are names of the site, of which no password may be made. Default: none.
	SiteNames []string

	// SeedKeys seal the seeds of authenticator apps that are kept in Redis. The first one seals, and the others open what they have sealed.
	// Each has [MinSeedKey] bytes at least. Default: none, a key is kept in Redis, too.
	SeedKeys [][]byte

	// Cost is the work of hashing a password. Default: OWASP's first choice for argon2id.
	Cost Cost

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Accounts are the persons and programs that may use the admin. Names are compared byte by byte, but for [Accounts.FindProven]
// and new names. All methods may be called from several goroutines.
type Accounts struct {
	store   accountStore
	owned   []ownedIDs // of each account: first the sessions, then the tokens
	hasher  hasher
	sealer  *sealer
	options AccountOptions
}

// NewAccounts returns the accounts that client's Redis holds. It doesn't connect, and doesn't close
// client. At most two passwords are hashed at once per value: make one for the whole program.
func NewAccounts(client redis.UniversalClient, keys Keys, options AccountOptions) *Accounts {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Cost == (Cost{}) {
		options.Cost = defaultCost
	}
	return &Accounts{
		store:   accountStore{client, keys},
		owned:   []ownedIDs{sessionIDs(client, keys), tokenIDs(client, keys)},
		hasher:  newHasher(options.Cost),
		sealer:  newSealer(client, keys, options.SeedKeys),
		options: options,
	}
}

// CheckName returns nil where an account can have this name, or else [ErrName].
func CheckName(name string) error {
	if len(name) > MaxName || store.CheckUsername(name) != nil {
		return ErrName
	}
	return nil
}

// Create makes an account. It returns [ErrName], [ErrRole], an error of [CheckPassword],
// [ErrAccountExists], or the failure of Redis or ctx. Of several calls at once for one name exactly one
// succeeds.
func (a *Accounts) Create(ctx context.Context, name string, role Role, password string) error {
	if err := checkNew(name, role); err != nil {
		return err
	}
	if err := a.checkPassword(name, password); err != nil {
		return err
	}
	if err := a.checkTwin(ctx, name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	created, err := a.store.insert(ctx, name, storedAccount{Role: role, Password: hash, Created: a.options.Now().Unix()})
	switch {
	case err != nil:
		return fmt.Errorf("create account: %w", err)
	case !created:
		return ErrAccountExists
	}
	return nil
}

// checkPassword is [CheckPassword] for an account of this name.
func (a *Accounts) checkPassword(name, password string) error {
	return CheckPassword(password, append([]string{name}, a.options.SiteNames...)...)
}

func checkNew(name string, role Role) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := ParseRole(string(role))
	return err
}

// Get returns an account, [ErrNoAccount], or the failure of Redis or ctx.
func (a *Accounts) Get(ctx context.Context, name string) (Account, error) {
	found, err := a.store.read(ctx, name)
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	r, ok := found[name]
	if !ok {
		return Account{}, ErrNoAccount
	}
	return r.account(name), nil
}

// List returns all accounts in the order of their names, or the failure of Redis or ctx.
func (a *Accounts) List(ctx context.Context) ([]Account, error) {
	all, err := a.store.readAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	accounts := make([]Account, 0, len(all))
	for name, r := range all {
		accounts = append(accounts, r.account(name))
	}
	slices.SortFunc(accounts, func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
	return accounts, nil
}

// SetPassword gives an account a new password and returns the account for a new session. The change
// ends the account's sessions and tokens and makes its one-time link worthless. It returns
// [ErrNoAccount], an error of [CheckPassword], or the failure of Redis or ctx.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) (Account, error) {
	return a.setPassword(ctx, name, password, func(storedAccount) error { return nil })
}

// setPassword is SetPassword where allow has no objection. The function allow sees the account as it is
// at the very moment of the change.
func (a *Accounts) setPassword(ctx context.Context, name, password string, allow func(storedAccount) error) (Account, error) {
	if err := a.checkPassword(name, password); err != nil {
		return Account{}, err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return Account{}, fmt.Errorf("set password: %w", err)
	}
	return a.change(ctx, name, "set password", func(r *storedAccount, _ storedAccounts) error {
		if err := allow(*r); err != nil {
			return err
		}
		r.Password, r.Link, r.LinkExpires = hash, "", 0
		r.Generation++
		return nil
	})
}

// SetRole changes what an account may do, and ends its sessions and tokens. An account that has the
// role already is left alone. It returns [ErrRole], [ErrNoAccount], [ErrLastSuperuser], or the failure
// of Redis or ctx.
func (a *Accounts) SetRole(ctx context.Context, name string, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	_, err := a.change(ctx, name, "change role", func(r *storedAccount, all storedAccounts) error {
		if r.Role == role {
			return errUnchanged
		}
		if all.lastSuperuser(name, a.options.LoginElsewhere) {
			return ErrLastSuperuser
		}
		r.Role = role
		r.Generation++
		return nil
	})
	return err
}

// Disable keeps an account from being used, ends its sessions and tokens, and takes its one-time link
// back. It returns [ErrNoAccount], [ErrLastSuperuser], or the failure of Redis or ctx.
func (a *Accounts) Disable(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "disable account", func(r *storedAccount, all storedAccounts) error {
		if all.lastSuperuser(name, a.options.LoginElsewhere) {
			return ErrLastSuperuser
		}
		r.Disabled, r.Link, r.LinkExpires = true, "", 0
		r.Generation++
		return nil
	})
	return err
}

// Enable lets a disabled account be used again; its old sessions and tokens stay ended. It returns
// [ErrNoAccount], or the failure of Redis or ctx.
func (a *Accounts) Enable(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "enable account", func(r *storedAccount, _ storedAccounts) error {
		r.Disabled = false
		return nil
	})
	return err
}

// EndSessions ends every session and token of an account. It returns [ErrNoAccount], or the failure of
// Redis or ctx.
func (a *Accounts) EndSessions(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "end sessions", func(r *storedAccount, _ storedAccounts) error {
		r.Generation++
		return nil
	})
	return err
}

// errUnchanged is how a change says that nothing is to be written.
var errUnchanged = errors.New("unchanged")

// change applies one change to an account, whatever happens to the accounts meanwhile. The text doing
// names the change in errors.
//
// A new generation has ended every session and token at once. Deleting their keys afterwards is only
// tidiness, which expiry provides too. The sessions of a disabled account are left to that: by one, its browser learns why
// it has ended.
func (a *Accounts) change(
	ctx context.Context, name, doing string, apply func(*storedAccount, storedAccounts) error,
) (Account, error) {
	before, after, err := a.store.update(ctx, name, apply)
	if errors.Is(err, errUnchanged) {
		return before.account(name), nil
	}
	if IsRefusal(err) {
		return Account{}, err
	}
	if err != nil {
		return Account{}, fmt.Errorf("%s: %w", doing, err)
	}
	if after.Generation != before.Generation {
		ended := a.owned
		if after.Disabled {
			ended = a.owned[1:]
		}
		for _, owned := range ended {
			if err := owned.endAll(ctx, name); err != nil {
				return Account{}, fmt.Errorf("%s: %w", doing, err)
			}
		}
	}
	return after.account(name), nil
}
