package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// Limits of a program's tokens.
const (
	MaxTokenLifetime = 365 * 24 * time.Hour
	MaxTokens        = 20 // of one account
	MaxLabel         = 60 // characters
)

// TokenPrefix begins every token. It tells a token from other secrets that a request may carry, and
// lets a scanner for leaked secrets know it.
const TokenPrefix = "userlog_"

// Errors of [Tokens]. Their texts are plain sentences that a person may be shown.
var (
	ErrLabel         = fmt.Errorf("say in 1 to %d characters what the token is for", MaxLabel)
	ErrTokenLifetime = fmt.Errorf("a token lives from an hour to %d days", MaxTokenLifetime/(24*time.Hour))
	ErrTooManyTokens = fmt.Errorf("an account has %d tokens at most: revoke one first", MaxTokens)
	ErrNoToken       = errors.New("there is no such token")
)

// Token is the right of a program to read in the name of an account. It doesn't hold the secret.
type Token struct {
	ID      string
	Label   string
	Created time.Time
	Expires time.Time
}

// storedToken is a token in Redis.
type storedToken struct {
	Account    string `json:"account"`
	Generation int64  `json:"generation"`
	Label      string `json:"label"`
	Created    int64  `json:"created"` // Unix seconds
	Expires    int64  `json:"expires"` // Unix seconds

	Terminal bool `json:"terminal,omitempty"` // a person in a terminal has made it, whom Redis has let in
}

// access is what a token of this id allows. Where the account has a second factor, its owner had given that when the token was made: the
// first factor ends earlier tokens. A terminal needs none.
func (r storedToken) access(id string, accounts storedAccounts) Access {
	a := accounts.access(r.Account, r.Generation, ViaToken, id)
	a.SecondFactor = a.Account != "" && (a.SecondFactor || r.Terminal)
	return a
}

// Tokens are the rights of programs to read. A token ends when it expires, when it is revoked, and
// with all sessions of its account.
type Tokens struct {
	client   redis.UniversalClient
	keys     Keys
	accounts accountStore
	owned    ownedIDs
	now      func() time.Time
}

// NewTokens returns the tokens that client's Redis holds. It doesn't connect, and doesn't close client.
func NewTokens(client redis.UniversalClient, keys Keys) *Tokens {
	return &Tokens{client: client, keys: keys, accounts: accountStore{client, keys}, owned: tokenIDs(client, keys), now: time.Now}
}

// Create makes a token for an account and returns its secret, which is kept nowhere: show it once. It
// returns [ErrLabel], [ErrTokenLifetime], [ErrTooManyTokens], [ErrNoAccount], [ErrDisabled], or the
// failure of Redis or ctx.
func (t *Tokens) Create(ctx context.Context, account, label string, lifetime time.Duration) (secret string, err error) {
	return t.create(ctx, account, label, lifetime, false)
}

// CreateInTerminal is [Tokens.Create] for a person in a terminal, whom the operating system and Redis have let in. Such a token goes on
// where accounts need a second factor, also if its account has none, such as that of a program.
func (t *Tokens) CreateInTerminal(ctx context.Context, account, label string, lifetime time.Duration) (secret string, err error) {
	return t.create(ctx, account, label, lifetime, true)
}

func (t *Tokens) create(ctx context.Context, account, label string, lifetime time.Duration, terminal bool) (secret string, err error) {
	label = strings.TrimSpace(label)
	if n := utf8.RuneCountInString(label); n == 0 || n > MaxLabel || !printable(label) {
		return "", ErrLabel
	}
	if lifetime < time.Hour || lifetime > MaxTokenLifetime {
		return "", ErrTokenLifetime
	}
	now := t.now()
	found, err := t.accounts.read(ctx, account)
	if err != nil {
		return "", fmt.Errorf("create token: %w", err)
	}
	owner, ok := found[account]
	switch {
	case !ok:
		return "", ErrNoAccount
	case owner.Disabled:
		return "", ErrDisabled
	}
	secret = newSecret()
	id, _ := hashSecret(secret) // a secret of our own always has one
	line, err := json.Marshal(storedToken{account, owner.Generation, label, now.Unix(), now.Add(lifetime).Unix(), terminal})
	if err != nil {
		return "", fmt.Errorf("create token: %w", err)
	}
	// The owner's list goes first: a token that is not in it could be neither seen nor revoked.
	room, err := t.owned.add(ctx, account, id, now, now.Add(lifetime))
	switch {
	case err != nil:
		return "", fmt.Errorf("create token: %w", err)
	case !room:
		return "", ErrTooManyTokens
	}
	if err := t.client.Set(ctx, t.keys.token(id), line, lifetime).Err(); err != nil {
		return "", fmt.Errorf("create token: %w", err)
	}
	return TokenPrefix + secret, nil
}

// Access returns the account for which a program with this secret acts, the zero Access for nobody. An
// error means that Redis didn't answer and nothing is known.
func (t *Tokens) Access(ctx context.Context, secret string) (Access, error) {
	plain, ok := strings.CutPrefix(secret, TokenPrefix)
	if !ok {
		return Access{}, nil
	}
	id, ok := hashSecret(plain)
	if !ok {
		return Access{}, nil
	}
	found, err := t.load(ctx, id)
	if err != nil {
		return Access{}, fmt.Errorf("look a token up: %w", err)
	}
	token, ok := found[id]
	if !ok {
		return Access{}, nil
	}
	accounts, err := t.accounts.read(ctx, token.Account)
	if err != nil {
		return Access{}, fmt.Errorf("look a token's account up: %w", err)
	}
	return token.access(id, accounts), nil
}

// List returns an account's tokens, the one that expires last first, or the failure of Redis or ctx.
func (t *Tokens) List(ctx context.Context, account string) ([]Token, error) {
	ids, err := t.owned.list(ctx, account, t.now())
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	found, err := t.load(ctx, ids...)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	var tokens []Token
	for _, id := range ids {
		if r, ok := found[id]; ok {
			tokens = append(tokens, Token{id, r.Label, time.Unix(r.Created, 0).UTC(), time.Unix(r.Expires, 0).UTC()})
		}
	}
	return tokens, nil
}

// Revoke ends a token of the account. It returns [ErrNoToken], or the failure of Redis or ctx.
func (t *Tokens) Revoke(ctx context.Context, account, id string) error {
	has, err := t.owned.has(ctx, account, id)
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	if !has {
		return ErrNoToken
	}
	if err := t.owned.end(ctx, account, id); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// load reads the tokens that exist and have not expired.
func (t *Tokens) load(ctx context.Context, ids ...string) (map[string]storedToken, error) {
	lines, err := readEach(ctx, t.client, t.keys.token, ids)
	if err != nil {
		return nil, err
	}
	now := t.now().Unix()
	found := make(map[string]storedToken, len(lines))
	for id, line := range lines {
		var r storedToken
		// A line that can't be read is no token. The end is checked here too, because the embedded
		// store's time may stand still.
		if json.Unmarshal([]byte(line), &r) == nil && r.Expires > now {
			found[id] = r
		}
	}
	return found, nil
}

// readEach reads the values of many keys, which may be on several nodes, in one round trip. Keys that
// don't exist are left out.
func readEach(ctx context.Context, client redis.UniversalClient, key func(id string) string, ids []string) (map[string]string, error) {
	values := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return values, nil
	}
	gets := make([]*redis.StringCmd, len(ids))
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			gets[i] = p.Get(ctx, key(id))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	for i, get := range gets {
		switch value, err := get.Result(); {
		case err == nil:
			values[ids[i]] = value
		case !errors.Is(err, redis.Nil):
			return nil, err
		}
	}
	return values, nil
}
