package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// entry is an account in Redis: a field of one hash that holds all of them, so that what concerns
// several, such as who is the last superuser, can be decided in one step.
type entry struct {
	Role        Role   `json:"role"`
	Password    string `json:"password,omitempty"` // PHC string; empty until the one-time link is used
	Created     int64  `json:"created"`            // Unix seconds
	Disabled    bool   `json:"disabled,omitempty"`
	Generation  int64  `json:"generation"`             // sessions and tokens of an older one have ended
	Link        string `json:"link,omitempty"`         // hash of the one-time link's secret
	LinkExpires int64  `json:"link_expires,omitempty"` // Unix seconds
}

func (e entry) account(name string) Account {
	account := Account{
		Name: name, Role: e.Role, Disabled: e.Disabled, HasPassword: e.Password != "",
		Created: time.Unix(e.Created, 0).UTC(), generation: e.Generation,
	}
	if e.Link != "" {
		account.LinkExpires = time.Unix(e.LinkExpires, 0).UTC()
	}
	return account
}

// canLogIn says whether the account is of use to its owner.
func (e entry) canLogIn() bool { return !e.Disabled && e.Password != "" }

// book is all accounts by name.
type book map[string]entry

// lastSuperuser says whether nobody could manage accounts without name. Where people log in here, one who
// has not set a password yet is of no help, but to another who has none either; elsewhere nobody needs one.
func (b book) lastSuperuser(name string, elsewhere bool) bool {
	e := b[name]
	if e.Role != Superuser || e.Disabled {
		return false
	}
	for other, o := range b {
		helps := o.canLogIn() || !o.Disabled && (elsewhere || e.Password == "")
		if other != name && o.Role == Superuser && helps {
			return false
		}
	}
	return true
}

// accountBook reads and writes the accounts.
type accountBook struct {
	client redis.UniversalClient
	keys   Keys
}

// insert adds an account unless there is one of that name.
func (b accountBook) insert(ctx context.Context, name string, e entry) (inserted bool, err error) {
	line, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	return b.client.HSetNX(ctx, b.keys.Accounts(), name, line).Result()
}

// read returns those of the named accounts that there are.
func (b accountBook) read(ctx context.Context, names ...string) (book, error) {
	lines, err := b.client.HMGet(ctx, b.keys.Accounts(), names...).Result()
	if err != nil {
		return nil, err
	}
	found := make(book)
	for i, line := range lines {
		text, ok := line.(string)
		if !ok {
			continue
		}
		if found[names[i]], err = decodeEntry(text); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// readAll returns all accounts.
func (b accountBook) readAll(ctx context.Context) (book, error) { return b.readBy(ctx, b.client) }

func (b accountBook) readBy(ctx context.Context, client redis.Cmdable) (book, error) {
	lines, err := client.HGetAll(ctx, b.keys.Accounts()).Result()
	if err != nil {
		return nil, err
	}
	all := make(book, len(lines))
	for name, line := range lines {
		if all[name], err = decodeEntry(line); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// decodeEntry does not repeat what it can't read: there are hashes in it.
func decodeEntry(line string) (entry, error) {
	var e entry
	if json.Unmarshal([]byte(line), &e) != nil {
		return entry{}, errors.New("an account in Redis can't be read")
	}
	return e, nil
}

// maxUpdates is how often a change is tried while others change accounts.
const maxUpdates = 50

// update applies a change to one account in one step: apply sees all accounts as they are when the
// change takes effect, and is called again where they changed meanwhile. Its error ends the update.
func (b accountBook) update(ctx context.Context, name string, apply func(*entry, book) error) (before, after entry, err error) {
	key := b.keys.Accounts()
	change := func(tx *redis.Tx) error {
		all, err := b.readBy(ctx, tx)
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
		if err = b.client.Watch(ctx, change, key); !errors.Is(err, redis.TxFailedErr) {
			return before, after, err
		}
	}
	return before, after, fmt.Errorf("others kept changing accounts: %w", err)
}
