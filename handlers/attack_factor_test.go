package handlers_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// An attacker who has stolen a session and knows the password, too, has not got the second factor. A new password must not stand for it: otherwise the
// thief changes the password, and then takes the second factor away.
func TestANewPasswordStandsForNoSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	app, _ := s.enrol(root)
	b := s.halfway(root)
	b.post(base+"/login/second", form("code", app.next())).expect(http.StatusSeeOther, "")
	s.outdate()
	b.post(base+"/account/password", form("current", password, "password", "another "+password)).expect(http.StatusSeeOther, "")
	b.get(base+"/account").expect(http.StatusOK, "")
	for _, change := range []string{"/account/second-factor/app/remove", "/account/second-factor/codes", "/accounts/create", "/account/token"} {
		if a := b.post(base+change, form("name", "mallory", "role", "superuser", "label", "x", "days", "1")); a.find("#proof-form").Length() != 1 {
			t.Errorf("%s: %d to %q, without a code", change, a.StatusCode, a.location())
		}
	}
}

// A session that began at a provider does not come back to life when the account of that name, which was disabled, is enabled again.
func TestASessionOfAProviderStaysEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: fakeProvider{}})
	s.create("vera", auth.Viewer)
	b := s.stranger()
	b.get(base + "/sign-on")
	b.get(base + "/sign-on/callback?name=vera&role=viewer")
	b.get(base+"/").expect(http.StatusOK, "")
	for _, change := range []func() error{
		func() error { return s.accounts().Disable(t.Context(), "vera") },
		func() error { return s.accounts().Enable(t.Context(), "vera") },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if a := b.get(base + "/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session of before gets %d", a.StatusCode)
		}
	}
}

// awayProvider does not answer.
type awayProvider struct{ fakeProvider }

func (awayProvider) Begin(context.Context, string, string) (address, attempt string, err error) {
	return "", "", errors.New("it is away")
}

// Strangers can't fill the program's log by logins that the provider can't serve, or that it has not begun.
func TestLoginsAtAProviderDoNotFloodTheLog(t *testing.T) {
	t.Parallel()
	log := &lines{}
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: awayProvider{}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	b := s.stranger()
	for range 20 {
		b.get(base + "/sign-on")
		b.get(base + "/sign-on/callback?state=" + rand.Text())
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "it is away") {
		t.Errorf("logged is:\n%s", got)
	}
}

// A token that was made before a second factor was required does not stand for one, neither for the API nor for sockets. One that was
// made in a terminal goes on: the program's account has nobody who could set a factor up.
func TestATokenStandsForNoSecondFactor(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	before := newSite(t, client, handlers.Options{})
	before.create("vera", auth.Viewer)
	before.create("program", auth.Viewer)
	old := before.token("vera")
	terminal, err := auth.NewTokens(client, auth.Keys{Prefix: before.logs.KeyPrefix()}).CreateInTerminal(t.Context(), "program", "report", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, client, handlers.Options{RequireSecondFactor: auth.Roles()})
	for token, want := range map[string][2]int{old: {http.StatusForbidden, http.StatusForbidden}, terminal: {http.StatusOK, http.StatusUpgradeRequired}} {
		for i, target := range []string{"/api/users", "/live/socket?everyone=1"} {
			if a := s.stranger().get(base+target, "Authorization", "Bearer "+token); a.StatusCode != want[i] {
				t.Errorf("%s: %d, want %d: %s", target, a.StatusCode, want[i], a.body)
			}
		}
	}
	if a := before.stranger().get(base+"/api/users", "Authorization", "Bearer "+old); a.StatusCode != http.StatusOK {
		t.Errorf("where none is required: %d", a.StatusCode)
	}
}

// An attacker who has guessed a password and is stopped by the second factor is seen. By knowing it she writes no more than by guessing, and only
// attempts.
func TestARightPasswordIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	s.enrol(root)
	s.halfway(root)
	records := s.records()
	if n := len(records); n != 1 || records[0].Action != audit.SecondFactorAsked || records[0].Actor != root || records[0].Ring != audit.Attempts || records[0].Address == "" {
		t.Fatalf("written down is %+v", records)
	}
	for range 4 * auth.AttemptsPerPair {
		s.stranger().logIn(base, root, password, "")
	}
	records = s.records()
	if n := len(records); n > auth.AttemptsPerPair+1 {
		t.Errorf("%d records of %d logins", n, 4*auth.AttemptsPerPair+1)
	}
	if slices.ContainsFunc(records, func(r audit.Record) bool { return r.Ring != audit.Attempts }) {
		t.Errorf("a record is none of an attempt: %+v", records)
	}
}
