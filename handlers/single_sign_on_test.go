package handlers_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// fakeProvider lets in whom the query names, in the role that it names. The tests of test/signon have a real one.
type fakeProvider struct{}

func (fakeProvider) Begin(_ context.Context, redirect, next string) (address, attempt string, err error) {
	return "https://login.example/?back=" + url.QueryEscape(redirect), next, nil
}

// BeginProof returns an attempt that Finish takes for a proof. It is the fake's to have the next in a cookie as it is.
func (fakeProvider) BeginProof(_ context.Context, redirect, next string) (address, attempt string, err error) {
	return "https://login.example/?again&back=" + url.QueryEscape(redirect), provenAttempt + url.QueryEscape(next), nil
}

// provenAttempt is how an attempt of BeginProof begins.
const provenAttempt = "proof:"

func (fakeProvider) Finish(_ context.Context, attempt string, query url.Values) (handlers.SignedOn, error) {
	if attempt == "" {
		return handlers.SignedOn{}, handlers.ErrSignOnRefused
	}
	who := handlers.SignedOn{Name: query.Get("name"), Subject: cmp.Or(query.Get("sub"), query.Get("name")), Role: auth.Role(query.Get("role")), Sealed: "x", Next: attempt}
	change, isProof := strings.CutPrefix(attempt, provenAttempt)
	if !isProof {
		return who, nil
	}
	who.Next, _ = url.QueryUnescape(change) // BeginProof has escaped it
	who.Proof, who.Proven = true, time.Now()
	switch query.Get("error") {
	case "":
		return who, nil
	case "away":
		return handlers.SignedOn{Next: who.Next, Proof: true}, errors.New("it is away")
	case "silent":
		return handlers.SignedOn{Next: who.Next, Proof: true}, handlers.ErrNotAsked
	}
	return handlers.SignedOn{Next: who.Next, Proof: true}, handlers.ErrSignOnRefused
}

func (fakeProvider) Check(context.Context, string) (handlers.SignedOn, error) {
	return handlers.SignedOn{}, errors.New("it is away")
}

func (fakeProvider) LogoutURL(context.Context, string) string { return "" }

// Somebody who takes another person's name at the provider can neither have a login written down in it, nor use up what that person may do.
func TestTheNameOfAnotherPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: fakeProvider{}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	logIn := func(sub string, n int) *answer {
		b := s.stranger()
		b.get(base + "/sign-on")
		return b.get(base+"/sign-on/callback?name=vera&role=viewer&sub="+sub, "X-Forwarded-For", fmt.Sprintf("10.0.%d.1", n))
	}
	logIn("1", 0).expect(http.StatusSeeOther, "")
	for n := range 130 { // more than an account can have recorded at once
		if a := logIn("2", n); a.StatusCode != http.StatusForbidden {
			t.Fatalf("the %d. try: %d", n+1, a.StatusCode)
		}
	}
	logIn("1", 200).expect(http.StatusSeeOther, "")
	logins := 0
	for _, record := range s.audited() {
		if record == "vera login" {
			logins++
		}
	}
	if logins != 2 {
		t.Errorf("%d logins of vera are written down", logins)
	}
}

func TestLoginsAtAProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: fakeProvider{}})
	for _, route := range s.engine.Routes() {
		admits(t, route)
	}
	logIn := func(name, role string) (*browser, *answer) {
		b := s.stranger()
		b.get(base + "/sign-on?next=" + base + "/live")
		return b, b.get(base + "/sign-on/callback?name=" + name + "&role=" + role)
	}
	b, a := logIn("vera", "viewer")
	if a.location() != base+"/live" {
		t.Fatalf("the login leads to %d %q", a.StatusCode, a.location())
	}
	for target, want := range map[string]int{"/": 200, "/accounts": 403, "/api/users": 401, "/password": 404} {
		if a := b.get(base + target); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, a.StatusCode, want)
		}
	}
	// A session of the password form is none here, and the other way round.
	own := newSite(t, s.client, handlers.Options{})
	if a := own.superuser().at(s).get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a session of a password: %d", a.StatusCode)
	}
	if a := b.at(own).get(base + "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a session of a provider, where there is none: %d", a.StatusCode)
	}

	s.create("eve", auth.Superuser)
	if err := s.accounts().Disable(t.Context(), "eve"); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string][2]string{"who has no role": {"grace", ""}, "who is disabled here": {"EVE", "viewer"}, "a name that is none": {"a+b", "viewer"}} {
		if b, a := logIn(c[0], c[1]); a.StatusCode != http.StatusForbidden || b.session() != "" {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	if a := b.post(base+"/logout", nil); a.location() != base+"/login?out=1" || b.session() != "" {
		t.Errorf("the logout: %d %q", a.StatusCode, a.location())
	}
	want := []string{"vera login", "vera refused", "root login", "vera logout", "grace login-failed", "eve login-failed", "login-failed"}
	got := s.audited()
	slices.Sort(got)
	slices.Sort(want)
	if strings.Join(got, ";") != strings.Join(want, ";") {
		t.Errorf("written down: %q", got)
	}
}
