package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// evictionTimeout is how long a start waits for Redis to say what it evicts.
const evictionTimeout = 3 * time.Second

// evictionError is that Redis drops accounts and the audit log when its memory is full.
type evictionError struct{ address, policy string }

func (e evictionError) Error() string {
	return fmt.Sprintf("Redis at %s drops any key when its memory is full (maxmemory-policy %s), so that accounts and the audit log can vanish: "+
		"set maxmemory-policy noeviction, or give userlog a Redis of its own; with --allow-eviction it starts all the same", e.address, e.policy)
}

// checkEviction asks Redis which keys it drops when its memory is full. known tells that Redis has answered. The error says that the
// program must not go on.
func (c *serveCommand) checkEviction(ctx context.Context, p *program) (known bool, err error) {
	if c.Redis == "" {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, evictionTimeout)
	defer cancel()
	policy, err := p.logs.EvictionPolicy(ctx)
	switch fault := store.FaultOf(err); {
	case err != nil && fault == "", fault == "not-permitted", fault == "refused":
		p.log.Warn("Redis does not tell whether it evicts keys; accounts and the audit log need maxmemory-policy noeviction; allow INFO to have it checked", "err", err)
		return true, nil
	case err != nil:
		return false, nil // it is away, and asked again
	case evictsAll(policy) && !c.AllowEviction:
		return true, evictionError{p.logs.Address(), policy}
	case evictsAll(policy):
		p.log.Warn("Redis drops any key when its memory is full: accounts and the audit log can vanish", "maxmemory-policy", policy)
	case policy != noEviction:
		p.log.Warn("Redis drops keys with an expiry when its memory is full: people can be logged out, and logs and limits on logins can vanish early", "maxmemory-policy", policy)
	}
	return true, nil
}

// awaitEviction is checkEviction until Redis answers or ctx ends.
func (c *serveCommand) awaitEviction(ctx context.Context, p *program) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if known, err := c.checkEviction(ctx, p); known {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// noEviction is the policy of a Redis that drops nothing.
const noEviction = "noeviction"

// evictsAll reports whether keys without an expiry are dropped.
func evictsAll(policy string) bool { return strings.HasPrefix(policy, "allkeys-") }
