package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/crypto/argon2"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestAccountVerifies(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts := auth.NewAccounts(client, keys, cheap)
		create(t, accounts, "ada")
		for _, c := range []struct {
			what, name, password string
			want                 error
		}{
			{"right", "ada", password, nil},
			{"wrong password", "ada", password + "!", auth.ErrCredentials},
			{"no password", "ada", "", auth.ErrCredentials},
			{"endless password", "ada", strings.Repeat("x", 1<<20), auth.ErrCredentials},
			{"unknown account", "grace", password, auth.ErrCredentials},
			{"other case", "Ada", password, auth.ErrCredentials},
			{"no name", "", password, auth.ErrCredentials},
			{"impossible name", "a\x00\xff", password, auth.ErrCredentials},
		} {
			if _, err := accounts.Verify(t.Context(), c.name, c.password); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.what, err, c.want)
			}
		}
	})
}

func TestPasswordIsStoredAsArgon2id(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		before := time.Now().Unix()
		create(t, auth.NewAccounts(client, keys, auth.AccountOptions{}), "ada")
		var stored struct {
			Password string
			Created  int64
		}
		line, err := client.HGet(t.Context(), keys.Accounts(), "ada").Bytes()
		if err = errors.Join(err, json.Unmarshal(line, &stored)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(stored.Password, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("the password is stored as %q", stored.Password)
		}
		if stored.Created < before || stored.Created > time.Now().Unix() {
			t.Errorf("created is %d", stored.Created)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts := auth.NewAccounts(client, keys, cheap)
		for _, c := range []struct {
			what, name, password string
			want                 error
		}{
			{"no name", "", password, auth.ErrName},
			{"long name", strings.Repeat("a", auth.MaxName+1), password, auth.ErrName},
			{"control character", "a\nb", password, auth.ErrName},
			{"not UTF-8", "a\xff", password, auth.ErrName},
			{"short password", "ada", "eleven char", auth.ErrPasswordShort},
			{"few characters of many bytes", "ada", "ééééééé", auth.ErrPasswordShort},
			{"long password", "ada", strings.Repeat("x", auth.MaxPassword+1), auth.ErrPasswordLong},
			{"common password", "ada", "1qaz2wsx3EDC", auth.ErrPasswordCommon},
			{"password not UTF-8", "ada", strings.Repeat("\xff", 20), auth.ErrPasswordInvalid},
		} {
			if err := accounts.Create(t.Context(), c.name, auth.Viewer, c.password); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.what, err, c.want)
			}
		}
		if left := client.DBSize(t.Context()).Val(); left != 0 {
			t.Errorf("refused accounts have left %d keys", left)
		}
	})
}

func TestCreateAtOnceMakesOneAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts := auth.NewAccounts(client, keys, cheap)
		passwords := []string{password + "0", password + "1", password + "2"}
		errs := make([]error, len(passwords))
		var wg sync.WaitGroup
		for i, p := range passwords {
			wg.Go(func() { errs[i] = accounts.Create(t.Context(), "ada", auth.Viewer, p) })
		}
		wg.Wait()
		created := 0
		for i, err := range errs {
			_, verified := accounts.Verify(t.Context(), "ada", passwords[i])
			switch {
			case err == nil:
				created++
				if verified != nil {
					t.Errorf("the password of the account that was made: %v", verified)
				}
			case !errors.Is(err, auth.ErrAccountExists):
				t.Errorf("got %v, want ErrAccountExists", err)
			case !errors.Is(verified, auth.ErrCredentials):
				t.Errorf("the password of a refused account: %v", verified)
			}
		}
		if created != 1 {
			t.Errorf("%d accounts were made, want 1", created)
		}
	})
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts, ctx := auth.NewAccounts(client, keys, cheap), t.Context()
		if _, err := accounts.SetPassword(ctx, "ada", password); !errors.Is(err, auth.ErrNoAccount) {
			t.Errorf("without an account: got %v, want ErrNoAccount", err)
		}
		create(t, accounts, "ada")
		if _, err := accounts.SetPassword(ctx, "ada", "short"); !errors.Is(err, auth.ErrPasswordShort) {
			t.Errorf("short: got %v, want ErrPasswordShort", err)
		}
		if _, err := accounts.SetPassword(ctx, "ada", "another password"); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Verify(ctx, "ada", password); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("the old password: got %v, want ErrCredentials", err)
		}
		if _, err := accounts.Verify(ctx, "ada", "another password"); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

func TestWeakerHashIsReplacedAtLogin(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		accounts, ctx := auth.NewAccounts(client, keys, auth.AccountOptions{}), t.Context()
		salt := []byte("sixteen bytes...")
		encode := base64.RawStdEncoding.EncodeToString
		weak := "$argon2id$v=19$m=64,t=1,p=1$" + encode(salt) + "$" + encode(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32))
		if err := client.HSet(ctx, keys.Accounts(), "ada", `{"role":"viewer","password":"`+weak+`"}`).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Verify(ctx, "ada", "wrong password"); !errors.Is(err, auth.ErrCredentials) {
			t.Fatalf("wrong: %v", err)
		}
		if stored := client.HGet(ctx, keys.Accounts(), "ada").Val(); !strings.Contains(stored, weak) {
			t.Fatalf("a wrong password changed the hash to %q", stored)
		}
		if _, err := accounts.Verify(ctx, "ada", password); err != nil {
			t.Fatalf("right: %v", err)
		}
		if stored := client.HGet(ctx, keys.Accounts(), "ada").Val(); !strings.Contains(stored, "$m=19456,t=2,p=1$") {
			t.Errorf("the hash is still %q", stored)
		}
		if _, err := accounts.Verify(ctx, "ada", password); err != nil {
			t.Errorf("right, after the hash was replaced: %v", err)
		}
	})
}

func TestVerifyReportsWhatItCantAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := impatient(t, server)
	accounts, ctx := auth.NewAccounts(client, keys, cheap), t.Context()
	if err := client.HSet(ctx, keys.Accounts(), "ada", `{"role":"viewer","password":"plain text"}`).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Verify(ctx, "ada", "plain text"); err == nil || errors.Is(err, auth.ErrCredentials) {
		t.Errorf("a hash that can't be read: got %v", err)
	}
	server.Kill()
	for _, name := range []string{"ada", "grace"} {
		if _, err := accounts.Verify(ctx, name, password); err == nil || errors.Is(err, auth.ErrCredentials) {
			t.Errorf("%s without Redis: got %v", name, err)
		}
	}
}

func create(t *testing.T, accounts *auth.Accounts, name string) {
	t.Helper()
	if err := accounts.Create(t.Context(), name, auth.Superuser, password); err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
}
