package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Limits of how many support codes are tried, be they right or wrong: so many at once, and in the long run so many a minute. There are a million
// codes, of which few hold at one time.
const (
	SupportCodesAtOnce       = 20 // by one account
	SupportCodesPerMinute    = 2
	AllSupportCodesAtOnce    = 200 // by all accounts together
	AllSupportCodesPerMinute = 60
)

// SupportCodes limits how many support codes are tried, by each account and in all. So nobody gets to a log by trying codes out. It counts
// for all processes that share a Redis.
type SupportCodes struct {
	keys  Keys
	limit *rateLimit
}

// NewSupportCodes returns limits that count in client's Redis. It doesn't connect, and doesn't close client.
func NewSupportCodes(client redis.UniversalClient, keys Keys) *SupportCodes {
	return &SupportCodes{keys: keys, limit: newRateLimit(client)}
}

// Try counts that an account tries a code. It returns 0 where the account may, or else how long to wait until it may. An account that has tried
// too many is not counted among all. While Redis doesn't answer, this process counts by itself. An error is ctx's, or what Redis has answered
// with; nothing is known then.
func (s *SupportCodes) Try(ctx context.Context, account string) (wait time.Duration, err error) {
	wait, err = s.limit.count(ctx, s.keys.Recorded(account, viaCode), redis_rate.Limit{Rate: SupportCodesPerMinute, Burst: SupportCodesAtOnce, Period: time.Minute})
	if err == nil && wait == 0 {
		wait, err = s.limit.count(ctx, s.keys.codesTried(), redis_rate.Limit{Rate: AllSupportCodesPerMinute, Burst: AllSupportCodesAtOnce, Period: time.Minute})
	}
	if err != nil {
		return 0, fmt.Errorf("count the support codes that are tried: %w", err)
	}
	return wait, nil
}
