package command

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// redisFailure is what a command reports when it could not do without Redis: what is wrong, in plain
// words, and what to do about it.
func redisFailure(address string, err error) error {
	fault := store.FaultOf(err)
	switch trouble := redisTrouble(address, err); {
	case fault == "credentials":
		return fmt.Errorf("%s: see to it that --redis or %s names a user, with the password, who may use it", trouble, variable("redis"))
	case fault == "refused": // for a reason of its own, which err says
		return err
	case fault.IsRefusal():
		words, broken := views.NewWords()
		return errors.Join(broken, fmt.Errorf("%s: %s", trouble, words.Fault(fault)))
	case adviceOnTLS(err) != "":
		return fmt.Errorf("%s: %s", trouble, adviceOnTLS(err))
	case fault != "":
		return fmt.Errorf("%s: start it there, or say with --redis or %s where it is", trouble, variable("redis"))
	}
	return err
}

// redisTrouble says why Redis at address could not be used, without the calls that have failed. Of several nodes it names the
// one that has failed.
func redisTrouble(address string, err error) string {
	var call *net.OpError
	if strings.Contains(address, ",") && errors.As(err, &call) && call.Addr != nil {
		address = call.Addr.String()
	}
	if store.FaultOf(err).IsRefusal() {
		return fmt.Sprintf("Redis at %s refuses (%s)", address, visible(cause(err)))
	}
	return fmt.Sprintf("Redis at %s can't be reached (%s)", address, visible(cause(err)))
}

// adviceOnTLS says what to do where the two ends don't agree about TLS, or "".
func adviceOnTLS(err error) string {
	var untrusted *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var call *net.OpError
	switch {
	case errors.As(err, &untrusted) && errors.As(err, &authority):
		return "name with --redis-ca the file of the authority that has signed its certificate"
	case errors.As(err, &untrusted):
		return "its certificate must be valid for the first host in --redis"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.As(err, &call) && call.Op == "remote error":
		return "it closes the connection; where it speaks TLS, let --redis begin with rediss://, and name a certificate with --redis-cert and --redis-key if it wants one"
	}
	return ""
}

// cause is the innermost reason of a failure of the network: "connection refused".
func cause(err error) string {
	var lookup *net.DNSError
	var call *os.SyscallError
	var operation *net.OpError
	var reply redis.Error
	switch {
	case errors.As(err, &reply):
		return reply.Error()
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
