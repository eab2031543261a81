//go:build unix

package audit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// An attacker who changes the keys of the audit log, so that nothing can be added to it, does not stop it. The log goes on, says so, and
// is verified as broken.
func TestALogThatIsStuckGoesOn(t *testing.T) {
	t.Parallel()
	add := func(id string) func(*testing.T, redis.UniversalClient, string) error {
		return func(t *testing.T, client redis.UniversalClient, stream string) error {
			return client.XAdd(t.Context(), &redis.XAddArgs{Stream: stream, ID: id, Values: []string{"line", "x"}}).Err()
		}
	}
	for what, jam := range map[string]func(t *testing.T, client redis.UniversalClient, stream string) error{
		"the largest id":            add("18446744073709551615-18446744073709551615"),
		"the largest number":        add("9223372036854775807-0"),
		"a number that is no one's": add("9007199254740991-0"),
		"an id that was removed": func(t *testing.T, client redis.UniversalClient, stream string) error {
			const id = "18446744073709551615-18446744073709551614"
			return errors.Join(add(id)(t, client, stream), client.XDel(t.Context(), stream, id).Err())
		},
		"no stream": func(t *testing.T, client redis.UniversalClient, stream string) error {
			return client.Set(t.Context(), stream, "x", 0).Err()
		},
		"a head that is a list": func(t *testing.T, client redis.UniversalClient, stream string) error {
			head := map[string]string{keys.Records(): keys.Head(), keys.Attempts(): keys.AttemptsHead()}[stream]
			return errors.Join(client.Del(t.Context(), head).Err(), client.RPush(t.Context(), head, "x").Err())
		},
		"a head beyond all numbers": func(t *testing.T, client redis.UniversalClient, stream string) error {
			head := map[string]string{keys.Records(): keys.Head(), keys.Attempts(): keys.AttemptsHead()}[stream]
			return client.Set(t.Context(), head, "9223372036854775807:"+strings.Repeat("0", 64)+":1", 0).Err()
		},
	} {
		for stream, action := range map[string]audit.Action{keys.Records(): audit.View, keys.Attempts(): audit.LoginFailed} {
			t.Run(what+", "+stream, func(t *testing.T) {
				eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
					log, other := audit.New(client, keys, audit.Options{}), audit.New(client, keys, audit.Options{})
					for range 3 {
						put(t, log, audit.Record{Action: action})
					}
					if err := jam(t, client, stream); err != nil {
						t.Fatal(err)
					}
					if report := verify(t, log, audit.Checkpoint{}); report.OK() && what != "an id that was removed" {
						t.Errorf("before anything is written again: %+v", report)
					}
					put(t, other, audit.Record{Action: action, Actor: "other"})
					put(t, log, audit.Record{Action: action, Actor: "vera"})
					got := everything(t, log)
					if got[len(got)-1].Actor != "vera" || got[len(got)-2].Actor != "other" {
						t.Errorf("the log ends with %+v", got)
					}
					page, err := log.Read(t.Context(), audit.Filter{}, audit.Place{}, 100)
					if err != nil || len(page.Records) != len(got) || page.Records[0].Actor != "vera" {
						t.Errorf("a page has %+v, %v", page.Records, err)
					}
					ended := verify(t, log, audit.Checkpoint{})
					if strings.HasPrefix(what, "a head") || what == "an id that was removed" && strings.HasSuffix(t.Name(), "/embedded") {
						return // a process that knows the head restores it, and the embedded store forgets what was removed
					}
					if ended.OK() || got[len(got)-3].Action != audit.StreamReplaced {
						t.Errorf("verified as %+v, with %+v", ended, got[len(got)-3])
					}
					if !strings.Contains(ended.Broken, ":aside:1") && !strings.Contains(ended.Broken, "was put there by somebody else") {
						t.Errorf("the place is not named: %q", ended.Broken)
					}
				})
			})
		}
	}
}
