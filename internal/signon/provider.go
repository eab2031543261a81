// Package signon logs people in at a provider of OpenID Connect, and asks the provider again whether they still may. It is apart from
// package handlers, whose [handlers.SingleSignOn] it is, so that applications that bring their own login don't carry its dependencies.
//
// It keeps nothing: what a browser or Redis has to keep for it is sealed, and opened again with the secret that the provider has given us.
package signon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
)

// requestTimeout is how long the provider may take for one answer.
const requestTimeout = 5 * time.Second

// Options say which provider there is, and what its groups may do. All fields are required but for those that have a default.
type Options struct {
	Issuer       string               // as the provider names itself, such as https://login.example.com/realms/support
	ClientID     string               // by which the provider knows userlog
	ClientSecret string               // of the client; it also seals what is kept
	GroupsClaim  string               // the claim with a person's groups
	NameClaim    string               // the claim with a person's name; "" = preferred_username, or else a verified email, or else sub
	Roles        map[string]auth.Role // by group
	Scopes       []string             // more that are asked for; openid, profile and email always are
	Client       *http.Client         // nil = one with a timeout
}

// Provider is a provider of OpenID Connect. All methods may be called from several goroutines, and wait for the provider for a few seconds
// at most each.
type Provider struct {
	options Options
	seal    seal
	now     func() time.Time

	mu     sync.Mutex
	found  *discovered // nil until the provider has answered
	asking *discovery  // nil while nobody asks
}

var _ handlers.SingleSignOn = (*Provider)(nil)

// discovered is what the provider says of itself.
type discovered struct {
	provider   *oidc.Provider
	scopes     []string
	endSession string // where people log out; "" = nowhere
}

// New returns a provider. It doesn't connect. Its errors are about the options.
func New(options Options) (*Provider, error) {
	u, err := url.Parse(options.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !isHere(u):
		return nil, fmt.Errorf("the issuer %q: use the address that the provider names, such as https://login.example.com; only on this machine it may begin with http://", u.Redacted())
	case options.ClientID == "" || options.ClientSecret == "":
		return nil, errors.New("a client needs an id and a secret")
	case options.GroupsClaim == "":
		return nil, errors.New("there is no claim for groups")
	case len(options.Roles) == 0:
		return nil, errors.New("no group has a role: name at least one, such as support=viewer")
	}
	for group, role := range options.Roles {
		if _, err := auth.ParseRole(string(role)); err != nil || group == "" {
			return nil, fmt.Errorf("group %q with the role %q: use group=superuser or group=viewer", group, role)
		}
	}
	if options.Client == nil {
		options.Client = &http.Client{Timeout: requestTimeout, CheckRedirect: noRedirect}
	}
	sealed, err := newSeal(options.ClientSecret)
	if err != nil {
		return nil, err
	}
	return &Provider{options: options, seal: sealed, now: time.Now}, nil
}

// noRedirect has an answer that leads elsewhere taken as it is: what is secret goes to the provider's own addresses only.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// isHere reports whether an address is on this machine.
func isHere(u *url.URL) bool {
	return u.Scheme == "http" && auth.IsLoopback(&http.Request{Host: u.Host})
}

// discovery is a question to the provider what it has, for whose answer several may wait.
type discovery struct {
	done  chan struct{} // closed when there is an answer
	found *discovered
	err   error
}

// discover asks the provider what it has, until it has answered once. All callers of the same time wait for one answer. Strangers can
// begin logins without end, and a provider that hangs must not have the others wait for one of them after the other.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	if p.found != nil {
		defer p.mu.Unlock()
		return p.found, nil
	}
	asking := p.asking
	if asking == nil {
		asking = &discovery{done: make(chan struct{})}
		p.asking = asking
		go p.answer(context.WithoutCancel(ctx), asking)
	}
	p.mu.Unlock()
	select {
	case <-asking.done:
		return asking.found, asking.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answer answers a question with what the provider says.
func (p *Provider) answer(ctx context.Context, asking *discovery) {
	asking.found, asking.err = p.ask(ctx)
	p.mu.Lock()
	p.found, p.asking = asking.found, nil
	p.mu.Unlock()
	close(asking.done)
}

// ask asks the provider once.
func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	ctx, cancel := context.WithTimeout(p.context(ctx), requestTimeout)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the provider what it has: %w", err)
	}
	var more struct {
		Scopes     []string `json:"scopes_supported"`
		EndSession string   `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, fmt.Errorf("ask the provider what it has: %w", err)
	}
	found := &discovered{provider: provider, scopes: []string{oidc.ScopeOpenID, "profile", "email"}, endSession: more.EndSession}
	if u, err := url.Parse(more.EndSession); err != nil || u.Scheme != "https" && !isHere(u) {
		found.endSession = ""
	}
	for _, scope := range []string{oidc.ScopeOfflineAccess, "groups"} {
		if slices.Contains(more.Scopes, scope) {
			found.scopes = append(found.scopes, scope)
		}
	}
	found.scopes = append(found.scopes, p.options.Scopes...)
	return found, nil
}

// context is one whose requests to the provider are bounded.
func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.options.Client)
}

// client is what the provider knows us as. The address is where it sends browsers back.
func (p *Provider) client(found *discovered, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret, Endpoint: found.provider.Endpoint(), RedirectURL: redirect, Scopes: found.scopes,
	}
}

// LogoutURL is where a browser logs out at the provider, and is led back to an address of ours; "" where the provider has none, or can't be
// asked. It names nobody: what would tell the provider whose logout it is stands in no address.
func (p *Provider) LogoutURL(ctx context.Context, back string) string {
	found, err := p.discover(ctx)
	if err != nil || found.endSession == "" {
		return ""
	}
	separator := "?"
	if strings.Contains(found.endSession, "?") {
		separator = "&"
	}
	return found.endSession + separator + url.Values{"client_id": {p.options.ClientID}, "post_logout_redirect_uri": {back}}.Encode()
}

// refusal tells what the provider has refused from what it could not answer.
func refusal(what string, err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.StatusCode/100 == 4 && answered.Response.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("%s: %w: %s", what, handlers.ErrSignOnRefused, answered.ErrorCode) // its text may have what was sent
	}
	return fmt.Errorf("%s: %w", what, err)
}
