package command

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/redis/go-redis/v9"
)

// redisFailure is what a command reports when it could not do without Redis: what is wrong, in plain
// words, and what to do about it.
func redisFailure(address string, err error) error {
	if refused := (redis.Error)(nil); errors.As(err, &refused) {
		return fmt.Errorf("%s: see to it that --redis or %s names a user, with the password, who may use it",
			redisTrouble(address, err), variable("redis"))
	}
	return fmt.Errorf("%s: start it there, or say with --redis or %s where it is", redisTrouble(address, err), variable("redis"))
}

// redisTrouble says why Redis at address could not be used, without the calls that have failed.
func redisTrouble(address string, err error) string {
	if refused := (redis.Error)(nil); errors.As(err, &refused) {
		return fmt.Sprintf("Redis at %s refuses (%v)", address, refused)
	}
	return fmt.Sprintf("Redis at %s can't be reached (%s)", address, cause(err))
}

// cause is the innermost reason of a failure of the network: "connection refused".
func cause(err error) string {
	var lookup *net.DNSError
	var call *os.SyscallError
	var operation *net.OpError
	switch {
	case errors.As(err, &lookup):
		return lookup.Err
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &operation):
		return operation.Err.Error()
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
