package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// storedAccount is an account in Redis. It is a field of one hash that holds all accounts. So a
// question about several accounts, such as "who is the last superuser?", is answered in one step.
type storedAccount struct {
	Role        Role   `json:"role"`
	Password    string `json:"password,omitempty"` // PHC string; empty until the one-time link is used
	Created     int64  `json:"created"`            // Unix seconds
	Disabled    bool   `json:"disabled,omitempty"`
	Generation  int64  `json:"generation"`             // sessions and tokens of an older one have ended
	Link        string `json:"link,omitempty"`         // hash of the one-time link's secret
	LinkExpires int64  `json:"link_expires,omitempty"` // Unix seconds

	App      *storedApp `json:"app,omitempty"`      // nil where the account has no authenticator app
	Recovery []string   `json:"recovery,omitempty"` // hashes of the recovery codes that are left; of an account with a second factor

	Handle   string          `json:"handle,omitempty"` // by which passkeys know the account, in base64url; empty until it has the first one
	Passkeys []storedPasskey `json:"passkeys,omitempty"`
}

// storedApp is an authenticator app in Redis.
type storedApp struct {
	Seed  string `json:"seed"`  // sealed
	Since int64  `json:"since"` // Unix seconds
	Used  int64  `json:"used"`  // the step of the newest code that was taken: none that is as old is taken again
}

// hasSecondFactor reports whether the password alone lets nobody in.
func (r storedAccount) hasSecondFactor() bool { return r.App != nil || len(r.Passkeys) > 0 }

func (r storedAccount) account(name string) Account {
	account := Account{
		Name: name, Role: r.Role, Disabled: r.Disabled, HasPassword: r.Password != "",
		Created: time.Unix(r.Created, 0).UTC(), SecondFactor: r.hasSecondFactor(), RecoveryLeft: len(r.Recovery), Passkeys: len(r.Passkeys), generation: r.Generation,
	}
	if r.App != nil {
		account.AppSince = time.Unix(r.App.Since, 0).UTC()
	}
	if r.Link != "" {
		account.LinkExpires = time.Unix(r.LinkExpires, 0).UTC()
	}
	return account
}

// canLogIn reports whether the account is of use to its owner.
func (r storedAccount) canLogIn() bool { return !r.Disabled && r.Password != "" }

// storedAccounts are accounts by name.
type storedAccounts map[string]storedAccount

// lastSuperuser reports whether nobody could manage accounts without the account of this name.
//
// Where people log in here, a superuser without a password is of no help, unless the account in
// question has none either. Where people log in elsewhere, no superuser needs a password.
func (all storedAccounts) lastSuperuser(name string, loginElsewhere bool) bool {
	r := all[name]
	if r.Role != Superuser || r.Disabled {
		return false
	}
	for otherName, other := range all {
		helps := other.canLogIn() || !other.Disabled && (loginElsewhere || r.Password == "")
		if otherName != name && other.Role == Superuser && helps {
			return false
		}
	}
	return true
}

// access is what an account allows a session or token of this generation. It is the zero Access where
// the session or token has ended.
func (all storedAccounts) access(account string, generation int64, via Via, id string) Access {
	r, ok := all[account]
	if !ok || r.Disabled || r.Generation != generation {
		return Access{}
	}
	return Access{Account: account, Role: r.Role, Via: via, ID: id, SecondFactor: r.hasSecondFactor(), generation: generation}
}

// accountStore reads and writes accounts in Redis.
type accountStore struct {
	client redis.UniversalClient
	keys   Keys
}

// insert adds an account unless there is one of that name.
func (s accountStore) insert(ctx context.Context, name string, r storedAccount) (inserted bool, err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	return s.client.HSetNX(ctx, s.keys.accounts(), name, line).Result()
}

// read returns the named accounts; those that don't exist are missing in the result.
func (s accountStore) read(ctx context.Context, names ...string) (storedAccounts, error) {
	lines, err := s.client.HMGet(ctx, s.keys.accounts(), names...).Result()
	if err != nil {
		return nil, err
	}
	found := make(storedAccounts)
	for i, line := range lines {
		text, ok := line.(string)
		if !ok {
			continue
		}
		if found[names[i]], err = decodeAccount(text); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// readAll returns all accounts.
func (s accountStore) readAll(ctx context.Context) (storedAccounts, error) {
	return s.readBy(ctx, s.client)
}

func (s accountStore) readBy(ctx context.Context, client redis.Cmdable) (storedAccounts, error) {
	lines, err := client.HGetAll(ctx, s.keys.accounts()).Result()
	if err != nil {
		return nil, err
	}
	all := make(storedAccounts, len(lines))
	for name, line := range lines {
		if all[name], err = decodeAccount(line); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// decodeAccount reads a stored account. Its error does not repeat the line: there are hashes in it.
func decodeAccount(line string) (storedAccount, error) {
	var r storedAccount
	if json.Unmarshal([]byte(line), &r) != nil {
		return storedAccount{}, errors.New("an account in Redis can't be read")
	}
	return r, nil
}

// maxUpdates is how often a change is tried while others change accounts.
const maxUpdates = 50

// update applies a change to one account in one step. The function apply sees all accounts as they are
// when the change takes effect; it is called again where they changed meanwhile. Its error ends the
// update.
func (s accountStore) update(
	ctx context.Context, name string, apply func(*storedAccount, storedAccounts) error,
) (before, after storedAccount, err error) {
	key := s.keys.accounts()
	change := func(tx *redis.Tx) error {
		all, err := s.readBy(ctx, tx)
		if err != nil {
			return err
		}
		var ok bool
		if before, ok = all[name]; !ok {
			return ErrNoAccount
		}
		after = before
		if err := apply(&after, all); err != nil {
			return err
		}
		line, err := json.Marshal(after)
		if err != nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			return p.HSet(ctx, key, name, line).Err()
		})
		return err
	}
	for range maxUpdates {
		if err = s.client.Watch(ctx, change, key); !errors.Is(err, redis.TxFailedErr) {
			return before, after, err
		}
	}
	return before, after, fmt.Errorf("others kept changing accounts: %w", err)
}
