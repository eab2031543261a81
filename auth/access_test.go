package auth_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestAccessCheckTellsWhoseAccessEnded(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, s := t.Context(), newSite(client, auth.SessionOptions{})
		s.make(t, "ada", "grace")
		again := auth.NewAccessCheck(s.sessions, s.tokens)
		loggedOut, open := s.browser(), s.browser()
		loggedOut.post(t, "/login/ada")
		open.post(t, "/login/ada")
		secret, err := s.tokens.Create(ctx, "ada", "x", auth.MaxTokenLifetime)
		if err != nil {
			t.Fatal(err)
		}
		token, err := s.tokens.Access(ctx, secret)
		if err != nil {
			t.Fatal(err)
		}
		accesses := []auth.Access{
			s.access(t, loggedOut), s.access(t, open), token,
			{Account: "grace", Role: auth.Superuser, Via: auth.ViaProxy},
			{Account: "someone", Role: auth.Viewer, Via: auth.ViaProxy},
			{Account: "grace", Role: auth.Viewer, Via: auth.ViaHost},
		}
		check := func(what string, want ...auth.Access) {
			t.Helper()
			ended, err := again.Ended(ctx, accesses)
			if err != nil || !slices.Equal(ended, want) {
				t.Errorf("%s: ended %+v, %v; want %+v", what, ended, err, want)
			}
		}
		check("at first")
		loggedOut.post(t, "/logout")
		check("after a logout", accesses[0])
		if err := s.tokens.Revoke(ctx, "ada", token.ID); err != nil {
			t.Fatal(err)
		}
		check("after a token was revoked", accesses[0], accesses[2])
		if err := s.accounts.SetRole(ctx, "grace", auth.Viewer); err != nil {
			t.Fatal(err)
		}
		check("after a change of role", accesses[0], accesses[2], accesses[3])
		// Every account at once: ended, not unknown.
		if err := client.Del(ctx, keys.Accounts()).Err(); err != nil {
			t.Fatal(err)
		}
		check("without accounts", accesses[0], accesses[1], accesses[2])
	})
}

func TestOpenConnectionKeepsTheSession(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		again := auth.NewAccessCheck(s.sessions, s.tokens)
		b := s.browser()
		b.post(t, "/login/ada")
		access := s.access(t, b)
		for passed := time.Duration(0); passed < auth.SessionLifetime-auth.SessionIdle; passed += auth.SessionIdle - time.Minute {
			s.later(t, auth.SessionIdle-time.Minute)
			if ended, err := again.Ended(t.Context(), []auth.Access{access}); err != nil || len(ended) != 0 {
				t.Fatalf("after %v: ended %+v, %v", passed, ended, err)
			}
		}
		s.later(t, auth.SessionIdle)
		if ended, err := again.Ended(t.Context(), []auth.Access{access}); err != nil || len(ended) != 1 {
			t.Errorf("at the end of its lifetime: ended %+v, %v", ended, err)
		}
	})
}

func TestAccessCheckWithoutRedisKnowsNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(impatient(t, server), auth.SessionOptions{})
	b := s.browser()
	b.post(t, "/login/ada")
	access := s.access(t, b)
	server.Kill()
	check := auth.NewAccessCheck(s.sessions, s.tokens)
	if ended, err := check.Ended(t.Context(), []auth.Access{access}); err == nil || len(ended) != 0 {
		t.Errorf("got %+v, %v", ended, err)
	}
	if ended, err := check.Ended(t.Context(), nil); err != nil || len(ended) != 0 {
		t.Errorf("of nobody: %+v, %v", ended, err)
	}
}

// A master of a Cluster that is away hides what it knows, and nothing else.
func TestAMasterThatIsAwayHidesNoOtherEnds(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := newSite(cluster.Client(t), auth.SessionOptions{})
	accounts := cluster.Master(keys.Accounts())
	var there, away auth.Access
	for there.Account == "" || away.Account == "" {
		b := s.browser()
		b.post(t, "/login/ada")
		access := s.access(t, b)
		if cluster.Master(keys.Session(access.ID)) == accounts {
			there = access
		} else {
			away = access
		}
	}
	for _, access := range []auth.Access{there, away} {
		if err := s.client.Del(t.Context(), keys.Session(access.ID)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	master := cluster.Master(keys.Session(away.ID))
	cluster.Replica(master).Kill()
	hasEnded := func(what string, want ...auth.Access) {
		t.Helper()
		redistest.Eventually(t, what, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			ended, err := auth.NewAccessCheck(s.sessions, s.tokens).Ended(ctx, []auth.Access{away, there})
			return err != nil && slices.Equal(ended, want)
		})
	}
	for _, takeAway := range []func(){master.Pause, master.Kill} {
		takeAway()
		hasEnded("the other session has ended, and of this one nothing is known", there)
	}
	if err := s.client.HSet(t.Context(), keys.Accounts(), "ada", `{"role":"superuser","disabled":true}`).Err(); err != nil {
		t.Fatal(err)
	}
	hasEnded("whoever is disabled may look no longer, whatever becomes of the session", away, there)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, s := t.Context(), newSite(client, auth.SessionOptions{})
		one, two, grace := s.browser(), s.browser(), s.browser()
		one.post(t, "/login/ada")
		s.later(t, 2*time.Minute)
		two.post(t, "/login/ada")
		grace.post(t, "/login/grace")
		listed, err := s.sessions.List(ctx, "ada")
		if err != nil || len(listed) != 2 {
			t.Fatalf("got %+v, %v", listed, err)
		}
		if last := listed[0]; last.ID != s.access(t, two).ID || last.Address != "192.0.2.1" || last.Agent != "Firefox on X" || !last.Seen.Equal(s.now) {
			t.Errorf("the last used is %+v", last)
		}
		if err := s.sessions.End(ctx, "ada", s.access(t, grace).ID); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("another account's: %v", err)
		}
		if err := s.sessions.End(ctx, "ada", listed[1].ID); err != nil {
			t.Fatal(err)
		}
		one.wantAccount(t, "")
		two.wantAccount(t, "ada")
		grace.wantAccount(t, "grace")
	})
}

// Where Redis can be read and not written, whoever is logged in stays so until the end of the session.
func TestASessionGoesOnWhereRedisTakesNoChanges(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(client, auth.SessionOptions{})
	b := s.browser()
	b.post(t, "/login/ada")
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	s.later(t, 2*time.Minute) // in which the session would be noted as used
	b.wantAccount(t, "ada")
	s.later(t, 13*time.Hour)
	b.wantAccount(t, "")
}
