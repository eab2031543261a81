package store

import (
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// refusal returns why Redis discarded a transaction: what it said of the first command that it did not queue, such as
// READONLY, OOM, NOREPLICAS or NOPERM, and which command that was. EXECABORT says only that there was one. Any other err is
// returned as it is. A command about the log itself is told before one about what is kept beside it.
func (w *writer) refusal(commands []redis.Cmder, err error) error {
	if !isDiscarded(err) {
		return err
	}
	reason := err
	for _, c := range commands {
		if refused := c.Err(); redisreply.Is(refused) && !isDiscarded(refused) {
			if !w.isAboutKept(c) {
				return fmt.Errorf("%s: %w", w.describe(c), refused)
			}
			//lint:ignore errorlint whether there is a better reason yet
			if reason == err {
				reason = fmt.Errorf("%s: %w", w.describe(c), refused)
			}
		}
	}
	return reason
}

// isDiscarded reports whether Redis has discarded a transaction because of a command that it did not queue.
func isDiscarded(err error) bool { return redis.HasErrorPrefix(err, "EXECABORT") }

// describe names a command as in an access list: with the pattern of its key or channel, and without a username.
func (w *writer) describe(c redis.Cmder) string {
	name := strings.ToUpper(c.Name())
	if len(c.Args()) < 2 {
		return name
	}
	key, _ := c.Args()[1].(string)
	if w.keys.IsKept(key) {
		return name + " " + w.keys.KeptPattern()
	}
	for _, of := range []func(string) string{w.keys.Log, w.keys.LogChannel} {
		if strings.HasPrefix(key, of("")) {
			return name + " " + of("*")
		}
	}
	return name + " " + key
}

// kindOfRefusal returns the word that a reply of Redis begins with, or "" for a broken connection.
func kindOfRefusal(err error) string {
	if redisreply.IsForbidden(err) {
		return "NOPERM"
	}
	for _, kind := range []string{"OOM", "NOREPLICAS", "NOAUTH", "WRONGPASS"} {
		if redisreply.Begins(err, kind) {
			return kind
		}
	}
	return stateOfServer(err)
}

// stateOfServer returns the word by which a server says that it can't be written to, or not now, or "". A proxy or a name in DNS
// may lead to another one by now, so the connection to this one is ended.
func stateOfServer(err error) string {
	for _, state := range []string{"READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "MISCONF"} {
		if redisreply.Begins(err, state) {
			return state
		}
	}
	return ""
}
