package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// scratch is a key, behind the prefix, that nothing is ever written to.
const scratch = "{doctor}"

// commands are what the admin needs of Redis, each with as many arguments as it takes. They are never executed. Publishing and
// subscribing are tried.
func commands(key string) [][]any {
	return [][]any{
		{"ping"},
		{"time"},
		{"info"},
		{"get", key},
		{"getrange", key, 0, 1},
		{"set", key, 1},
		{"del", key},
		{"exists", key},
		{"type", key},
		{"expire", key, 1},
		{"pexpire", key, 1},
		{"pttl", key},
		{"eval", "return 1", 1, key},
		{"evalsha", strings.Repeat("0", 40), 1, key},
		{"hget", key, "f"},
		{"hgetall", key},
		{"hkeys", key},
		{"hmget", key, "f"},
		{"hset", key, "f", 1},
		{"hsetnx", key, "f", 1},
		{"hincrby", key, "f", 1},
		{"hdel", key, "f"},
		{"lindex", key, 0},
		{"lrange", key, 0, 1},
		{"smembers", key},
		{"xadd", key, "*", "f", 1},
		{"xlen", key},
		{"xrange", key, "-", "+"},
		{"xrevrange", key, "+", "-"},
		{"xdel", key, "0-1"},
		{"xtrim", key, "maxlen", 1},
		{"zadd", key, 1, "m"},
		{"zcard", key},
		{"zrange", key, 0, 1},
		{"zrangebylex", key, "-", "+"},
		{"zrangebyscore", key, 0, 1},
		{"zrem", key, "m"},
		{"zremrangebyrank", key, 0, 1},
		{"zremrangebyscore", key, 0, 1},
		{"zrevrangebyscore", key, 1, 0},
		{"zscore", key, "m"},
		{"zmscore", key, "m"},
	}
}

// missingCommands are those that this user of Redis may not use, and those that Redis does not know.
func missingCommands(ctx context.Context, p *patient) (found []Finding, err error) {
	var refused, unknown []string
	for _, s := range p.servers {
		if !s.isRedis() && (s.err == nil || s.isAway()) {
			continue // the imitation knows what is needed, and permits all; one that is away has a finding of its own
		}
		queued, err := queue(ctx, s.client, p.logs.KeyPrefix()+scratch)
		if err != nil {
			return nil, err
		}
		for _, q := range queued {
			switch err, name := q.Err(), strings.ToUpper(q.Name()); {
			case isRefusal(err):
				refused = append(refused, name)
			case err != nil && strings.HasPrefix(err.Error(), "ERR unknown command"):
				unknown = append(unknown, name)
			}
		}
	}
	for _, missing := range []struct {
		name     string
		commands []string
	}{{"commands-refused", refused}, {"commands-unknown", unknown}} {
		if slices.Sort(missing.commands); len(missing.commands) > 0 {
			found = append(found, Finding{Name: missing.name, Grave: true, Subject: strings.Join(slices.Compact(missing.commands), ", ")})
		}
	}
	return found, nil
}

// queue queues all commands in a transaction, which is given up: Redis refuses a command where it is queued, and executes none. Where it
// refuses a transaction, that alone is returned, for what follows would be executed.
func queue(ctx context.Context, client redis.Cmdable, key string) (queued []*redis.Cmd, err error) {
	begin := client.Pipeline()
	queued = append(queued, begin.Do(ctx, "watch", key), begin.Do(ctx, "multi"), begin.Do(ctx, "discard"))
	if _, err := begin.Exec(ctx); err != nil {
		return queued, notReply(err)
	}
	pipe := client.Pipeline()
	pipe.Do(ctx, "multi")
	for _, command := range commands(key) {
		queued = append(queued, pipe.Do(ctx, command...))
	}
	pipe.Do(ctx, "discard")
	_, err = pipe.Exec(ctx)
	return queued, notReply(err)
}

// notReply is an error that is none where Redis has answered with it.
func notReply(err error) error {
	if _, replied := errors.AsType[redis.Error](err); replied {
		return nil
	}
	return err
}
