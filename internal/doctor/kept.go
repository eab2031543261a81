package doctor

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/store"
)

// foreignKeys are keys of ours that hold something else.
func foreignKeys(ctx context.Context, p *patient) (found []Finding, err error) {
	prefix := p.logs.KeyPrefix()
	types := p.logs.KeyTypes()
	maps.Copy(types, auth.Keys{Prefix: prefix}.Types())
	maps.Copy(types, audit.Keys{Prefix: prefix}.Types())
	maps.Copy(types, webhook.Keys{Prefix: prefix}.Types())
	pipe := p.logs.Client().Pipeline()
	kinds := make(map[string]*redis.StatusCmd)
	for key := range types {
		kinds[key] = pipe.Type(ctx, key)
	}
	_, err = pipe.Exec(ctx)
	for _, key := range slices.Sorted(maps.Keys(types)) {
		if kind := kinds[key].Val(); kind != "" && kind != "none" && kind != types[key] {
			found = append(found, Finding{Name: "foreign-key", Grave: true, Subject: key, Other: kind})
		}
	}
	return found, err
}

// brokenAuditLog is an audit log that lacks records, or does not end as it was noted.
func brokenAuditLog(ctx context.Context, p *patient) ([]Finding, error) {
	log := audit.New(p.logs.Client(), audit.Keys{Prefix: p.logs.KeyPrefix()}, audit.Options{})
	whole, err := log.LooksWhole(ctx)
	if err != nil || whole {
		return nil, err
	}
	return []Finding{{Name: "audit-broken", Grave: true}}, nil
}

// noSuperuser is that nobody can change accounts, or log in at all.
func noSuperuser(ctx context.Context, p *patient) ([]Finding, error) {
	if p.options.LoginElsewhere {
		return nil, nil
	}
	accounts, err := auth.NewAccounts(p.logs.Client(), auth.Keys{Prefix: p.logs.KeyPrefix()}, auth.AccountOptions{}).List(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(accounts, func(a auth.Account) bool { return a.Role == auth.Superuser && a.HasPassword && !a.Disabled }) {
		return nil, nil
	}
	return []Finding{{Name: "no-superuser"}}, nil
}

// otherPrefixes are applications that report themselves behind another key prefix, where nobody does so behind ours. It looks at some
// of the keys, and only where this user of Redis may.
func otherPrefixes(ctx context.Context, p *patient) ([]Finding, error) {
	if len(p.applications) > 0 || p.applicationsErr != nil {
		return nil, nil
	}
	for _, s := range p.servers {
		if !s.isRedis() {
			continue
		}
		prefix, err := otherPrefix(ctx, s.client, p.logs)
		if err != nil && !isRefusal(err) || prefix != nil {
			return prefix, err
		}
	}
	return nil, nil
}

// maxScans is how many steps of SCAN are tried, each through a thousand keys.
const maxScans = 100

// otherPrefix looks for one such prefix at one server.
func otherPrefix(ctx context.Context, client redis.Cmdable, logs *store.Store) ([]Finding, error) {
	const applications = "applications"
	cursor := uint64(0)
	for range maxScans {
		keys, next, err := client.ScanType(ctx, cursor, "*"+applications, 1000, "set").Result()
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			prefix := key[:len(key)-len(applications)]
			if prefix != logs.KeyPrefix() {
				return []Finding{{Name: "other-prefix", Subject: prefix}}, nil
			}
		}
		if cursor = next; cursor == 0 {
			return nil, nil
		}
	}
	return nil, errors.New("there are too many keys to look at all of them")
}
