package auth_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

// What was used once after a backup was made is of no use after it is restored. Names, roles, passwords and apps are as they were.
func TestRestoredAccounts(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		f := newFactory(t, client)
		ctx := t.Context()
		account, app, recovery := f.create(t, "ada")
		if err := f.Create(ctx, "bob", auth.Viewer, password); err != nil {
			t.Fatal(err)
		}
		link, err := f.MakeLink(ctx, "bob")
		if err != nil {
			t.Fatal(err)
		}
		tokens := auth.NewTokens(client, keys)
		token, err := tokens.Create(ctx, "ada", "report", 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		saved := make(map[string][]byte)
		for name, line := range client.HGetAll(ctx, keys.Accounts()).Val() {
			saved[name] = []byte(line)
		}
		used := app.code()
		for _, code := range []string{recovery[0], used} {
			if _, _, err := f.VerifyCode(ctx, account, code); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.UseLink(ctx, "bob", link, password); err != nil {
			t.Fatal(err)
		}
		restored, withoutCodes, err := auth.Restored(saved, *f.now)
		if err != nil || !slices.Equal(withoutCodes, []string{"ada"}) || !slices.Equal(slices.Sorted(maps.Keys(restored)), []string{"ada", "bob"}) {
			t.Fatalf("%q, %v", withoutCodes, err)
		}
		for name, line := range restored {
			if err := client.HSet(ctx, keys.Accounts(), name, line).Err(); err != nil {
				t.Fatal(err)
			}
		}
		account = f.verified(t, "ada")
		for what, code := range map[string]string{"a recovery code": recovery[0], "one that was not used": recovery[1], "a code of the app": used} {
			if _, _, err := f.VerifyCode(ctx, account, code); !errors.Is(err, auth.ErrCode) {
				t.Errorf("%s works after the restoration: %v", what, err)
			}
		}
		if _, err := f.UseLink(ctx, "bob", link, password); !errors.Is(err, auth.ErrLink) {
			t.Errorf("a link that was used: %v", err)
		}
		if who, err := tokens.Access(ctx, token); err != nil || who.Account != "" {
			t.Errorf("a token of before: %+v, %v", who, err)
		}
		*f.now = f.now.Add(2 * time.Minute)
		app.now = *f.now
		if _, _, err := f.VerifyCode(ctx, account, app.code()); err != nil {
			t.Errorf("the next code of the app: %v", err)
		}
	})
	if _, _, err := auth.Restored(map[string][]byte{"ada": []byte("{")}, time.Now()); err == nil {
		t.Error("half an account is restored")
	}
}
