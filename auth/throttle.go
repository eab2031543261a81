package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Limits of attempts to log in. So many are allowed at once, and in the long run as many per
// [ThrottleWindow], evenly spread.
const (
	ThrottleWindow    = time.Minute
	AttemptsPerPair   = 5   // by one address for one account
	AttemptsByAddress = 50  // by one address for all accounts
	AttemptsBySite    = 100 // by the addresses that one customer may have: 256 IPv4 addresses, or an IPv6 network of /56
	AttemptsByNetwork = 200 // by those that a company may have: an IPv6 network of /48
)

// Throttle limits attempts to log in, for all processes that share a Redis. It counts per account
// and address, so that a stranger can't lock the owner of an account out from afar.
type Throttle struct {
	client redis.UniversalClient
	keys   Keys
	limit  *rateLimit
}

// NewThrottle returns a throttle that counts in client's Redis. It doesn't connect, and doesn't
// close client.
func NewThrottle(client redis.UniversalClient, keys Keys) *Throttle {
	return &Throttle{client: client, keys: keys, limit: newRateLimit(client)}
}

// Allow counts an attempt and returns 0 where it may be made, or else how long to wait until the
// next one may. Call it before the password is checked, so that parallel guesses are counted too. Call
// it for unknown accounts alike. The address is the client's IP address without a port. The addresses
// of one IPv6 network (/64) count as one. Larger networks have an allowance, too, because one person may have all of a network.
//
// While Redis doesn't answer, this process counts by itself, so that the work that strangers can ask
// for stays bounded. An error is ctx's, or what Redis has answered with; nothing is known then.
func (t *Throttle) Allow(ctx context.Context, name, address string) (wait time.Duration, err error) {
	tiers := tiersOf(address)
	// The pair comes first. So guessing at one account doesn't use up the attempts of others behind the
	// same address. Nor does what one address has too much of use up those of its neighbours.
	wait, err = t.count(ctx, pairSubject(name, tiers[0].subject), AttemptsPerPair)
	for i := 0; i < len(tiers) && err == nil && wait == 0; i++ {
		wait, err = t.count(ctx, addressSubject(tiers[i].subject), tiers[i].attempts)
	}
	return wait, err
}

// Succeeded forgets the attempts for this account by this address. Call it when the password was
// right. All attempts by the address stay counted: one known password must not buy more guesses.
func (t *Throttle) Succeeded(ctx context.Context, name, address string) error {
	key := t.keys.loginAttempts(pairSubject(name, tiersOf(address)[0].subject))
	t.limit.local.forget(key)
	if err := t.client.Del(ctx, key).Err(); err != nil {
		return fmt.Errorf("forget login attempts: %w", err)
	}
	return nil
}

// Lane tells whose codes are counted together. So who knows a password can't keep its owner, who has logged in before in her browser,
// from giving the second factor there.
type Lane string

// Lanes.
const (
	LaneStranger Lane = "stranger"
	LaneKnown    Lane = "known"   // a browser in which the account was logged in before
	LaneSession  Lane = "session" // one in which it is logged in
)

// Limits of codes of second factors that are tried for one account, from whatever addresses. Of a million codes three are right at a time:
// within a day somebody who knows the password, and tries all the time, finds one with a chance of less than one in a thousand.
const (
	CodesAtOnce  = 10
	CodesPerHour = 10
)

// AllowCode counts that a code of a second factor is tried, and returns 0 where it may be, or else how long to wait. Only who knows the
// password of the account, or is logged in, may be let as far. Count the attempt by [Throttle.Allow], too.
func (t *Throttle) AllowCode(ctx context.Context, name string, lane Lane) (wait time.Duration, err error) {
	limit := redis_rate.Limit{Rate: CodesPerHour, Burst: CodesAtOnce, Period: time.Hour}
	wait, err = t.limit.count(ctx, t.keys.loginAttempts(codeSubject(name, lane)), limit)
	if err != nil {
		return 0, fmt.Errorf("count codes: %w", err)
	}
	return wait, nil
}

// CodeSucceeded forgets the codes that were tried for an account in a lane. Call it when one was right.
func (t *Throttle) CodeSucceeded(ctx context.Context, name string, lane Lane) error {
	key := t.keys.loginAttempts(codeSubject(name, lane))
	t.limit.local.forget(key)
	if err := t.client.Del(ctx, key).Err(); err != nil {
		return fmt.Errorf("forget codes: %w", err)
	}
	return nil
}

func codeSubject(name string, lane Lane) string { return "code:" + hashPair(string(lane), name) }

// count counts one of the attempts that a subject has per window. Where there are too many it returns
// how long to wait. A refused attempt doesn't make the wait longer.
func (t *Throttle) count(ctx context.Context, subject string, attempts int) (time.Duration, error) {
	limit := redis_rate.Limit{Rate: attempts, Burst: attempts, Period: ThrottleWindow}
	wait, err := t.limit.count(ctx, t.keys.loginAttempts(subject), limit)
	if err != nil {
		return 0, fmt.Errorf("count login attempts: %w", err)
	}
	return wait, nil
}

// pairSubject is a hash, because a stranger can have typed any name.
func pairSubject(name, address string) string {
	sum := sha256.Sum256([]byte(address + "\x00" + name))
	return "pair:" + hex.EncodeToString(sum[:])
}

func addressSubject(address string) string { return "address:" + address }

// tier is an address, or a network in which it is, and how many attempts are allowed from there.
type tier struct {
	subject  string
	attempts int
}

// tiersOf returns the address and the networks in which it is, the smallest one first. A text that is no address has one tier.
func tiersOf(address string) []tier {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return []tier{{address, AttemptsByAddress}}
	}
	network := func(bits int) string { return netip.PrefixFrom(ip, bits).Masked().String() }
	one := tier{OneCustomer(ip), AttemptsByAddress}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return []tier{one, {network(24), AttemptsBySite}}
	}
	return []tier{one, {network(56), AttemptsBySite}, {network(48), AttemptsByNetwork}}
}

// OneCustomer is what counts as one address where something is limited: an IPv4 address, or the IPv6 network of /64 in which an address is.
// Providers give a whole one to each customer.
func OneCustomer(ip netip.Addr) string {
	if ip = ip.Unmap().WithZone(""); ip.Is4() || !ip.IsValid() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
