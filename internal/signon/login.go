package signon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gin-userlog/userlog/handlers"
)

// attemptLifetime is how long a person may take at the provider.
const attemptLifetime = 10 * time.Minute

// clockSkew is how far the clock of the provider may be behind ours.
const clockSkew = time.Minute

// attempt is a login that has begun. The browser has it, sealed.
type attempt struct {
	State    string    `json:"state"`    // which the provider sends back
	Nonce    string    `json:"nonce"`    // which is in the ID token
	Verifier string    `json:"verifier"` // of PKCE
	Redirect string    `json:"redirect"` // where the provider sends the browser
	Next     string    `json:"next"`     // where a login leads
	Until    time.Time `json:"until"`
	Asked    time.Time `json:"asked,omitzero"` // when a proof has begun; zero = it is a login
}

// isProof reports whether the provider has to ask again.
func (a attempt) isProof() bool { return !a.Asked.IsZero() }

// tokens are what the provider is asked with again. Redis has them, sealed.
type tokens struct {
	Subject string    `json:"sub"`
	Name    string    `json:"name"`
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expiry  time.Time `json:"expiry"`             // of Access; zero = never
	ByToken bool      `json:"by_token,omitempty"` // the groups are in the ID token only
}

// Begin returns the address of the provider where a browser logs in, and the attempt, which the browser has to bring back. The provider
// sends it to the redirect, and a login leads to next.
func (p *Provider) Begin(ctx context.Context, redirect, next string) (address, sealed string, err error) {
	return p.begin(ctx, attempt{Redirect: redirect, Next: next})
}

// BeginProof is [Provider.Begin] for somebody who is logged in. The provider is told to ask her again (prompt=login and max_age=0), and
// [Provider.Finish] takes no answer that does not say that it has.
func (p *Provider) BeginProof(ctx context.Context, redirect, next string) (address, sealed string, err error) {
	return p.begin(ctx, attempt{Redirect: redirect, Next: next, Asked: p.now()}, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
}

// begin begins an attempt. The address of the provider has more parameters where they are given.
func (p *Provider) begin(ctx context.Context, a attempt, more ...oauth2.AuthCodeOption) (address, sealed string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	a.State, a.Nonce, a.Verifier, a.Until = rand.Text(), rand.Text(), oauth2.GenerateVerifier(), p.now().Add(attemptLifetime)
	if sealed, err = p.seal.close(sealedAttempt, a); err != nil {
		return "", "", err
	}
	more = append(more, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return p.client(found, a.Redirect).AuthCodeURL(a.State, more...), sealed, nil
}

// Finish ends a login or a proof with what the provider has sent the browser back with. The error is [handlers.ErrSignOnRefused] where the
// provider or we refuse, [handlers.ErrNotAsked] where it has not asked again, or else the failure of the provider or ctx.
func (p *Provider) Finish(ctx context.Context, sealed string, query url.Values) (handlers.SignedOn, error) {
	var a attempt
	if err := p.seal.open(sealedAttempt, sealed, &a); err != nil {
		return handlers.SignedOn{}, refuse("the browser has brought no attempt")
	}
	who, err := p.finish(ctx, a, query)
	who.Next, who.Proof = a.Next, a.isProof()
	return who, err
}

// finish ends one attempt.
func (p *Provider) finish(ctx context.Context, a attempt, query url.Values) (handlers.SignedOn, error) {
	switch {
	case p.now().After(a.Until):
		return handlers.SignedOn{}, refuse("the attempt is too old")
	case subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(a.State)) != 1:
		return handlers.SignedOn{}, refuse("the state is another one")
	case query.Has("iss") && query.Get("iss") != p.options.Issuer:
		return handlers.SignedOn{}, refuse("the answer is another provider's")
	case query.Get("code") == "":
		return handlers.SignedOn{}, refuse("the provider has sent no code, but the error %.60q", query.Get("error"))
	}
	found, err := p.discover(ctx)
	if err != nil {
		return handlers.SignedOn{}, err
	}
	ctx, cancel := context.WithTimeout(p.context(ctx), 2*requestTimeout)
	defer cancel()
	token, err := p.client(found, a.Redirect).Exchange(ctx, query.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return handlers.SignedOn{}, refusal("exchange the code", err)
	}
	id, said, err := p.idToken(ctx, found, token)
	if err != nil {
		return handlers.SignedOn{}, err
	}
	if id == nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return handlers.SignedOn{}, refuse("the nonce is another one")
	}
	proven := said.time("auth_time")
	switch { // a proof is one by our clock
	case a.isProof() && proven.Before(a.Asked.Add(-clockSkew)):
		return handlers.SignedOn{}, fmt.Errorf("%w: prompt=login and max_age=0 were sent, and the auth_time of the ID token is %v", handlers.ErrNotAsked, said["auth_time"])
	case a.isProof() || proven.After(p.now()):
		proven = p.now()
	}
	who, err := p.begun(ctx, found, id.Subject, said, token)
	who.Proven = proven
	return who, err
}

// begun is who has logged in, by the ID token and, where that has no groups, by what else the provider says.
func (p *Provider) begun(ctx context.Context, found *discovered, subject string, said claims, token *oauth2.Token) (handlers.SignedOn, error) {
	t := tokens{Subject: subject, Access: token.AccessToken, Refresh: token.RefreshToken, Expiry: token.Expiry, ByToken: true}
	if found.provider.UserInfoEndpoint() != "" {
		more, err := p.userinfo(ctx, found, t)
		if err != nil {
			return handlers.SignedOn{}, err
		}
		t.ByToken = !more.has(p.options.GroupsClaim)
		said = said.and(more)
	}
	if t.ByToken && t.Refresh == "" && said.has(p.options.GroupsClaim) {
		return handlers.SignedOn{}, refuse("the provider can't be asked again: let userinfo have the claim %s, or allow the scope offline_access", p.options.GroupsClaim)
	}
	t.Name = said.name(p.options.NameClaim)
	return p.signedOn(t, said)
}

// signedOn is a person by what the provider has said of her.
func (p *Provider) signedOn(t tokens, said claims) (handlers.SignedOn, error) {
	sealed, err := p.seal.close(sealedTokens, t)
	if err != nil {
		return handlers.SignedOn{}, err
	}
	return handlers.SignedOn{
		Name: t.Name, Subject: p.options.Issuer + " " + t.Subject, Role: said.role(p.options.GroupsClaim, p.options.Roles), Sealed: sealed,
	}, nil
}

// idToken verifies the ID token that came with others. It is nil where there is none.
func (p *Provider) idToken(ctx context.Context, found *discovered, token *oauth2.Token) (*oidc.IDToken, claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, nil, nil
	}
	id, err := found.provider.VerifierContext(ctx, &oidc.Config{ClientID: p.options.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return nil, nil, refuse("the ID token is not valid: %v", err)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, nil, refuse("the ID token is of other tokens")
		}
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return nil, nil, refuse("the ID token can't be read")
	}
	return id, said, nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{handlers.ErrSignOnRefused}, args...)...)
}
