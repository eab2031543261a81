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
	Client redis.UniversalClient // whose Redis has them
	Keys   webhook.Keys
	Log    audit.Appender   // nil where nothing is changed
	Now    func() time.Time // by Redis' clock
}

// List returns all rules, in the order in which they were made. What is not written by this version, or by an older one, is left out.
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
	rule.ID, rule.By, rule.Made = rand.Text(), by.Name, r.Now().UTC().Truncate(time.Microsecond)
	encoded, err := json.Marshal(rule)
	if err == nil {
		err = r.record(ctx, by, audit.RuleMade, rule)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := r.Client.HSet(ctx, r.Keys.Rules(), rule.ID, encoded).Err(); err != nil {
		return fmt.Errorf("make a rule: %w", err)
	}
	return nil
}

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
	if err := r.record(ctx, by, audit.RuleRemoved, all[i]); err != nil {
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
func (r *Rules) record(ctx context.Context, by audit.Actor, action audit.Action, rule Rule) error {
	change := by.Record(action, rule.Username)
	change.Detail = rule.detail()
	_, err := r.Log.Append(ctx, change)
	return err
}
