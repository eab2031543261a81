package store

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Fault says in a word why Redis can't be used, such as "out-of-memory". It is "" where nothing is known to be wrong.
//
// It is "unreachable" where Redis does not answer. Where Redis answers, it is one of these: "read-only", "out-of-memory", "disk",
// "not-permitted", "credentials", "loading", "replicas", "busy" and "cluster-down". Three words are about an address of another kind.
// It is "cluster" where one node of a Cluster was given as a server of its own, and "no-cluster" where a server was given as a
// Cluster. It is "sentinel" where a Sentinel was given as a server. Anything else is "refused".
type Fault string

// Faults that no single reply tells.
const (
	unreachable Fault = "unreachable"
	forbidden   Fault = "not-permitted"
	sentinel    Fault = "sentinel"
	refused     Fault = "refused"
)

// faultsOfReplies are what replies of Redis begin with, and what they mean.
var faultsOfReplies = [...]struct {
	prefix string
	fault  Fault
}{
	{"READONLY ", "read-only"},
	{"MASTERDOWN ", "read-only"},
	{"OOM ", "out-of-memory"},
	{"MISCONF ", "disk"},
	{"NOAUTH ", "credentials"},
	{"WRONGPASS ", "credentials"},
	{"ERR invalid password", "credentials"},
	{"ERR AUTH ", "credentials"},
	{"LOADING ", "loading"},
	{"NOREPLICAS ", "replicas"},
	{"BUSY ", "busy"},
	{"CLUSTERDOWN ", "cluster-down"},
	{"MOVED ", "cluster"},
	{"ASK ", "cluster"},
	{"CROSSSLOT ", "cluster"},
	{"ERR SELECT is not allowed in cluster mode", "cluster"},
	{"ERR This instance has cluster support disabled", "no-cluster"},
}

// Faults are all words that there are.
func Faults() []Fault {
	all := []Fault{unreachable, forbidden, sentinel, refused}
	for _, known := range faultsOfReplies {
		if !slices.Contains(all, known.fault) {
			all = append(all, known.fault)
		}
	}
	return all
}

// IsRefusal reports whether Redis answers, and refuses.
func (f Fault) IsRefusal() bool { return f != "" && f != unreachable }

// commandsOfServers are commands that userlog sends first, and that a Sentinel does not know.
var commandsOfServers = [...]string{"set", "get", "multi", "evalsha", "zadd", "hget", "hmget", "hgetall", "lrange", "getrange", "select", "time", "xrevrange", "watch"}

// FaultOf tells why a call has failed. It is "" for nil, for a call that was cancelled, and for an error that is not about Redis.
func FaultOf(err error) Fault {
	var broken net.Error
	var moves slotMoves
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return ""
	case strings.Contains(err.Error(), "redis: all sentinels"): // the Sentinels may have answered that they know no such master
		return unreachable
	case errors.Is(err, redis.Nil), errors.Is(err, redis.TxFailedErr), isScriptMissing(err): // all of which calls go on after
		return ""
	case errors.As(err, &moves):
		return "cluster-down"
	case redisreply.IsForbidden(err):
		return forbidden
	case redisreply.Is(err):
		return faultOfReply(err)
	case errors.As(err, &broken), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &certificate), errors.As(err, &noTLS),
		errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, context.DeadlineExceeded), strings.Contains(err.Error(), "redis: cluster has no nodes"):
		return unreachable
	}
	return ""
}

// faultOfReply tells the fault by the text of a reply.
func faultOfReply(reply error) Fault {
	for _, known := range faultsOfReplies {
		if redisreply.Begins(reply, known.prefix) {
			return known.fault
		}
	}
	if rest, unknown := strings.CutPrefix(strings.ToLower(innermost(reply).Error()), "err unknown command "); unknown {
		quoted := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("'`\", ", r) })
		if len(quoted) > 0 && slices.Contains(commandsOfServers[:], quoted[0]) {
			return sentinel
		}
	}
	return refused
}

// innermost is the reply itself, without what was said around it.
func innermost(err error) error {
	var reply redis.Error
	if errors.As(err, &reply) {
		return reply
	}
	return err
}
