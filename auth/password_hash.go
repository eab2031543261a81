package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost is the memory, time and threads of one computation of argon2id.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// defaultCost is OWASP's first choice for argon2id.
var defaultCost = Cost{Memory: 19 * 1024, Passes: 2, Threads: 1}

// weakerThan reports whether c asks less of a guesser than d does.
func (c Cost) weakerThan(d Cost) bool { return c.Memory < d.Memory || c.Passes < d.Passes }

const (
	maxHashes   = 2         // at once: 38 MiB of memory, and as much again until it is collected
	maxKnown    = 1         // at once, besides, for browsers that are known
	maxQueue    = 64        // that wait: each holds a request
	smallMemory = 256 << 20 // bytes; where the Go runtime is to keep below it, one hash is computed at a time

	saltLength = 16 // bytes
	sumLength  = 32 // bytes
)

// maxWait is how long somebody waits at most until her password is looked at.
const maxWait = 3 * time.Second

// ErrBusy says that so many passwords are being checked that one more would have to wait for more than [BusyWait].
var ErrBusy = errors.New("too many passwords are being checked: try again in a moment")

// BusyWait is after how long to try again after [ErrBusy].
const BusyWait = maxWait

// hasher computes argon2id, few at a time. Each computation takes tens of milliseconds and 19 MiB, and
// strangers decide how many are asked for. Known browsers have a lane of their own.
type hasher struct {
	cost   Cost          // of new hashes
	slots  chan struct{} // one for each computation under way
	known  chan struct{} // the same in the lane of known browsers
	turn   chan struct{} // one for each computation in both lanes
	queue  chan struct{} // one for each that waits and is not known
	wait   time.Duration // maxWait, but for tests
	derive func(password string, p passwordHash) (sum []byte)
}

func newHasher(cost Cost) hasher {
	strangers, all := maxHashes, maxHashes+maxKnown
	if debug.SetMemoryLimit(-1) < smallMemory {
		strangers, all = 1, 1
	}
	return hasher{
		cost: cost, slots: make(chan struct{}, strangers), known: make(chan struct{}, maxKnown), turn: make(chan struct{}, all), queue: make(chan struct{}, maxQueue),
		wait: maxWait, derive: argon2id,
	}
}

// knownKey is the key under which a context says that it is of a known browser.
type knownKey struct{}

// FromKnownBrowser returns a context in which passwords are checked in the lane of known browsers.
func FromKnownBrowser(ctx context.Context) context.Context {
	return context.WithValue(ctx, knownKey{}, true)
}

// argon2id computes the sum of a password with the cost, the salt and the length of the sum of p.
func argon2id(password string, p passwordHash) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.Passes, p.Memory, p.Threads, uint32(len(p.sum)))
}

// hash returns a new hash of the password in PHC form. It blocks while others are being computed. Its
// only error is ctx's.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	p := h.blank()
	rand.Read(p.salt) // never fails, it ends the program instead
	sum, err := h.sum(ctx, password, p)
	if err != nil {
		return "", err
	}
	p.sum = sum
	return p.String(), nil
}

// blank is a hash of no password. Comparing with it takes as long as with any other of the same cost.
func (h hasher) blank() passwordHash {
	return passwordHash{Cost: h.cost, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
}

// matches reports whether p is a hash of the password. It blocks as hash does.
func (h hasher) matches(ctx context.Context, password string, p passwordHash) (bool, error) {
	sum, err := h.sum(ctx, password, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, p.sum) == 1, nil
}

func (h hasher) sum(ctx context.Context, password string, p passwordHash) ([]byte, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	h.turn <- struct{}{} // at most one of the other lane is before us
	defer func() { <-h.turn }()
	return h.derive(password, p), nil
}

// enter waits for its turn, and returns how to end that. Its errors are [ErrBusy], and ctx's.
func (h hasher) enter(ctx context.Context) (leave func(), err error) {
	var lane chan struct{} // nil for strangers: it is never free
	if ctx.Value(knownKey{}) != nil {
		lane = h.known
	}
	select {
	case lane <- struct{}{}:
		return func() { <-lane }, nil
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	default:
	}
	if lane == nil {
		select {
		case h.queue <- struct{}{}:
			defer func() { <-h.queue }()
		default:
			return nil, ErrBusy
		}
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case lane <- struct{}{}:
		return func() { <-lane }, nil
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-timer.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
}

// passwordHash is a hashed password. It is written as a PHC string:
// $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
type passwordHash struct {
	Cost
	salt []byte
	sum  []byte
}

// Bounds of what is read from Redis. They leave room for any sensible choice, and keep a forged hash
// from making us allocate without limit.
const (
	maxCostMemory  = 1 << 20 // KiB
	maxCostPasses  = 64
	maxCostThreads = 64
	maxSaltOrSum   = 128 // bytes
	minSaltOrSum   = 8   // bytes
)

// errPasswordHash is not more specific on purpose: it may be logged, and the string is a secret.
var errPasswordHash = errors.New("not an argon2id hash in PHC form, or one with parameters out of range")

// parsePasswordHash is the inverse of [passwordHash.String].
func parsePasswordHash(s string) (passwordHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return passwordHash{}, errPasswordHash
	}
	var p passwordHash
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return passwordHash{}, errPasswordHash
	}
	if p.sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return passwordHash{}, errPasswordHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Passes, &p.Threads); err != nil {
		return passwordHash{}, errPasswordHash
	}
	// Sscanf is lenient about spaces, signs and the rest of the text: only our own spelling is accepted.
	if p.String() != s || !p.inRange() {
		return passwordHash{}, errPasswordHash
	}
	return p, nil
}

func (p passwordHash) inRange() bool {
	within := func(n, low, high int) bool { return low <= n && n <= high }
	return within(int(p.Threads), 1, maxCostThreads) &&
		within(int(p.Passes), 1, maxCostPasses) &&
		within(int(p.Memory), 8*int(p.Threads), maxCostMemory) &&
		within(len(p.salt), minSaltOrSum, maxSaltOrSum) &&
		within(len(p.sum), minSaltOrSum, maxSaltOrSum)
}

// String returns the PHC string.
func (p passwordHash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.Memory, p.Passes, p.Threads, encode(p.salt), encode(p.sum))
}
