package rules

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/webhook"
)

// redisTimeout bounds how long Redis is waited for.
const redisTimeout = 2 * time.Second

// Rules are the rules in a Redis. Each change is written to the audit log before it is made. All methods may be called from several
// goroutines, and wait for Redis for some seconds at most.
type Rules struct {
	Client redis.UniversalClient // whose Redis has them, and whose clock says when they were made
	Keys   webhook.Keys
	Log    audit.Appender // nil where nothing is changed
}

// List returns all rules, in the order in which they were made. A rule that is not written by this version, or by an older one, is left out.
func (r *Rules) List(ctx context.Context) ([]Rule, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	fields, err := r.Client.HGetAll(ctx, r.Keys.Rules()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	all := make([]Rule, 0, len(fields))
	for id, text := range fields {
		rule := Rule{}
		if err := json.Unmarshal([]byte(text), &rule); err == nil && rule.Check() == nil {
			rule.ID = id
			all = append(all, rule)
		}
	}
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// Add makes a rule in the name of an actor, who is its By. The errors are those of [Rule.Check], [ErrTooMany], [ErrExists], and failures of Redis
// and of the audit log. Two that are added at the same moment may be alike.
func (r *Rules) Add(ctx context.Context, by audit.Actor, rule Rule) error {
	if err := rule.Check(); err != nil {
		return err
	}
	all, err := r.List(ctx)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(all, rule.isLike):
		return ErrExists
	case len(all) >= MaxRules:
		return ErrTooMany
	}
	rule.ID, rule.By = rand.Text(), by.Name
	if rule.Made, err = r.now(ctx); err != nil {
		return err
	}
	encoded, err := json.Marshal(rule)
	if err == nil {
		err = r.record(ctx, by, audit.RuleMade, rule.Username, rule.detail())
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	added, err := redis.NewScript(addScript).Run(ctx, r.Client, []string{r.Keys.Rules()}, rule.ID, encoded, MaxRules).Int()
	switch {
	case err != nil:
		return fmt.Errorf("make a rule: %w", err)
	case added == 0: // others were quicker, and what is written down has to be put right
		return cmp.Or(r.record(ctx, by, audit.RuleMade, rule.Username, "refused: "+ErrTooMany.Error()), ErrTooMany)
	}
	return nil
}

// now is the time by Redis' clock, as the times of failures are. The clock of the host may be wrong.
func (r *Rules) now(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	at, err := r.Client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("ask Redis for the time: %w", err)
	}
	return at.UTC(), nil
}

// addScript adds a rule, unless there are too many. KEYS[1] is the rules (HASH). ARGV[1] is the id, ARGV[2] the rule, and ARGV[3] how many there may
// be. It counts and adds in one step, so that several at the same moment can't be one too many.
const addScript = `
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
	return 0
end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
`

// Remove removes a rule in the name of an actor. The errors are [ErrNoRule], and failures of Redis and of the audit log.
func (r *Rules) Remove(ctx context.Context, by audit.Actor, id string) error {
	all, err := r.List(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(rule Rule) bool { return rule.ID == id })
	if i < 0 {
		return ErrNoRule
	}
	if err := r.record(ctx, by, audit.RuleRemoved, all[i].Username, all[i].detail()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := r.Client.HDel(ctx, r.Keys.Rules(), id).Err(); err != nil {
		return fmt.Errorf("remove a rule: %w", err)
	}
	return nil
}

// record writes a change to the audit log.
func (r *Rules) record(ctx context.Context, by audit.Actor, action audit.Action, username, detail string) error {
	change := by.Record(action, username)
	change.Detail = detail
	_, err := r.Log.Append(ctx, change)
	return err
}
