package auth

import (
	"context"
	"errors"
	"fmt"
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
	// ErrCredentials doesn't say which of the two is wrong, so that it can't be used to find names.
	ErrCredentials = errors.New("the username or the password is wrong")
)

// Fields of the hash at store.Keys.Account.
const (
	fieldPassword = "password" // PHC string
	fieldCreated  = "created"  // Unix seconds
)

// Accounts are the superusers of the admin. Names are compared byte by byte.
type Accounts struct {
	client redis.UniversalClient
	keys   store.Keys
	index  sessionIndex
	hasher hasher
}

// NewAccounts returns the accounts that client's Redis holds. It doesn't connect, and doesn't close
// client. At most four passwords are hashed at once per value: make one for the whole program.
func NewAccounts(client redis.UniversalClient, keys store.Keys) *Accounts {
	return &Accounts{client: client, keys: keys, index: sessionIndex{client, keys}, hasher: newHasher()}
}

// CheckName says whether an account can have this name: nil or [ErrName].
func CheckName(name string) error {
	if len(name) > MaxName || store.CheckUsername(name) != nil {
		return ErrName
	}
	return nil
}

// Create makes an account. It returns [ErrName], an error of [CheckPassword], [ErrAccountExists],
// or what Redis or ctx failed with. Of several at once for one name exactly one succeeds.
func (a *Accounts) Create(ctx context.Context, name, password string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	var created *redis.BoolCmd
	_, err = a.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		key := a.keys.Account(name)
		created = tx.HSetNX(ctx, key, fieldPassword, hash)
		tx.HSetNX(ctx, key, fieldCreated, time.Now().Unix())
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("create account: %w", err)
	case !created.Val():
		return ErrAccountExists
	}
	return nil
}

// SetPassword gives an account a new password and ends all of its sessions. It returns
// [ErrNoAccount], an error of [CheckPassword], or what Redis or ctx failed with; in the latter case
// the password may be changed with sessions still open: call it again.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	stored, err := a.storedPassword(ctx, name)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if stored == "" {
		return ErrNoAccount
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := a.client.HSet(ctx, a.keys.Account(name), fieldPassword, hash).Err(); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := a.index.endAll(ctx, name); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// Verify checks a password. It returns nil, [ErrCredentials], or what Redis or ctx failed with. An
// unknown account takes as long as a wrong password. It takes tens of milliseconds of a CPU, and
// waits while others are being checked: ask [Throttle.Allow] first.
func (a *Accounts) Verify(ctx context.Context, name, password string) error {
	if len(password) > MaxPassword {
		return ErrCredentials
	}
	stored, err := a.storedPassword(ctx, name)
	if err != nil {
		return fmt.Errorf("verify password: %w", err)
	}
	if stored == "" {
		return a.verifyNobody(ctx, password)
	}
	known, err := parsePHC(stored)
	if err != nil {
		return fmt.Errorf("verify password: %w", err)
	}
	ok, err := a.hasher.matches(ctx, password, known)
	switch {
	case err != nil:
		return fmt.Errorf("verify password: %w", err)
	case !ok:
		return ErrCredentials
	case known.weakerThan(currentCost):
		return a.rehash(ctx, name, stored, password)
	}
	return nil
}

// verifyNobody spends what a check costs, so that the time doesn't tell whether an account exists.
func (a *Accounts) verifyNobody(ctx context.Context, password string) error {
	nobody := phc{cost: currentCost, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
	if _, err := a.hasher.matches(ctx, password, nobody); err != nil {
		return fmt.Errorf("verify password: %w", err)
	}
	return ErrCredentials
}

// storedPassword returns the PHC string of the account, or "" where there is none. A name that no
// account can have is not looked up.
func (a *Accounts) storedPassword(ctx context.Context, name string) (string, error) {
	if CheckName(name) != nil {
		return "", nil
	}
	stored, err := a.client.HGet(ctx, a.keys.Account(name), fieldPassword).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read account: %w", err)
	}
	return stored, nil
}

// rehash stores a password that was just verified at the current cost, unless it was changed
// meanwhile: the newer one must win.
func (a *Accounts) rehash(ctx context.Context, name, verified, password string) error {
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("rehash password: %w", err)
	}
	key := a.keys.Account(name)
	err = a.client.Watch(ctx, func(tx *redis.Tx) error {
		stored, err := tx.HGet(ctx, key, fieldPassword).Result()
		if err != nil || stored != verified {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			return p.HSet(ctx, key, fieldPassword, hash).Err()
		})
		return err
	}, key)
	changed := errors.Is(err, redis.TxFailedErr) || errors.Is(err, redis.Nil)
	if err != nil && !changed {
		return fmt.Errorf("rehash password: %w", err)
	}
	return nil
}
