package command

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/redis/go-redis/v9"
)

// redisFailure is what a command reports when it could not do without Redis: what is wrong, in plain
// words, and what to do about it.
func redisFailure(address string, err error) error {
	switch trouble := redisTrouble(address, err); {
	case refused(err):
		return fmt.Errorf("%s: see to it that --redis or %s names a user, with the password, who may use it", trouble, variable("redis"))
	case unreachable(err):
		return fmt.Errorf("%s: start it there, or say with --redis or %s where it is", trouble, variable("redis"))
	}
	return err
}

// redisTrouble says why Redis at address could not be used, without the calls that have failed.
func redisTrouble(address string, err error) string {
	if refused(err) {
		return fmt.Sprintf("Redis at %s refuses (%s)", address, cause(err))
	}
	return fmt.Sprintf("Redis at %s can't be reached (%s)", address, cause(err))
}

// refused says whether Redis is there, and has answered with an error.
func refused(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

// unreachable says whether the network has failed, or Redis was too slow.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, redis.ErrPoolTimeout)
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
