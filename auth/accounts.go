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
	// ErrCredentials doesn't say which of the two is wrong, so that it can't be used to find names.
	ErrCredentials = errors.New("the username or the password is wrong")
)

// Account is one account as it was when it was read. It holds no secret.
type Account struct {
	Name        string
	Role        Role
	Disabled    bool      // it can't log in, and no session or token of it is valid
	HasPassword bool      // false until its one-time link is used
	LinkExpires time.Time // of its one-time link; zero = it has none
	Created     time.Time

	generation int64
}

// Accounts are those who may use the admin. Names are compared byte by byte.
type Accounts struct {
	book   accountBook
	ends   []accountIndex // what an account's sessions and tokens are found by
	hasher hasher
	now    func() time.Time

	elsewhere bool // people log in elsewhere
}

// NewAccounts returns the accounts that client's Redis holds. It doesn't connect, and doesn't close
// client. At most two passwords are hashed at once per value: make one for the whole program.
func NewAccounts(client redis.UniversalClient, keys Keys) *Accounts {
	return &Accounts{
		book: accountBook{client, keys},
		ends: []accountIndex{sessionIndex(client, keys), tokenIndex(client, keys)}, hasher: newHasher(), now: time.Now,
	}
}

// OfAnotherLogin returns the same accounts where people log in at a host's or a proxy's: there no password
// is needed, so that every superuser who is enabled counts when it is asked who is the last. By itself
// that is only known of those who have a password here, or of all where nobody has one.
func (a *Accounts) OfAnotherLogin() *Accounts {
	other := *a
	other.elsewhere = true
	return &other
}

// CheckName says whether an account can have this name: nil or [ErrName].
func CheckName(name string) error {
	if len(name) > MaxName || store.CheckUsername(name) != nil {
		return ErrName
	}
	return nil
}

// Create makes an account. It returns [ErrName], [ErrRole], an error of [CheckPassword],
// [ErrAccountExists], or what Redis or ctx failed with. Of several at once for one name exactly one
// succeeds.
func (a *Accounts) Create(ctx context.Context, name string, role Role, password string) error {
	if err := checkNew(name, role); err != nil {
		return err
	}
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	created, err := a.book.insert(ctx, name, entry{Role: role, Password: hash, Created: a.now().Unix()})
	switch {
	case err != nil:
		return fmt.Errorf("create account: %w", err)
	case !created:
		return ErrAccountExists
	}
	return nil
}

func checkNew(name string, role Role) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := ParseRole(string(role))
	return err
}

// Get returns an account, [ErrNoAccount], or what Redis or ctx failed with.
func (a *Accounts) Get(ctx context.Context, name string) (Account, error) {
	found, err := a.book.read(ctx, name)
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	e, ok := found[name]
	if !ok {
		return Account{}, ErrNoAccount
	}
	return e.account(name), nil
}

// List returns all accounts in the order of their names. It returns what Redis or ctx failed with.
func (a *Accounts) List(ctx context.Context) ([]Account, error) {
	all, err := a.book.readAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	accounts := make([]Account, 0, len(all))
	for name, e := range all {
		accounts = append(accounts, e.account(name))
	}
	slices.SortFunc(accounts, func(a, b Account) int { return strings.Compare(a.Name, b.Name) })
	return accounts, nil
}

// SetPassword gives an account a new password, which ends its sessions and tokens and makes its
// one-time link worthless, and returns the account for a new session. It returns [ErrNoAccount], an
// error of [CheckPassword], or what Redis or ctx failed with.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) (Account, error) {
	return a.setPassword(ctx, name, password, func(entry) error { return nil })
}

// setPassword is SetPassword where allow says nothing against it, looking at the account at the very
// moment of the change.
func (a *Accounts) setPassword(ctx context.Context, name, password string, allow func(entry) error) (Account, error) {
	if err := CheckPassword(password); err != nil {
		return Account{}, err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return Account{}, fmt.Errorf("set password: %w", err)
	}
	return a.change(ctx, name, "set password", func(e *entry, _ book) error {
		if err := allow(*e); err != nil {
			return err
		}
		e.Password, e.Link, e.LinkExpires = hash, "", 0
		e.Generation++
		return nil
	})
}

// SetRole changes what an account may do, and ends its sessions and tokens. It returns [ErrRole],
// [ErrNoAccount], [ErrLastSuperuser], or what Redis or ctx failed with. An account that has the role
// already is left alone.
func (a *Accounts) SetRole(ctx context.Context, name string, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	_, err := a.change(ctx, name, "change role", func(e *entry, all book) error {
		if e.Role == role {
			return errUnchanged
		}
		if all.lastSuperuser(name, a.elsewhere) {
			return ErrLastSuperuser
		}
		e.Role = role
		e.Generation++
		return nil
	})
	return err
}

// Disable keeps an account from being used, ends its sessions and tokens, and takes its one-time link
// back. It returns [ErrNoAccount], [ErrLastSuperuser], or what Redis or ctx failed with.
func (a *Accounts) Disable(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "disable account", func(e *entry, all book) error {
		if all.lastSuperuser(name, a.elsewhere) {
			return ErrLastSuperuser
		}
		e.Disabled, e.Link, e.LinkExpires = true, "", 0
		e.Generation++
		return nil
	})
	return err
}

// Enable undoes [Accounts.Disable]; what has ended stays ended. It returns [ErrNoAccount], or what
// Redis or ctx failed with.
func (a *Accounts) Enable(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "enable account", func(e *entry, _ book) error {
		e.Disabled = false
		return nil
	})
	return err
}

// EndSessions ends every session and token of an account. It returns [ErrNoAccount], or what Redis
// or ctx failed with.
func (a *Accounts) EndSessions(ctx context.Context, name string) error {
	_, err := a.change(ctx, name, "end sessions", func(e *entry, _ book) error {
		e.Generation++
		return nil
	})
	return err
}

// errUnchanged is how a change says that nothing is to be written.
var errUnchanged = errors.New("unchanged")

// change applies one change to an account, whatever happens to the accounts meanwhile; doing says
// what it is, for errors. A new generation has ended every session and token at once: that their keys
// are deleted afterwards is only tidiness, which expiry does too.
func (a *Accounts) change(ctx context.Context, name, doing string, apply func(*entry, book) error) (Account, error) {
	before, after, err := a.book.update(ctx, name, apply)
	if errors.Is(err, errUnchanged) {
		return before.account(name), nil
	}
	if isAnswer(err) {
		return Account{}, err
	}
	if err != nil {
		return Account{}, fmt.Errorf("%s: %w", doing, err)
	}
	if after.Generation != before.Generation {
		for _, index := range a.ends {
			if err := index.endAll(ctx, name); err != nil {
				return Account{}, fmt.Errorf("%s: %w", doing, err)
			}
		}
	}
	return after.account(name), nil
}

// isAnswer tells what an account's state forbids from a failure.
func isAnswer(err error) bool {
	return errors.Is(err, ErrNoAccount) || errors.Is(err, ErrLastSuperuser) || errors.Is(err, ErrLink) || errors.Is(err, ErrDisabled)
}
