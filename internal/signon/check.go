package signon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/gin-userlog/userlog/handlers"
)

// early is how long before its end a token is not used any more.
const early = 10 * time.Second

// maxUserinfo is how much of an answer is read, in bytes.
const maxUserinfo = 1 << 20

// Check asks the provider again about somebody who has logged in. Keep what it returns: some tokens can be used once. The error is
// [handlers.ErrSignOnRefused] where the provider knows the person no longer, or else the failure of the provider or ctx.
func (p *Provider) Check(ctx context.Context, sealed string) (handlers.SignedOn, error) {
	var t tokens
	if err := p.seal.open(sealedTokens, sealed, &t); err != nil {
		return handlers.SignedOn{}, refuse("%v", err)
	}
	found, err := p.discover(ctx)
	if err != nil {
		return handlers.SignedOn{}, err
	}
	ctx, cancel := context.WithTimeout(p.context(ctx), 2*requestTimeout)
	defer cancel()
	var said claims
	if t.ByToken || !t.Expiry.IsZero() && p.now().Add(early).After(t.Expiry) {
		if said, err = p.refresh(ctx, found, &t); err != nil {
			return handlers.SignedOn{}, err
		}
	}
	if !t.ByToken {
		more, err := p.userinfo(ctx, found, t)
		if err != nil {
			// The tokens may be new, and must not be lost.
			kept, _ := p.signedOn(t, nil)
			return handlers.SignedOn{Sealed: kept.Sealed}, err
		}
		said = more
	}
	return p.signedOn(t, said)
}

// refresh gets new tokens, and what the ID token among them says.
func (p *Provider) refresh(ctx context.Context, found *discovered, t *tokens) (claims, error) {
	if t.Refresh == "" {
		return nil, refuse("the token has expired, and the provider gives no other without a login")
	}
	token, err := p.client(found, "").TokenSource(ctx, &oauth2.Token{RefreshToken: t.Refresh}).Token()
	if err != nil {
		return nil, refusal("get new tokens", err)
	}
	id, said, err := p.idToken(ctx, found, token)
	if err != nil {
		return nil, err
	}
	if id != nil && id.Subject != t.Subject {
		return nil, refuse("the new tokens are another person's")
	}
	t.Access, t.Expiry = token.AccessToken, token.Expiry
	if token.RefreshToken != "" {
		t.Refresh = token.RefreshToken
	}
	return said, nil
}

// userinfo is what the provider says of a person now.
func (p *Provider) userinfo(ctx context.Context, found *discovered, t tokens) (claims, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, found.provider.UserInfoEndpoint(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask the provider who it is: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+t.Access)
	request.Header.Set("Accept", "application/json")
	answer, err := p.options.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the provider who it is: %w", err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return nil, refuse("the provider answers %s to the question who it is", answer.Status)
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("ask the provider who it is: %s", answer.Status)
	}
	var said claims
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxUserinfo)).Decode(&said); err != nil {
		return nil, fmt.Errorf("ask the provider who it is: %w", err)
	}
	if said.text("sub") != t.Subject {
		return nil, refuse("the provider speaks of another person")
	}
	return said, nil
}
