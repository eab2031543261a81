package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed" // commonPasswords
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Limits of a password. The upper one bounds the work that a stranger can ask for.
const (
	MinPassword = 12   // characters
	MaxPassword = 1024 // bytes
)

// Errors of [CheckPassword].
var (
	ErrPasswordShort   = fmt.Errorf("the password is shorter than %d characters", MinPassword)
	ErrPasswordLong    = fmt.Errorf("the password is longer than %d bytes", MaxPassword)
	ErrPasswordInvalid = errors.New("the password is not valid UTF-8")
	ErrPasswordCommon  = errors.New("the password is one of the most common ones: choose another")
)

// commonPasswords are those of 12 characters and more that leak most often, in lower case, each
// between two line ends. common.LICENSE says whose list it is; "make vendor" fetches it.
//
//go:embed common.txt
var commonPasswords string

// CheckPassword says whether an account can have this password. Length, and not being one that
// everybody tries first, is all that is asked for: rules of composition make passwords that are
// worse to remember and no harder to guess.
func CheckPassword(password string) error {
	switch {
	case len(password) > MaxPassword:
		return ErrPasswordLong
	case !utf8.ValidString(password):
		return ErrPasswordInvalid
	case utf8.RuneCountInString(password) < MinPassword:
		return ErrPasswordShort
	case strings.Contains(commonPasswords, "\n"+strings.ToLower(password)+"\n"):
		return ErrPasswordCommon
	}
	return nil
}

const (
	maxHashes  = 2  // at once: 38 MiB of memory, and as much again until it is collected
	saltLength = 16 // bytes
	sumLength  = 32 // bytes
)

// currentCost is what new passwords are hashed with: OWASP's first choice for argon2id.
var currentCost = cost{memory: 19 * 1024, time: 2, threads: 1}

// hasher computes argon2id, few at a time: each takes tens of milliseconds and 19 MiB, and
// strangers decide how many are asked for.
type hasher struct {
	slots chan struct{}
}

func newHasher() hasher { return hasher{slots: make(chan struct{}, maxHashes)} }

// hash returns a new hash of password in PHC form. It blocks while others are being computed; its
// only error is ctx's.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{cost: currentCost, salt: make([]byte, saltLength)}
	rand.Read(p.salt) // never fails, it ends the program instead
	sum, err := h.sum(ctx, password, p.cost, p.salt, sumLength)
	if err != nil {
		return "", err
	}
	p.sum = sum
	return p.String(), nil
}

// matches says whether p is a hash of password. It blocks as hash does.
func (h hasher) matches(ctx context.Context, password string, p phc) (bool, error) {
	sum, err := h.sum(ctx, password, p.cost, p.salt, len(p.sum))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, p.sum) == 1, nil
}

func (h hasher) sum(ctx context.Context, password string, c cost, salt []byte, length int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(length)), nil
}
