package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Limits of what one account can have recorded: so much at once, and in the long run so much a minute,
// evenly spread.
const (
	RecordedAtOnce    = 120
	RecordedPerMinute = 30
)

// Allowance limits what each account can have written to the viewing log, which holds the newest records
// only: who is let in must not be able to push out what was done before. It counts for all processes that
// share a Redis.
//
// What programs do with an account's tokens is counted apart, so that a program that asks without end
// keeps nobody from taking its token away.
type Allowance struct {
	keys  Keys
	rates *rates
}

// NewAllowance returns an allowance that counts in client's Redis. It doesn't connect, and doesn't close
// client.
func NewAllowance(client redis.UniversalClient, keys Keys) *Allowance {
	return &Allowance{keys: keys, rates: newRates(client)}
}

// Take counts something that is going to be recorded and returns 0 where it may be, or else how long to
// wait until it may. While Redis doesn't answer, this process counts by itself. So an error is ctx's, or
// what Redis has answered with; nothing is known then.
func (a *Allowance) Take(ctx context.Context, account string, via Via) (wait time.Duration, err error) {
	limit := redis_rate.Limit{Rate: RecordedPerMinute, Burst: RecordedAtOnce, Period: time.Minute}
	wait, err = a.rates.count(ctx, a.keys.Recorded(account, string(via)), limit)
	if err != nil {
		return 0, fmt.Errorf("count what is recorded: %w", err)
	}
	return wait, nil
}
