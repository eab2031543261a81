package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of passkeys.
const (
	MaxPasskeys      = 10 // of one account
	MaxPasskeyLabel  = 60 // characters
	passkeyLifetime  = claimLifetime - 10*time.Second
	handleLength     = 32 // bytes
	maxPasskeyAnswer = 32 << 10
)

// PasskeyTimeout is for how long a browser may ask for a passkey.
const PasskeyTimeout = passkeyLifetime

// Errors of [Passkeys]. Their texts are plain sentences that a person may be shown.
var (
	// ErrPasskey does not tell why a passkey is not taken: it may be of another site or account, or the answer came too late or twice.
	ErrPasskey         = errors.New("the passkey was not accepted: try again")
	ErrPasskeyCounter  = errors.New("the counter of the passkey went back, as that of a copy does: remove it and make another one")
	ErrTooManyPasskeys = fmt.Errorf("an account has %d passkeys at most: remove one first", MaxPasskeys)
)

// PasskeySite is a site as browsers see it. Passkeys belong to its host.
type PasskeySite struct {
	Host   string // a name without a port
	Origin string // such as https://support.example.com
}

// PasskeyUser is an account as passkeys know it.
type PasskeyUser struct {
	Handle []byte // random
	Name   string
	Keys   []PasskeyKey // of the site in question
}

// PasskeyKey is what is kept of a passkey, to check its answers. It holds no secret.
type PasskeyKey struct {
	ID    []byte
	Kept  []byte // JSON, as the verifier writes it
	Count uint32 // of the passkey's uses, as it says itself; 0 for those that don't count
}

// PasskeyVerifier speaks WebAuthn, by whatever library. Options are what a page gives to the browser, as JSON, and an answer is what the
// browser returns. The state belongs to the options, and is needed with the answer. An error with an answer says why it is wrong.
// Verifiers keep nothing, and may be called from several goroutines. They ask for passkeys that verify their user.
type PasskeyVerifier interface {
	// Create asks for a new passkey.
	Create(site PasskeySite, user PasskeyUser) (options, state []byte, err error)

	// Created checks the answer, and returns the new passkey.
	Created(site PasskeySite, user PasskeyUser, state, answer []byte) (PasskeyKey, error)

	// Ask asks for any passkey of the site.
	Ask(site PasskeySite) (options, state []byte, err error)

	// Answered checks the answer, and returns the passkey as it is to be kept from now on. The function find returns the user of a handle.
	Answered(site PasskeySite, state, answer []byte, find func(handle []byte) (PasskeyUser, error)) (PasskeyKey, error)
}

// Passkeys are those of accounts. A passkey is two factors in one: it is on a device, and asks its user for a finger, a face or a
// number. So it lets in also without a password.
type Passkeys struct {
	accounts *Accounts
	once     *Once
	verifier PasskeyVerifier
}

// NewPasskeys returns the passkeys of accounts.
func NewPasskeys(accounts *Accounts, once *Once, verifier PasskeyVerifier) *Passkeys {
	return &Passkeys{accounts, once, verifier}
}

// Passkey is a passkey as its owner sees it.
type Passkey struct {
	ID      string
	Label   string
	Host    string // of the site that it is for
	Created time.Time
	Used    time.Time // the last login; zero = never
}

// storedPasskey is a passkey in Redis.
type storedPasskey struct {
	ID    string          `json:"id"` // in base64url
	Label string          `json:"label"`
	Host  string          `json:"host"`
	Since int64           `json:"since"`          // Unix seconds
	Used  int64           `json:"used,omitempty"` // Unix seconds
	Count uint32          `json:"count,omitempty"`
	Kept  json.RawMessage `json:"kept"`
}

// PasskeyQuestion is what a page needs to ask for a passkey.
type PasskeyQuestion struct {
	Options json.RawMessage `json:"options"` // for the browser
	State   string          `json:"state"`   // to send back with its answer; only this program can read it
}

// passkeyState is what is sealed into the state of a question.
type passkeyState struct {
	State   []byte `json:"state"`
	Handle  []byte `json:"handle,omitempty"` // of the account that gets a passkey
	Expires int64  `json:"expires"`          // Unix seconds
}

// List returns the passkeys of an account, the oldest first, or the failure of Redis or ctx.
func (p *Passkeys) List(ctx context.Context, account string) ([]Passkey, error) {
	found, err := p.accounts.store.read(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	var passkeys []Passkey
	for _, k := range found[account].Passkeys {
		passkey := Passkey{ID: k.ID, Label: k.Label, Host: k.Host, Created: time.Unix(k.Since, 0).UTC()}
		if k.Used > 0 {
			passkey.Used = time.Unix(k.Used, 0).UTC()
		}
		passkeys = append(passkeys, passkey)
	}
	return passkeys, nil
}

// AskNew asks for a new passkey of an account. It returns [ErrNoAccount], [ErrDisabled], [ErrTooManyPasskeys], or the failure of Redis,
// ctx or the verifier.
func (p *Passkeys) AskNew(ctx context.Context, account string, site PasskeySite) (PasskeyQuestion, error) {
	r, err := p.accounts.owner(ctx, account)
	switch {
	case err != nil:
		return PasskeyQuestion{}, err
	case r.Disabled:
		return PasskeyQuestion{}, ErrDisabled
	case len(r.Passkeys) >= MaxPasskeys:
		return PasskeyQuestion{}, ErrTooManyPasskeys
	}
	user := r.passkeyUser(account, site)
	if len(user.Handle) == 0 {
		user.Handle = make([]byte, handleLength)
		rand.Read(user.Handle) // never fails, it ends the program instead
	}
	options, state, err := p.verifier.Create(site, user)
	if err != nil {
		return PasskeyQuestion{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return p.question(ctx, newPasskeyPurpose(account, r.Generation, site), options, passkeyState{State: state, Handle: user.Handle})
}

// Ask asks for a passkey, whose owner has to be the account, or anybody with the zero Account. An error is the failure of Redis, ctx or the
// verifier.
func (p *Passkeys) Ask(ctx context.Context, account Account, site PasskeySite) (PasskeyQuestion, error) {
	options, state, err := p.verifier.Ask(site)
	if err != nil {
		return PasskeyQuestion{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return p.question(ctx, passkeyPurpose(account, site), options, passkeyState{State: state})
}

func (p *Passkeys) question(ctx context.Context, purpose string, options []byte, state passkeyState) (PasskeyQuestion, error) {
	state.Expires = p.accounts.options.Now().Add(passkeyLifetime).Unix()
	plain, err := json.Marshal(state)
	if err != nil {
		return PasskeyQuestion{}, fmt.Errorf("seal a question: %w", err)
	}
	sealed, err := p.accounts.sealer.seal(ctx, purpose, plain)
	if err != nil {
		return PasskeyQuestion{}, fmt.Errorf("seal a question: %w", err)
	}
	return PasskeyQuestion{Options: options, State: sealed}, nil
}

// open reads the state of a question that was asked for the same purpose, or returns [ErrPasskey].
func (p *Passkeys) open(ctx context.Context, purpose, sealed, answer string) (passkeyState, error) {
	plain, _, err := p.accounts.sealer.open(ctx, purpose, sealed)
	if errors.Is(err, errSealed) {
		return passkeyState{}, ErrPasskey
	}
	if err != nil {
		return passkeyState{}, fmt.Errorf("open a question: %w", err)
	}
	var state passkeyState
	if json.Unmarshal(plain, &state) != nil || state.Expires <= p.accounts.options.Now().Unix() || len(answer) > maxPasskeyAnswer {
		return passkeyState{}, ErrPasskey
	}
	return state, nil
}

// Verify checks the answer of a browser that was asked for a passkey of the account or, with the zero Account, of anybody. It returns the
// account for [Sessions.LogIn]. Each question can be answered once. Otherwise it returns [ErrPasskey], [ErrPasskeyCounter], or the
// failure of Redis or ctx.
func (p *Passkeys) Verify(ctx context.Context, account Account, site PasskeySite, sealed, answer string) (Account, error) {
	state, err := p.open(ctx, passkeyPurpose(account, site), sealed, answer)
	if err != nil {
		return Account{}, err
	}
	all, err := p.accounts.store.readAll(ctx)
	if err != nil {
		return Account{}, fmt.Errorf("look for a passkey: %w", err)
	}
	owner := ""
	key, err := p.verifier.Answered(site, state.State, []byte(answer), func(handle []byte) (PasskeyUser, error) {
		name, ok := all.ofHandle(handle)
		if !ok || account.Name != "" && account.Name != name {
			return PasskeyUser{}, ErrPasskey
		}
		owner = name
		return all[name].passkeyUser(name, site), nil
	})
	if err != nil {
		return Account{}, fmt.Errorf("%w (%w)", ErrPasskey, err)
	}
	claimed, err := p.once.Claim(ctx, "answer a question for a passkey", sealed)
	switch {
	case err != nil:
		return Account{}, err
	case !claimed:
		return Account{}, ErrPasskey
	}
	return p.accounts.change(ctx, owner, "use a passkey", func(r *storedAccount, _ storedAccounts) error {
		if r.Disabled || r.Generation != all[owner].Generation || account.Name != "" && r.Generation != account.generation {
			return ErrPasskey
		}
		return r.usePasskey(key, p.accounts.options.Now())
	})
}

// usePasskey notes that a passkey was used, unless its counter says that there is a copy.
func (r *storedAccount) usePasskey(key PasskeyKey, now time.Time) error {
	passkeys := slices.Clone(r.Passkeys)
	i := slices.IndexFunc(passkeys, func(k storedPasskey) bool { return k.ID == encodeID(key.ID) })
	if i < 0 {
		return ErrPasskey
	}
	if k := passkeys[i]; key.Count <= k.Count && (key.Count > 0 || k.Count > 0) {
		return ErrPasskeyCounter
	}
	passkeys[i].Count, passkeys[i].Used, passkeys[i].Kept = key.Count, now.Unix(), key.Kept
	r.Passkeys = passkeys
	return nil
}

// NewPasskey is a passkey that a browser has made, and that no account has yet.
type NewPasskey struct {
	key      PasskeyKey
	handle   []byte
	host     string
	question string // sealed
}

// CheckNew checks the answer of a browser that was asked for a new passkey of an account. It returns [ErrPasskey], [ErrNoAccount], or
// the failure of Redis or ctx. It changes nothing.
func (p *Passkeys) CheckNew(ctx context.Context, account string, site PasskeySite, sealed, answer string) (NewPasskey, error) {
	r, err := p.accounts.owner(ctx, account)
	if err != nil {
		return NewPasskey{}, err
	}
	state, err := p.open(ctx, newPasskeyPurpose(account, r.Generation, site), sealed, answer)
	if err != nil {
		return NewPasskey{}, err
	}
	user := r.passkeyUser(account, site)
	user.Handle = state.Handle
	key, err := p.verifier.Created(site, user, state.State, []byte(answer))
	if err != nil {
		return NewPasskey{}, fmt.Errorf("%w (%w)", ErrPasskey, err)
	}
	return NewPasskey{key: key, handle: state.Handle, host: site.Host, question: sealed}, nil
}

// Add gives an account a passkey. It returns the account for a new session. The first second factor of an account ends its sessions and
// tokens, and brings recovery codes, which are kept nowhere. Each question can be answered once, so that a passkey that was removed does
// not come back by the same answer. It returns [ErrPasskey] where that was done already or where an account has this passkey,
// [ErrTooManyPasskeys], [ErrDisabled], [ErrNoAccount], or the failure of Redis or ctx.
func (p *Passkeys) Add(ctx context.Context, name, label string, added NewPasskey) (account Account, recovery []string, err error) {
	claimed, err := p.once.Claim(ctx, "answer a question for a passkey", added.question)
	switch {
	case err != nil:
		return Account{}, nil, err
	case !claimed:
		return Account{}, nil, ErrPasskey
	}
	handle, id := encodeID(added.handle), encodeID(added.key.ID)
	account, err = p.accounts.change(ctx, name, "add passkey", func(r *storedAccount, all storedAccounts) error {
		switch {
		case r.Disabled:
			return ErrDisabled
		case len(r.Passkeys) >= MaxPasskeys:
			return ErrTooManyPasskeys
		case r.Handle != "" && r.Handle != handle || all.havePasskey(id):
			return ErrPasskey
		}
		recovery = nil
		if !r.hasSecondFactor() {
			recovery = firstFactor(name, r)
		}
		r.Handle = handle
		r.Passkeys = append(slices.Clone(r.Passkeys), storedPasskey{
			ID: id, Label: shown(label, MaxPasskeyLabel), Host: added.host, Since: p.accounts.options.Now().Unix(), Count: added.key.Count, Kept: added.key.Kept,
		})
		return nil
	})
	if err != nil {
		return Account{}, nil, err
	}
	return account, recovery, nil
}

// Remove takes a passkey of an account away, and returns the account for a new session. Where that was its last second factor, its
// sessions and tokens end. It returns [ErrNoFactor], [ErrNoAccount], or the failure of Redis or ctx.
func (p *Passkeys) Remove(ctx context.Context, name, id string) (Account, error) {
	return p.accounts.change(ctx, name, "remove passkey", func(r *storedAccount, _ storedAccounts) error {
		left := slices.DeleteFunc(slices.Clone(r.Passkeys), func(k storedPasskey) bool { return k.ID == id })
		if len(left) == len(r.Passkeys) {
			return ErrNoFactor
		}
		r.Passkeys = left
		r.afterRemoval()
		return nil
	})
}

// passkeyUser is an account as its passkeys of a site know it.
func (r storedAccount) passkeyUser(name string, site PasskeySite) PasskeyUser {
	handle, _ := base64.RawURLEncoding.DecodeString(r.Handle) // empty before the first passkey
	user := PasskeyUser{Handle: handle, Name: name}
	for _, k := range r.Passkeys {
		if id, err := base64.RawURLEncoding.DecodeString(k.ID); err == nil && k.Host == site.Host {
			user.Keys = append(user.Keys, PasskeyKey{ID: id, Kept: k.Kept, Count: k.Count})
		}
	}
	return user
}

// ofHandle returns the account that passkeys know by a handle.
func (all storedAccounts) ofHandle(handle []byte) (name string, ok bool) {
	encoded := encodeID(handle)
	for name, r := range all {
		if encoded != "" && r.Handle == encoded {
			return name, true
		}
	}
	return "", false
}

// havePasskey reports whether an account has a passkey of this ID.
func (all storedAccounts) havePasskey(id string) bool {
	for _, r := range all {
		if slices.ContainsFunc(r.Passkeys, func(k storedPasskey) bool { return k.ID == id }) {
			return true
		}
	}
	return false
}

func encodeID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// passkeyPurpose and newPasskeyPurpose are for what a question is sealed: it can be answered for no other account, site or purpose.
func passkeyPurpose(account Account, site PasskeySite) string {
	return strings.Join([]string{"passkey", site.Origin, account.Name, strconv.FormatInt(account.generation, 10)}, "\x00")
}

func newPasskeyPurpose(account string, generation int64, site PasskeySite) string {
	return strings.Join([]string{"new passkey", site.Origin, account, strconv.FormatInt(generation, 10)}, "\x00")
}
