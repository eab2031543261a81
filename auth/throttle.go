package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// Limits of attempts to log in, per [ThrottleWindow].
const (
	ThrottleWindow    = time.Minute
	AttemptsPerPair   = 5  // by one address for one account
	AttemptsByAddress = 50 // by one address for all accounts
)

// Throttle limits attempts to log in, for all processes that share a Redis. It counts per account
// and address, so that a stranger can't lock the owner of an account out from afar.
type Throttle struct {
	client redis.UniversalClient
	keys   store.Keys
}

// NewThrottle returns a throttle that counts in client's Redis. It doesn't connect, and doesn't
// close client.
func NewThrottle(client redis.UniversalClient, keys store.Keys) *Throttle {
	return &Throttle{client: client, keys: keys}
}

// Allow counts an attempt and returns 0 where it may be made, or else how long to wait before the
// next one. Call it before the password is checked, so that parallel guesses are counted too, and
// for unknown accounts alike. address is the client's IP address without a port; the addresses of
// one IPv6 network (/64) count as one. An error is Redis's or ctx's: nothing is known then.
func (t *Throttle) Allow(ctx context.Context, name, address string) (wait time.Duration, err error) {
	address = network(address)
	// The pair comes first: who hammers one account doesn't use up what others behind the same
	// address have.
	wait, err = t.count(ctx, pairSubject(name, address), AttemptsPerPair)
	if err != nil || wait > 0 {
		return wait, err
	}
	return t.count(ctx, addressSubject(address), AttemptsByAddress)
}

// Succeeded forgets the attempts for this account by this address. Call it when the password was
// right. What the address tried altogether stays counted: one known password must not buy more guesses.
func (t *Throttle) Succeeded(ctx context.Context, name, address string) error {
	key := t.keys.LoginAttempts(pairSubject(name, network(address)))
	if err := t.client.Del(ctx, key).Err(); err != nil {
		return fmt.Errorf("forget login attempts: %w", err)
	}
	return nil
}

// count adds an attempt to subject's window, and returns what is left of the window where there
// were more than limit. Attempts that are refused don't make the window longer.
func (t *Throttle) count(ctx context.Context, subject string, limit int64) (time.Duration, error) {
	key := t.keys.LoginAttempts(subject)
	var attempts *redis.IntCmd
	var left *redis.DurationCmd
	_, err := t.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		// The counter is created with its expiry, so that none can be left without one.
		tx.SetNX(ctx, key, 0, ThrottleWindow)
		attempts = tx.Incr(ctx, key)
		left = tx.PTTL(ctx, key)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count login attempts: %w", err)
	}
	if attempts.Val() <= limit {
		return 0, nil
	}
	return max(left.Val(), time.Millisecond), nil
}

// pairSubject is a hash because the name is whatever a stranger has typed.
func pairSubject(name, address string) string {
	sum := sha256.Sum256([]byte(address + "\x00" + name))
	return "pair:" + hex.EncodeToString(sum[:])
}

func addressSubject(address string) string { return "address:" + address }

// network returns the IPv4 address, or the IPv6 network that one customer has to choose from.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
