// Package redisreply tells what Redis answered from what came of a broken connection.
package redisreply

import (
	"context"
	"errors"
	"strconv"
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

// IsForbidden reports whether the access list of this user of Redis lacks what a command needs. Of a command that a script has called, Redis
// says so in other words: until 7.0, and from 7.2 on.
func IsForbidden(err error) bool {
	return redis.HasErrorPrefix(err, "NOPERM") ||
		Is(err) && (strings.Contains(err.Error(), "The user executing the script can't") || strings.Contains(err.Error(), "ACL failure in script: "))
}

// Begins reports whether a reply begins with a text such as "OOM". Redis 6 puts the line of a script in front of what a command of the
// script was told.
func Begins(err error, text string) bool {
	var reply redis.Error
	return errors.As(err, &reply) && (strings.HasPrefix(reply.Error(), text) || strings.Contains(reply.Error(), ": -"+text))
}

// IsUnknownCommand reports whether Redis does not have a command, as before the version that brought it. The client leaves out the
// "ERR" in front before it compares.
func IsUnknownCommand(err error) bool { return redis.HasErrorPrefix(err, "unknown command") }

// IsUnknownInScript reports whether a script called a command that Redis does not have. Redis 6 puts the line of the script in
// front, and forks do not say "Redis".
func IsUnknownInScript(err error) bool {
	return Is(err) && strings.Contains(err.Error(), "nknown") && strings.Contains(err.Error(), "command called from")
}

// IsRedirection reports whether a node of a Cluster has said that a key is at another one, or on its way there.
func IsRedirection(err error) bool {
	return redis.HasErrorPrefix(err, "MOVED") || redis.HasErrorPrefix(err, "ASK") || redis.HasErrorPrefix(err, "TRYAGAIN")
}

// Moved returns the slot that a node of a Cluster does not have, if that is what it has said.
func Moved(err error) (slot uint16, ok bool) {
	if !redis.HasErrorPrefix(err, "MOVED") {
		return 0, false
	}
	fields := strings.Fields(err.Error()) // MOVED 3999 127.0.0.1:6381
	if len(fields) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[1], 10, 14)
	return uint16(n), err == nil
}

// Exec executes a pipeline that reads. A key that holds something else, or nothing, reads as empty:
// it is not there by our doing, and must not take the logs of others with it.
func Exec(ctx context.Context, pipe redis.Pipeliner) error {
	return exec(ctx, pipe, func(err error) bool { return IsWrongType(err) || errors.Is(err, redis.Nil) })
}

// ExecOnMaster is [Exec] on one master of a Cluster. The commands themselves tell what is at another one: see
// [IsRedirection].
func ExecOnMaster(ctx context.Context, pipe redis.Pipeliner) error {
	return exec(ctx, pipe, func(err error) bool { return IsWrongType(err) || errors.Is(err, redis.Nil) || IsRedirection(err) })
}

func exec(ctx context.Context, pipe redis.Pipeliner, allowed func(error) bool) error {
	commands, err := pipe.Exec(ctx)
	if !Is(err) {
		return err
	}
	for _, command := range commands {
		if err := command.Err(); err != nil && !allowed(err) {
			return err
		}
	}
	return nil
}
