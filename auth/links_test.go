package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestLinkSetsThePasswordOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, accounts := t.Context(), auth.NewAccounts(client, keys, cheap)
		secret, err := accounts.Invite(ctx, "ada", auth.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		if stored := client.HGet(ctx, keys.Accounts(), "ada").Val(); strings.Contains(stored, secret) {
			t.Errorf("the secret is in Redis: %s", stored)
		}
		if _, err := accounts.Verify(ctx, "ada", ""); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("before it has a password: %v", err)
		}
		if _, err := accounts.UseLink(ctx, "ada", secret, "short"); !errors.Is(err, auth.ErrPasswordShort) {
			t.Errorf("a short password: %v", err)
		}
		account, err := accounts.UseLink(ctx, "ada", secret, password)
		if err != nil || account.Name != "ada" || !account.HasPassword || !account.LinkExpires.IsZero() {
			t.Fatalf("got %+v, %v", account, err)
		}
		if _, err := accounts.UseLink(ctx, "ada", secret, "another password"); !errors.Is(err, auth.ErrLink) {
			t.Errorf("the second time: %v", err)
		}
		if _, err := accounts.Verify(ctx, "ada", password); err != nil {
			t.Errorf("the password that was set: %v", err)
		}
	})
}

func TestLinkUsedAtOnceWorksOnce(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts := auth.NewAccounts(client, keys, cheap)
		secret, err := accounts.Invite(t.Context(), "ada", auth.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = accounts.UseLink(t.Context(), "ada", secret, password) })
		}
		wg.Wait()
		used := 0
		for _, err := range errs {
			if err == nil {
				used++
			} else if !errors.Is(err, auth.ErrLink) {
				t.Error(err)
			}
		}
		if used != 1 {
			t.Errorf("the link worked %d times", used)
		}
	})
}

func TestLinksThatDontWork(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, accounts := t.Context(), auth.NewAccounts(client, keys, cheap)
		create(t, accounts, "root")
		first, err := accounts.Invite(ctx, "ada", auth.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		second, err := accounts.MakeLink(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		for what, link := range map[string]struct{ name, secret string }{
			"replaced":            {"ada", first},
			"forged":              {"ada", flip(second)},
			"none":                {"ada", ""},
			"of another account":  {"root", second},
			"of no account":       {"nobody", second},
			"of no possible name": {"a\x00", second},
			"oversized":           {"ada", strings.Repeat("A", 1<<20)},
		} {
			if _, err := accounts.UseLink(ctx, link.name, link.secret, password); !errors.Is(err, auth.ErrLink) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := accounts.Disable(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.UseLink(ctx, "ada", second, password); !errors.Is(err, auth.ErrLink) {
			t.Errorf("of a disabled account: %v", err)
		}
		if _, err := accounts.MakeLink(ctx, "nobody"); !errors.Is(err, auth.ErrNoAccount) {
			t.Errorf("for nobody: %v", err)
		}
	})
}

func TestLinkExpires(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts := auth.NewAccounts(client, keys, cheap)
		secret, err := accounts.Invite(t.Context(), "ada", auth.Viewer)
		if err != nil {
			t.Fatal(err)
		}
		ageLink(t, client, "ada", auth.LinkLifetime)
		if _, err := accounts.UseLink(t.Context(), "ada", secret, password); !errors.Is(err, auth.ErrLink) {
			t.Errorf("after a day: %v", err)
		}
	})
}

func TestNewPasswordMakesTheLinkWorthless(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, accounts := t.Context(), auth.NewAccounts(client, keys, cheap)
		create(t, accounts, "ada")
		secret, err := accounts.MakeLink(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Verify(ctx, "ada", password); err != nil {
			t.Errorf("the old password, before the link is used: %v", err)
		}
		if _, err := accounts.SetPassword(ctx, "ada", "another password"); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.UseLink(ctx, "ada", secret, password); !errors.Is(err, auth.ErrLink) {
			t.Errorf("got %v", err)
		}
	})
}
