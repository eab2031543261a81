package rules_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/store"
)

var (
	keys = webhook.Keys{Prefix: "userlog:"}
	root = audit.Actor{Name: "root", Role: "superuser", Via: "browser", Address: "192.0.2.1"}
)

// many and of are rules.
func many(count int) rules.Rule     { return rules.Rule{Kind: rules.ManyFail, Count: count} }
func of(username string) rules.Rule { return rules.Rule{Kind: rules.UserFails, Username: username} }

// away is an audit log that can't be written to.
type away struct{}

func (away) Append(context.Context, audit.Record) (audit.Record, error) {
	return audit.Record{}, errors.New("away")
}

// newRules are rules, and the audit log that has their changes.
func newRules(client redis.UniversalClient) (*rules.Rules, *audit.Log) {
	log := audit.New(client, audit.Keys{Prefix: "userlog:"}, audit.Options{})
	return &rules.Rules{Client: client, Keys: keys, Log: log}, log
}

// list is all rules.
func list(t *testing.T, r *rules.Rules) []rules.Rule {
	t.Helper()
	all, err := r.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Each change is written to the audit log, with what the rule is about.
func TestRulesAreMadeAndRemoved(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, log := newRules(client)
		for _, rule := range []rules.Rule{many(5), of("ada"), many(1000)} {
			if err := r.Add(t.Context(), root, rule); err != nil {
				t.Fatal(err)
			}
		}
		all := list(t, r)
		if len(all) != 3 || all[0].Count != 5 || all[1].Username != "ada" || all[0].By != "root" || time.Since(all[0].Made).Abs() > time.Hour {
			t.Fatalf("the rules are %+v", all)
		}
		if err := errors.Join(r.Remove(t.Context(), root, all[1].ID), r.Remove(t.Context(), root, all[0].ID)); err != nil {
			t.Error(err)
		}
		if err := r.Remove(t.Context(), root, all[0].ID); !errors.Is(err, rules.ErrNoRule) {
			t.Errorf("one that is gone: %v", err)
		}
		if left := list(t, r); len(left) != 1 || left[0].ID != all[2].ID {
			t.Errorf("left is %+v", left)
		}
		var written []string
		for record, err := range log.All(t.Context(), audit.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, strings.TrimSpace(string(record.Action)+" "+record.Subject+": "+record.Detail))
		}
		want := []string{
			"rule-made : more than 5 users fail on the same page within 5 min", "rule-made ada: a request fails", "rule-made : more than 1000 users fail on the same page within 5 min",
			"rule-removed ada: a request fails", "rule-removed : more than 5 users fail on the same page within 5 min",
		}
		if got := strings.Join(written, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("written down is\n%s", got)
		}
	})
}

// A rule is made at the time of Redis, as what it is about. By the clock of a host that is ahead, it would tell of nothing for a while.
func TestRulesHaveTheTimeOfRedis(t *testing.T) {
	t.Parallel()
	options := *redistest.Start(t).Client(t).Options()
	options.Dialer = redistest.Skewed(options.Dialer, -time.Hour)
	client := redis.NewClient(&options)
	t.Cleanup(func() { client.Close() })
	r, _ := newRules(client)
	if err := r.Add(t.Context(), root, of("ada")); err != nil {
		t.Fatal(err)
	}
	if made := list(t, r)[0].Made; (time.Since(made) - time.Hour).Abs() > time.Minute {
		t.Errorf("the rule was made at %s", made)
	}
}

// What can't be is refused before anything is written down, and nothing is done that could not be written down.
func TestRulesThatCannotBe(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, log := newRules(client)
		for want, refused := range map[error][]rules.Rule{
			rules.ErrCount: {many(0), many(-1), many(1001)},
			rules.ErrUser:  {of(""), of("a\nb"), of(strings.Repeat("a", 257)), of("\xff"), of(store.VisitorName("hers"))},
		} {
			for _, rule := range refused {
				if err := r.Add(t.Context(), root, rule); !errors.Is(err, want) {
					t.Errorf("%+v: %v, want %v", rule, err, want)
				}
			}
		}
		if err := r.Add(t.Context(), root, rules.Rule{Kind: "other"}); err == nil {
			t.Error("a rule of an unknown kind was made")
		}
		if err := (&rules.Rules{Client: client, Keys: keys, Log: away{}}).Add(t.Context(), root, many(1)); err == nil || len(list(t, r)) != 0 {
			t.Errorf("without an audit log: %v", err)
		}
		for i := range rules.MaxRules {
			if err := r.Add(t.Context(), root, many(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Add(t.Context(), root, many(7)); !errors.Is(err, rules.ErrExists) {
			t.Errorf("a second one alike: %v", err)
		}
		if err := r.Add(t.Context(), root, of("ada")); !errors.Is(err, rules.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		if err := (&rules.Rules{Client: client, Keys: keys, Log: away{}}).Remove(t.Context(), root, list(t, r)[0].ID); err == nil || len(list(t, r)) != rules.MaxRules {
			t.Errorf("removed without an audit log: %v", err)
		}
		appended, _ := log.Counts()
		if appended[audit.RuleMade] != rules.MaxRules {
			t.Errorf("%d are written down", appended[audit.RuleMade])
		}
	})
}

// Also of many that are made at the same moment, none is one too many.
func TestRulesAtTheSameMoment(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, _ := newRules(client)
		var all sync.WaitGroup
		for i := range rules.MaxRules + 20 {
			all.Go(func() {
				err := context.DeadlineExceeded
				for errors.Is(err, context.DeadlineExceeded) { // a busy machine needs several attempts
					err = r.Add(t.Context(), root, many(i+1))
				}
				if err != nil && !errors.Is(err, rules.ErrTooMany) && !errors.Is(err, rules.ErrExists) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(list(t, r)); n != rules.MaxRules {
			t.Errorf("there are %d rules", n)
		}
	})
}

// What others have written there is left out.
func TestRulesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r, _ := newRules(client)
		for i, line := range []string{"garbage", `{"kind":"newer"}`, `{"kind":"many-fail","count":-1}`, `{"kind":"user-fails","username":""}`, `{"kind":"user-fails","username":"ada","more":1}`} {
			client.HSet(t.Context(), keys.Rules(), strconv.Itoa(i), line)
		}
		if all := list(t, r); len(all) != 1 || all[0].Username != "ada" {
			t.Errorf("the rules are %+v", all)
		}
		client.Del(t.Context(), keys.Rules())
		client.Set(t.Context(), keys.Rules(), "x", 0)
		if _, err := r.List(t.Context()); err == nil {
			t.Error("somebody's text is a list of rules")
		}
	})
}
