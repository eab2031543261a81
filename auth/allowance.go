package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Limits of the audit records that one account can cause: so many at once, and in the long run so many
// a minute, evenly spread.
const (
	RecordedAtOnce    = 120
	RecordedPerMinute = 30
)

// Allowance limits how much each account can have written to the audit log. The audit log holds the
// newest records only, and no account may push out the older ones. The allowance counts for all
// processes that share a Redis.
//
// Programs that use an account's tokens are counted apart. So a program that asks without end keeps
// nobody from taking its token away. A request that needs the right password, such as a login, is counted
// apart, too. So somebody who has stolen a session can't keep its owner from changing the password.
type Allowance struct {
	keys  Keys
	limit *rateLimit
}

// NewAllowance returns an allowance that counts in client's Redis. It doesn't connect, and doesn't close
// client.
func NewAllowance(client redis.UniversalClient, keys Keys) *Allowance {
	return &Allowance{keys: keys, limit: newRateLimit(client)}
}

// Take counts an action that is going to be recorded. It returns 0 where the action may happen, or else
// how long to wait until it may. While Redis doesn't answer, this process counts by itself. An error is
// ctx's, or what Redis has answered with; nothing is known then.
func (a *Allowance) Take(ctx context.Context, account string, via Via) (wait time.Duration, err error) {
	limit := redis_rate.Limit{Rate: RecordedPerMinute, Burst: RecordedAtOnce, Period: time.Minute}
	wait, err = a.limit.count(ctx, a.keys.Recorded(account, string(via)), limit)
	if err != nil {
		return 0, fmt.Errorf("count what is recorded: %w", err)
	}
	return wait, nil
}

// TakeRefusal counts that an account was refused something. It is counted apart, so that nobody who has an account ask for what it is
// refused keeps it from what it may do. In all else it is [Allowance.Take].
func (a *Allowance) TakeRefusal(ctx context.Context, account string) (wait time.Duration, err error) {
	return a.Take(ctx, account, viaRefused)
}

// Limits of what one account can note of customers, besides that of audit records: so much at once, and in the long run so much a minute.
// A user's notes are few, and nobody may push out those of colleagues.
const (
	NotedAtOnce    = 6
	NotedPerMinute = 12
)

// TakeNote counts a note about a customer, or its like. In all else it is [Allowance.Take].
func (a *Allowance) TakeNote(ctx context.Context, account string) (wait time.Duration, err error) {
	limit := redis_rate.Limit{Rate: NotedPerMinute, Burst: NotedAtOnce, Period: time.Minute}
	wait, err = a.limit.count(ctx, a.keys.Recorded(account, string(viaNote)), limit)
	if err != nil {
		return 0, fmt.Errorf("count notes: %w", err)
	}
	return wait, nil
}

// TakePassword counts a login, or a change of the own password, after the password was found to be right. In all else it
// is [Allowance.Take].
func (a *Allowance) TakePassword(ctx context.Context, account string) (wait time.Duration, err error) {
	return a.Take(ctx, account, viaPassword)
}
