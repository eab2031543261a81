package webhook

import (
	"crypto/sha256"
	"encoding/hex"
)

// Keys spells every key of webhooks and of the rules that they are about; no other file does. Prefix begins each of them: it is the store's.
// The keys share a hash tag, because scripts that write several need them on one node of a Cluster.
type Keys struct{ Prefix string }

// Rules is the HASH of the rules: id → rule, as JSON. It stays, as accounts do.
func (k Keys) Rules() string { return k.Prefix + "{webhook}:rules" }

// Leader is the STRING that names the process that leads. It expires when that is not heard of any more.
func (k Keys) Leader() string { return k.Prefix + "{webhook}:leader" }

// State is the HASH of how sending to each destination goes: name:field → number. It expires a week after the last attempt.
func (k Keys) State() string { return k.Prefix + "{webhook}:state" }

// Told is the STRING that says when a message about a subject was posted last, in Unix milliseconds by Redis' clock, and until when what it
// told reached, in Unix microseconds. It expires. The subject is hashed, since it may be of any length.
func (k Keys) Told(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return k.Prefix + "{webhook}:told:" + hex.EncodeToString(sum[:16])
}

// Queue is the ZSET of the messages that wait for a destination: id → when the next attempt is due, in Unix milliseconds by Redis' clock.
// It expires a day after the last change.
func (k Keys) Queue(destination string) string { return k.Prefix + "{webhook}:queue:" + destination }

// Messages is the HASH of the same messages: id → number of attempts, who makes the last one, and the message as JSON, with spaces
// between them.
func (k Keys) Messages(destination string) string {
	return k.Prefix + "{webhook}:messages:" + destination
}

// Types are the keys that there is one of, and what Redis' TYPE says of each.
func (k Keys) Types() map[string]string {
	return map[string]string{k.Rules(): "hash", k.Leader(): "string", k.State(): "hash"}
}
