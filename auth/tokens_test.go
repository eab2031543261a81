package auth_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestTokenActsForItsAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, s := t.Context(), newSite(client, auth.SessionOptions{})
		s.make(t, "ada", "grace")
		secret, err := s.tokens.Create(ctx, "ada", " nightly report ", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		access, err := s.tokens.Access(ctx, secret)
		if err != nil || access.Account != "ada" || access.Role != auth.Superuser || access.Via != auth.ViaToken {
			t.Fatalf("got %+v, %v", access, err)
		}
		listed, err := s.tokens.List(ctx, "ada")
		if err != nil || len(listed) != 1 || listed[0].Label != "nightly report" || listed[0].ID != access.ID || listed[0].Expires.Sub(listed[0].Created) != time.Hour {
			t.Fatalf("listed: %+v, %v", listed, err)
		}
		for _, key := range allKeys(t, client) {
			if value := client.Get(ctx, key).Val(); strings.Contains(key+value, strings.TrimPrefix(secret, "userlog_")) {
				t.Errorf("the secret is at %s: %s", key, value)
			}
		}
		if err := s.tokens.Revoke(ctx, "grace", access.ID); !errors.Is(err, auth.ErrNoToken) {
			t.Errorf("revoked by another account: %v", err)
		}
		if err := s.tokens.Revoke(ctx, "ada", access.ID); err != nil {
			t.Fatal(err)
		}
		if access, err := s.tokens.Access(ctx, secret); err != nil || access != (auth.Access{}) {
			t.Errorf("revoked, it gives %+v, %v", access, err)
		}
	})
}

func TestTokensThatGiveNothing(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, s := t.Context(), newSite(client, auth.SessionOptions{})
		s.make(t, "ada")
		secret, err := s.tokens.Create(ctx, "ada", "x", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for what, wrong := range map[string]string{
			"none": "", "forged": flip(secret), "without its prefix": strings.TrimPrefix(secret, "userlog_"), "oversized": secret + strings.Repeat("A", 1<<16),
		} {
			if access, err := s.tokens.Access(ctx, wrong); err != nil || access != (auth.Access{}) {
				t.Errorf("%s: got %+v, %v", what, access, err)
			}
		}
		for _, key := range allKeys(t, client) {
			if strings.HasPrefix(key, keys.Token("")) {
				forge(t, client, key, `"expires":`, `"expires":1,"was":`)
			}
		}
		if access, err := s.tokens.Access(ctx, secret); err != nil || access != (auth.Access{}) {
			t.Errorf("expired: got %+v, %v", access, err)
		}
	})
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, s := t.Context(), newSite(client, auth.SessionOptions{})
		s.make(t, "ada")
		s.make(t, "off")
		if err := s.accounts.Disable(ctx, "off"); err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			account, label string
			lifetime       time.Duration
			want           error
		}{
			"no label":         {"ada", "  ", time.Hour, auth.ErrLabel},
			"long label":       {"ada", strings.Repeat("x", auth.MaxLabel+1), time.Hour, auth.ErrLabel},
			"control in label": {"ada", "a\nb", time.Hour, auth.ErrLabel},
			"short life":       {"ada", "x", time.Minute, auth.ErrTokenLifetime},
			"long life":        {"ada", "x", auth.MaxTokenLifetime + 1, auth.ErrTokenLifetime},
			"nobody":           {"nobody", "x", time.Hour, auth.ErrNoAccount},
			"disabled":         {"off", "x", time.Hour, auth.ErrDisabled},
		} {
			if _, err := s.tokens.Create(ctx, c.account, c.label, c.lifetime); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", what, err, c.want)
			}
		}
		for range auth.MaxTokens {
			if _, err := s.tokens.Create(ctx, "ada", "x", time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.tokens.Create(ctx, "ada", "x", time.Hour); !errors.Is(err, auth.ErrTooManyTokens) {
			t.Errorf("one too many: %v", err)
		}
	})
}

// Of tokens that are made at the same time, an account gets as many as it may have.
func TestTokensAreCountedAsTheyAreMade(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.make(t, "ada")
		tokens := auth.NewTokens(client, keys)
		var made atomic.Int32
		var all sync.WaitGroup
		for range 3 * auth.MaxTokens {
			all.Go(func() {
				switch _, err := tokens.Create(t.Context(), "ada", "report", time.Hour); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, auth.ErrTooManyTokens):
					t.Error(err)
				}
			})
		}
		all.Wait()
		list, err := tokens.List(t.Context(), "ada")
		if made.Load() != auth.MaxTokens || len(list) != auth.MaxTokens || err != nil {
			t.Errorf("%d tokens were made, %d are listed, %v", made.Load(), len(list), err)
		}
	})
}
