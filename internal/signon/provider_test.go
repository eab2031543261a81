package signon_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/signon"
)

// Strangers who begin logins while the provider hangs don't have others wait for theirs.
func TestAHangingProviderIsAskedOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	}))
	defer server.Close()
	p, err := signon.New(signon.Options{
		Issuer: server.URL, ClientID: "userlog", ClientSecret: "secret", GroupsClaim: "groups", Roles: map[string]auth.Role{"staff": auth.Viewer},
		Client: &http.Client{Timeout: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ended sync.WaitGroup
	for range 50 {
		ended.Go(func() {
			if _, _, err := p.Begin(t.Context(), "http://localhost/callback", "/"); err == nil {
				t.Error("a login began without an answer of the provider")
			}
		})
	}
	ended.Wait()
	if n := asked.Load(); n > 10 {
		t.Errorf("the provider was asked %d times for 50 logins", n)
	}
}
