package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestRolesAreParsed(t *testing.T) {
	t.Parallel()
	for _, role := range auth.Roles() {
		if got, err := auth.ParseRole(string(role)); got != role || err != nil {
			t.Errorf("%s: got %q, %v", role, got, err)
		}
	}
	for _, wrong := range []string{"", "Superuser", "admin", " viewer"} {
		if got, err := auth.ParseRole(wrong); got != "" || !errors.Is(err, auth.ErrRole) {
			t.Errorf("%q: got %q, %v", wrong, got, err)
		}
	}
}

func TestAccountsAreListed(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		if all, err := s.accounts.List(t.Context()); err != nil || len(all) != 0 {
			t.Fatalf("without accounts: %v, %v", all, err)
		}
		s.make(t, "grace", "ada")
		if _, err := s.accounts.Invite(t.Context(), "linus", auth.Viewer); err != nil {
			t.Fatal(err)
		}
		all, err := s.accounts.List(t.Context())
		if err != nil || len(all) != 3 {
			t.Fatalf("got %v, %v", all, err)
		}
		for i, want := range []struct {
			name     string
			role     auth.Role
			password bool
		}{{"ada", auth.Superuser, true}, {"grace", auth.Superuser, true}, {"linus", auth.Viewer, false}} {
			if got := all[i]; got.Name != want.name || got.Role != want.role || got.HasPassword != want.password || got.LinkExpires.IsZero() != want.password {
				t.Errorf("%d: got %+v, want %+v", i, got, want)
			}
		}
		if _, err := s.accounts.Get(t.Context(), "nobody"); !errors.Is(err, auth.ErrNoAccount) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// What changes what somebody may do ends all that she has open.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*auth.Accounts, context.Context) error{
		"role":     func(a *auth.Accounts, ctx context.Context) error { return a.SetRole(ctx, "ada", auth.Viewer) },
		"disable":  func(a *auth.Accounts, ctx context.Context) error { return a.Disable(ctx, "ada") },
		"sessions": func(a *auth.Accounts, ctx context.Context) error { return a.EndSessions(ctx, "ada") },
		"password": func(a *auth.Accounts, ctx context.Context) error {
			_, err := a.SetPassword(ctx, "ada", "another password")
			return err
		},
	}
	for what, change := range changes {
		t.Run(what, func(t *testing.T) {
			s := newSite(redistest.Patient(t, redistest.Start(t).Client(t)), auth.SessionOptions{})
			s.make(t, "ada", "grace")
			ada, grace := s.browser(), s.browser()
			ada.post(t, "/login/ada")
			grace.post(t, "/login/grace")
			token, err := s.tokens.Create(t.Context(), "ada", "report", auth.MaxTokenLifetime)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(s.accounts, t.Context()); err != nil {
				t.Fatal(err)
			}
			ada.wantAccount(t, "")
			grace.wantAccount(t, "grace")
			if access, err := s.tokens.Access(t.Context(), token); err != nil || access != (auth.Access{}) {
				t.Errorf("her token gives %+v, %v", access, err)
			}
			if left, err := s.tokens.List(t.Context(), "ada"); err != nil || len(left) != 0 {
				t.Errorf("her tokens: %v, %v", left, err)
			}
		})
	}
}

func TestUnchangedRoleKeepsSessions(t *testing.T) {
	t.Parallel()
	s := newSite(redistest.Patient(t, redistest.Start(t).Client(t)), auth.SessionOptions{})
	s.make(t, "ada")
	b := s.browser()
	b.post(t, "/login/ada")
	if err := s.accounts.SetRole(t.Context(), "ada", auth.Superuser); err != nil {
		t.Fatal(err)
	}
	b.wantAccount(t, "ada")
}

// A login that was verified with the old password must not survive its change.
func TestLoginDuringChangeOfPassword(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		s.make(t, "ada")
		verified, err := s.account(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.accounts.EndSessions(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		b := s.browser()
		s.logInAs(verified)
		b.post(t, "/login")
		b.wantAccount(t, "")
	})
}

func TestDisabledAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx, accounts := t.Context(), auth.NewAccounts(client, keys, cheap)
		create(t, accounts, "ada")
		create(t, accounts, "root")
		if err := accounts.Disable(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Verify(ctx, "ada", password); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("its password: %v", err)
		}
		if _, err := accounts.MakeLink(ctx, "ada"); !errors.Is(err, auth.ErrDisabled) {
			t.Errorf("its link: %v", err)
		}
		if err := accounts.Enable(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Verify(ctx, "ada", password); err != nil {
			t.Errorf("enabled again: %v", err)
		}
	})
}

func TestLastSuperuserStays(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		s := newSite(client, auth.SessionOptions{})
		s.make(t, "ada", "grace")
		// One who has never set a password is of no help.
		if _, err := s.accounts.Invite(ctx, "linus", auth.Superuser); err != nil {
			t.Fatal(err)
		}
		if err := s.accounts.Disable(ctx, "grace"); err != nil {
			t.Fatal(err)
		}
		if err := s.accounts.Disable(ctx, "ada"); !errors.Is(err, auth.ErrLastSuperuser) {
			t.Errorf("disable: %v", err)
		}
		if err := s.accounts.SetRole(ctx, "ada", auth.Viewer); !errors.Is(err, auth.ErrLastSuperuser) {
			t.Errorf("demote: %v", err)
		}
		if account, err := s.accounts.Get(ctx, "ada"); err != nil || account.Disabled || account.Role != auth.Superuser {
			t.Errorf("she is %+v, %v", account, err)
		}
	})
}

// An invited account has no password: where the login is ours it can't take the place of one who has, where
// it is somebody else's all are alike. Commands can't know which is the case.
func TestWhoIsTheLastSuperuser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what                  string
		passwords, none       []string // superusers, with and without a password
		disabled              string   // one of them, or ""
		last, lastOfElsewhere bool     // whether ada is the last, by herself and where people log in elsewhere
	}{
		{"alone", []string{"ada"}, nil, "", true, true},
		{"alone, and has no password", nil, []string{"ada"}, "", true, true},
		{"both have one", []string{"ada", "grace"}, nil, "", false, false},
		{"the other has none", []string{"ada"}, []string{"grace"}, "", true, false},
		{"only the other has one", []string{"grace"}, []string{"ada"}, "", false, false},
		{"nobody has one", nil, []string{"ada", "grace"}, "", false, false},
		{"the other is disabled", []string{"ada", "grace"}, nil, "grace", true, true},
		{"the other is disabled, and nobody has one", nil, []string{"ada", "grace"}, "grace", true, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSite(redistest.Patient(t, redistest.Start(t).Client(t)), auth.SessionOptions{})
			s.make(t, c.passwords...)
			for _, name := range c.none {
				if _, err := s.accounts.Invite(t.Context(), name, auth.Superuser); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.accounts.Invite(t.Context(), "vera", auth.Viewer); err != nil {
				t.Fatal(err)
			}
			if c.disabled != "" {
				if err := s.accounts.Disable(t.Context(), c.disabled); err != nil {
					t.Fatal(err)
				}
			}
			for accounts, last := range map[*auth.Accounts]bool{s.accounts: c.last, auth.NewAccounts(s.client, keys, auth.AccountOptions{LoginElsewhere: true, Cost: cheap.Cost}): c.lastOfElsewhere} {
				demoted := accounts.SetRole(t.Context(), "ada", auth.Viewer)
				if errors.Is(demoted, auth.ErrLastSuperuser) != last || !last && demoted != nil {
					t.Errorf("demoted: %v, want her to be the last: %v", demoted, last)
				}
				if err := accounts.SetRole(t.Context(), "ada", auth.Superuser); err != nil {
					t.Fatal(err)
				}
				disabled := accounts.Disable(t.Context(), "ada")
				if errors.Is(disabled, auth.ErrLastSuperuser) != last || !last && disabled != nil {
					t.Errorf("disabled: %v, want her to be the last: %v", disabled, last)
				}
				if err := accounts.Enable(t.Context(), "ada"); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Each of two superusers removes the other at the same moment: one of them must stay.
func TestLastSuperuserStaysInARace(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(client, auth.SessionOptions{})
		for range 20 {
			s.make(t, "ada", "grace")
			errs := make([]error, 2)
			var wg sync.WaitGroup
			wg.Go(func() { errs[0] = s.accounts.Disable(t.Context(), "ada") })
			wg.Go(func() { errs[1] = s.accounts.SetRole(t.Context(), "grace", auth.Viewer) })
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("got %v and %v, want one success", errs[0], errs[1])
			}
			if err := client.Del(t.Context(), keys.Accounts()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
