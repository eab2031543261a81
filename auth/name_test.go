package auth_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
)

func TestNamesThatOthersHaveProven(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		s := newSite(client, auth.SessionOptions{})
		s.make(t, "bob", "Ada")
		if err := s.accounts.Disable(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"bob": "bob", "BOB": "bob", "ｂｏｂ": "bob", "Bob": "bob", "ada": "Ada", "ADA": "Ada", "Ada": "Ada", "eve": "",
		} {
			switch found, err := s.accounts.FindProven(ctx, name); {
			case want == "" && !errors.Is(err, auth.ErrNoAccount), want != "" && (err != nil || found.Name != want || found.Disabled != (want == "bob")):
				t.Errorf("%q stands for %+v, %v", name, found, err)
			}
		}
		for _, name := range []string{"bob\u200b", "bob\u00ad", "b\u202eob", "bob ", "", "bob\u3164"} {
			if found, err := s.accounts.FindProven(ctx, name); !errors.Is(err, auth.ErrName) {
				t.Errorf("%q stands for %+v, %v", name, found, err)
			}
		}
		for _, name := range []string{"BOB", "ｂｏｂ", "ada"} {
			if err := s.accounts.Create(ctx, name, auth.Viewer, password); !errors.Is(err, auth.ErrAccountExists) {
				t.Errorf("%q is created beside its twin: %v", name, err)
			}
			if _, err := s.accounts.Invite(ctx, name, auth.Viewer); !errors.Is(err, auth.ErrAccountExists) {
				t.Errorf("%q is invited beside its twin: %v", name, err)
			}
		}
	})
}
