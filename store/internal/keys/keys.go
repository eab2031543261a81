// Package keys spells the keys and channels of logs in Redis. No other place spells these.
package keys

import (
	"fmt"
	"strconv"
	"strings"
)

// Keys spells every key and channel of logs. Those of accounts are spelled in auth, and those of the audit log in
// internal/audit, behind the same prefix. The zero Keys is not useful.
type Keys struct {
	prefix  string       // of keys
	channel string       // of channels
	tags    func() []int // of slots: what puts the name of a channel into the slot
}

// New returns the keys that begin with prefix, and the channels that begin with channel, which differs where keys have
// no prefix. Glob characters are refused, because the prefix becomes part of the one pattern that is subscribed to.
func New(prefix, channel string) (Keys, error) {
	bad := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`*?[]\^`, r) }
	if strings.ContainsFunc(prefix, bad) {
		return Keys{}, fmt.Errorf("key prefix %q: use printable ASCII without spaces and without any of * ? [ ] \\ ^", prefix)
	}
	k := Keys{prefix: prefix, channel: channel}
	k.tags = k.newTags()
	return k, nil
}

// Prefix is what each key begins with.
func (k Keys) Prefix() string { return k.prefix }

// Log is the LIST of a user's entries, newest first, one JSON line each; it expires after the retention.
func (k Keys) Log(username string) string { return k.prefix + "log:" + username }

// LogChannel is the channel on which each line of the user's log is published as it is recorded.
func (k Keys) LogChannel(username string) string { return k.channel + "log:" + username }

// LogPattern matches every [Keys.LogChannel] and nothing else of ours.
func (k Keys) LogPattern() string { return k.channel + "log:*" }

// LogUsername is the inverse of [Keys.LogChannel].
func (k Keys) LogUsername(channel string) (username string, ok bool) {
	return strings.CutPrefix(channel, k.channel+"log:")
}

// Applications is the SET of the ids of processes that record, or did so lately.
func (k Keys) Applications() string { return k.prefix + "applications" }

// Application is the STRING that holds the last heartbeat of one such process, as JSON; what is left
// of its expiry tells how old it is.
func (k Keys) Application(id string) string { return k.prefix + "application:" + id }

// Switches is the STRING that holds what people have switched off or on while applications run, as JSON.
func (k Keys) Switches() string { return k.prefix + "switches" }

// Watched is the ZSET username → until when the user is recorded although others are not, in Unix milliseconds.
func (k Keys) Watched() string { return k.prefix + "watched" }

// Reference is the SET of the requests that were given a reference: id + NUL + username of each. It expires with the log that the
// request is in.
func (k Keys) Reference(code string) string { return k.prefix + "reference:" + code }

// ReferencePattern matches every [Keys.Reference], as access lists have it.
func (k Keys) ReferencePattern() string { return k.prefix + "reference:*" }

// Support is the STRING that says whose log a support code leads to. It expires with the code. The braces have both keys of a code in
// one slot.
func (k Keys) Support(code string) string { return k.prefix + "support:code:{" + code + "}" }

// SupportUse is the STRING that says which agent has used a support code: a word that she and the customer see + NUL + her account.
func (k Keys) SupportUse(code string) string { return k.prefix + "support:use:{" + code + "}" }

// SupportOf is the STRING that holds the support code of a user or visitor. It expires with the code.
func (k Keys) SupportOf(username string) string { return k.prefix + "support:of:" + username }

// SupportPattern matches every key of a support code, as access lists have it.
func (k Keys) SupportPattern() string { return k.prefix + "support:*" }

// Joined is the STRING that says as whom a visitor has logged in: whoever writes it first joins both logs. It expires with the
// visitor's log.
func (k Keys) Joined(visitor string) string { return k.prefix + "joined:" + visitor }

// JoinedPattern matches every [Keys.Joined], as access lists have it.
func (k Keys) JoinedPattern() string { return k.prefix + "joined:*" }

// Confirmed is the ZSET of one member, whose score is how many entries of such a process Redis has confirmed.
func (k Keys) Confirmed(id string) string { return k.Application(id) + ":confirmed" }

// ConfirmedIn is [Keys.Confirmed] in a slot of a Cluster.
func (k Keys) ConfirmedIn(in uint16, id string) string {
	for n := 0; ; n++ {
		if name := k.Confirmed(id) + ":{" + strconv.Itoa(n) + "}"; k.isInOneSlot() || slot(name) == in {
			return name
		}
	}
}

// Viewers is the channel to which each feed that has viewers is subscribed, and on which nothing is published. No user is called "".
func (k Keys) Viewers() string { return k.LogChannel("") }

// Pings are STRINGs that are written to learn whether anything can be. On a Cluster they are in the slots of the audit log and of
// accounts, without which the admin shows nothing. They expire soon.
func (k Keys) Pings() []string {
	return []string{k.prefix + "{audit}:ping", k.prefix + "{" + k.prefix + "accounts}:ping"}
}

// pingParts is into how many ranges of slots the pings of all logs are spread. A Cluster of more masters has some in which there is none.
const pingParts = 64

// PingsOf are [Keys.Pings] of a user's log, or where username is "", of all logs. On a Cluster they are in the slot of the log, or spread over
// all slots.
func (k Keys) PingsOf(username string) []string {
	if username == "" {
		return Index{keys: k, parts: pingParts}.spell("ping")
	}
	return []string{k.beside(username, "ping")}
}

// TeamPattern matches every key with what agents note of a user. The admin spells these keys, in internal/team. They go with the logs.
func (k Keys) TeamPattern() string { return k.prefix + "team:*" }

// Types are the keys that there is one of, and what TYPE says of each.
func (k Keys) Types() map[string]string {
	one := k.Index(1)
	return map[string]string{
		one.Users(0): "zset", one.Names(0): "zset", one.Trouble(0): "zset", one.Gone(0): "zset", k.Layout(): "string",
		k.Applications(): "set", k.Switches(): "string", k.Watched(): "zset",
	}
}

// LogPatterns match the keys of all logs, of the user index, and of what is noted with them or of users. Without a prefix they match keys of others
// as well.
func (k Keys) LogPatterns() []string {
	one := k.Index(1)
	patterns := []string{k.Log("*"), k.KeptPattern(), k.ReferencePattern(), k.TeamPattern(), k.SupportPattern(), k.JoinedPattern(), k.Layout()}
	for _, set := range []string{one.Users(0), one.Names(0), one.Trouble(0), one.Gone(0)} {
		patterns = append(patterns, set, set+":*")
	}
	return patterns
}

// IsBehindAnotherPrefix reports whether a key that begins with the prefix belongs to another one, which begins with this one: such as
// "userlog:shop:accounts" where ours is "userlog:". It knows the keys that each store or admin has.
func (k Keys) IsBehindAnotherPrefix(key string) bool {
	rest := strings.TrimPrefix(key, k.prefix)
	if strings.HasPrefix(rest, "log:") || strings.HasPrefix(rest, "kept:") || strings.HasPrefix(rest, "team:") || strings.HasPrefix(rest, "support:of:") {
		return false // what follows is a username
	}
	for _, name := range []string{"applications", "accounts", "{audit}:head", "users", "index"} {
		if rest != name && strings.HasSuffix(rest, ":"+name) {
			return true
		}
	}
	return false
}

// Probe is the channel on which a process that watches logs publishes to itself, to learn how far
// its subscription has come. The nonce is the process's own.
func (k Keys) Probe(nonce string) string { return k.channel + "probe:" + nonce }
