package signon

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the provider knows us as.
const (
	clientID     = "userlog"
	clientSecret = "a secret of the client"
	userPassword = "verysecure"
)

// provider is one of OpenID Connect, with people in groups.
type provider struct {
	*storage.Storage
	server *httptest.Server

	mu      sync.Mutex
	users   map[string]*storage.User
	groups  map[string][]string // by the user's id
	inToken bool                // groups are in the ID token, and not in userinfo
	away    bool                // it answers with 503
	silent  bool                // whatever is asked, it says that people have logged in an hour ago
	issued  []string            // all tokens
}

// startProvider runs a provider that sends browsers back to an address of ours.
func startProvider(t *testing.T, callback string) *provider {
	t.Helper()
	p := &provider{users: map[string]*storage.User{}, groups: map[string][]string{}}
	router := http.Handler(http.NotFoundHandler())
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.isAway() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		noted := &notingWriter{ResponseWriter: w}
		router.ServeHTTP(noted, r)
		p.note(noted.body.Bytes())
	}))
	t.Cleanup(p.server.Close)
	p.Storage = storage.NewStorageWithClients(p, map[string]*storage.Client{clientID: storage.WebClient(clientID, clientSecret, callback)})
	router = exampleop.SetupServer(p.server.URL, p, nil, false)
	return p
}

// notingWriter keeps what is written.
type notingWriter struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *notingWriter) Write(b []byte) (int, error) {
	w.body.Write(b)
	return w.ResponseWriter.Write(b)
}

// note keeps the tokens of an answer.
func (p *provider) note(body []byte) {
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		ID      string `json:"id_token"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, token := range []string{answer.Access, answer.Refresh, answer.ID} {
		if token != "" {
			p.issued = append(p.issued, token)
		}
	}
}

// tokens are all that were issued.
func (p *provider) tokens() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issued
}

func (p *provider) isAway() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.away
}

// goAway has the provider answer with 503, or as before.
func (p *provider) goAway(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// goSilent has the provider ask nobody again.
func (p *provider) goSilent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = true
}

// silentRequest is one for which nobody was asked again.
type silentRequest struct{ *storage.AuthRequest }

// GetAuthTime is asked for the ID token.
func (silentRequest) GetAuthTime() time.Time { return time.Now().Add(-time.Hour) }

// AuthRequestByCode is asked by the provider.
func (p *provider) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	request, err := p.Storage.AuthRequestByCode(ctx, code)
	p.mu.Lock()
	defer p.mu.Unlock()
	if own, is := request.(*storage.AuthRequest); is && p.silent {
		return silentRequest{own}, err
	}
	return request, err
}

// CreateAccessAndRefreshTokens is asked by the provider. The storage knows its own requests only.
func (p *provider) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (access, refresh string, expires time.Time, err error) {
	if silent, is := request.(silentRequest); is {
		request = silent.AuthRequest
	}
	return p.Storage.CreateAccessAndRefreshTokens(ctx, request, current)
}

// put says which groups a person is in, from now on.
func (p *provider) put(id, name string, groups ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[id] = &storage.User{ID: id, Username: name, Password: userPassword, Email: name + "@example.com", EmailVerified: true}
	p.groups[id] = groups
}

// GetUserByID is asked by the storage.
func (p *provider) GetUserByID(id string) *storage.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users[id]
}

// GetUserByUsername is asked by the storage.
func (p *provider) GetUserByUsername(name string) *storage.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, user := range p.users {
		if user.Username == name {
			return user
		}
	}
	return nil
}

// ExampleClientID is asked by the storage.
func (p *provider) ExampleClientID() string { return clientID }

// SetUserinfoFromToken adds groups to what the storage says of a person.
func (p *provider) SetUserinfoFromToken(ctx context.Context, userinfo *oidc.UserInfo, tokenID, subject, origin string) error {
	if err := p.Storage.SetUserinfoFromToken(ctx, userinfo, tokenID, subject, origin); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.inToken {
		userinfo.AppendClaims("groups", p.groups[subject])
	}
	return nil
}

// SetUserinfoFromScopes makes claims of ID tokens.
func (p *provider) SetUserinfoFromScopes(_ context.Context, userinfo *oidc.UserInfo, userID, _ string, _ []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inToken {
		userinfo.AppendClaims("groups", p.groups[userID])
	}
	return nil
}

// quiet keeps the provider's log out of that of tests.
func quiet() { slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil))) }
