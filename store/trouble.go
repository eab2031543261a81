package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// Trouble is a user in trouble, and the last of the user's requests that failed. Of several failures within two seconds it is the worst.
type Trouble struct {
	Username string
	At       time.Time
	Code     int // 400 or more; 0 where the failure has no such status, as where the application says what went wrong
}

// InTrouble returns up to limit users whose logs have not expired, and of whose own requests one failed (see
// [Entry.Failed]). The last one comes first. It waits for Redis for two seconds at most; where a
// master of a Cluster hangs, for six. With [ErrPartial] there may be more users.
func (s *Store) InTrouble(ctx context.Context, limit int) ([]Trouble, error) {
	if limit < 1 {
		return nil, nil
	}
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	since := lastSeenSince(s.Now(), s.options.Retention)
	found, err := s.index.newest(ctx, s.index.parts(ctx, nil), func(p indexPart) string { return p.Trouble(p.number) }, since, limit)
	if err != nil {
		err = fmt.Errorf("read who is in trouble: %w", err)
	}
	users := make([]Trouble, 0, len(found))
	for _, z := range found {
		at, code := readTroubleScore(z.Score)
		users = append(users, Trouble{Username: z.Member.(string), At: at, Code: code})
	}
	return users, err
}

// TroubleOf returns the last trouble of each of some users, in the order of the names. Its At is zero where there is none, or where it
// has expired. It waits for Redis for two seconds at most. With [ErrPartial] there may be more.
func (s *Store) TroubleOf(ctx context.Context, usernames ...string) ([]Trouble, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	s.index.layout.refresh(ctx)
	scores, err := s.index.scoresIn(ctx, usernames, keys.Index.Trouble)
	if err != nil {
		err = fmt.Errorf("read the trouble of %d users: %w", len(usernames), err)
	}
	if scores == nil {
		return nil, err
	}
	found := make([]Trouble, len(usernames))
	for i, username := range usernames {
		if found[i].Username = username; scores[i] > 0 {
			found[i].At, found[i].Code = readTroubleScore(scores[i])
		}
	}
	return found, err
}

// troubleScore is the score in [Keys.Trouble]: Unix milliseconds, and as their fraction the status
// in thousandths, if it is one of a failure. A float64 has room for both until the year 2248.
func troubleScore(at time.Time, code int) float64 {
	if code < 400 {
		code = 0
	}
	return float64(at.UnixMilli()) + float64(code)/1000
}

func readTroubleScore(score float64) (at time.Time, code int) {
	milliseconds, fraction := math.Modf(score)
	return time.UnixMilli(int64(milliseconds)).UTC(), int(math.Round(fraction * 1000))
}
