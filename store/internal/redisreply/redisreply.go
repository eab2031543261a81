// Package redisreply tells what Redis answered from what came of a broken connection.
package redisreply

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Is reports whether err is Redis' own word, as opposed to a broken connection.
func Is(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// IsWrongType reports whether a key holds something else than what was asked for. Waiting does not change that.
func IsWrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// IsMultiRefused reports whether the access list of this user of Redis lacks MULTI.
func IsMultiRefused(err error) bool {
	return redis.HasErrorPrefix(err, "NOPERM") && strings.Contains(err.Error(), "'multi'")
}

// Exec executes a pipeline that reads. A key that holds something else, or nothing, reads as empty:
// it is not there by our doing, and must not take the logs of others with it.
func Exec(ctx context.Context, pipe redis.Pipeliner) error {
	commands, err := pipe.Exec(ctx)
	if !Is(err) {
		return err
	}
	for _, command := range commands {
		if err := command.Err(); err != nil && !IsWrongType(err) && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}
