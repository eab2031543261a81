package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one computation of argon2id takes.
type cost struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// weakerThan says whether c asks less of a guesser than d does.
func (c cost) weakerThan(d cost) bool { return c.memory < d.memory || c.time < d.time }

// phc is a hashed password, written as a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
type phc struct {
	cost
	salt []byte
	sum  []byte
}

// Bounds of what is read from Redis: enough for any sensible choice, and no way to make us
// allocate without limit.
const (
	maxCostMemory  = 1 << 20 // KiB
	maxCostTime    = 64
	maxCostThreads = 64
	maxSaltOrSum   = 128 // bytes
	minSaltOrSum   = 8   // bytes
)

// errPHC is not more specific on purpose: it may be logged, and the string is a secret.
var errPHC = errors.New("not an argon2id hash in PHC form, or one with parameters out of range")

// parsePHC is the inverse of [phc.String].
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return phc{}, errPHC
	}
	var p phc
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return phc{}, errPHC
	}
	if p.sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return phc{}, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return phc{}, errPHC
	}
	// Sscanf is lenient about spaces, signs and what follows: only our own spelling is accepted.
	if p.String() != s || !p.inRange() {
		return phc{}, errPHC
	}
	return p, nil
}

func (p phc) inRange() bool {
	within := func(n, low, high int) bool { return low <= n && n <= high }
	return within(int(p.threads), 1, maxCostThreads) &&
		within(int(p.time), 1, maxCostTime) &&
		within(int(p.memory), 8*int(p.threads), maxCostMemory) &&
		within(len(p.salt), minSaltOrSum, maxSaltOrSum) &&
		within(len(p.sum), minSaltOrSum, maxSaltOrSum)
}

// String returns the PHC string.
func (p phc) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.time, p.threads, encode(p.salt), encode(p.sum))
}
