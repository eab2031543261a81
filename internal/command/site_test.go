//go:build unix

package command_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// visitor is a browser without scripts.
type visitor struct {
	t      *testing.T
	client *http.Client
	origin string
}

func visit(t *testing.T, origin string) *visitor {
	t.Helper()
	return visitTrusting(t, origin, nil)
}

// visitTrusting is visit for a site whose certificate is signed by one of roots.
func visitTrusting(t *testing.T, origin string, roots *x509.CertPool) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, &http.Client{Jar: jar, Transport: transport, Timeout: patience}, origin}
}

// page is where a visitor ended up.
type page struct {
	*goquery.Document
	status int
	path   string
}

// get follows redirects.
func (v *visitor) get(path string) page {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.origin+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin") // as of a link on a page of ours
	res, err := v.client.Do(request)
	return v.read(res, err)
}

// logIn sends the login form of the admin at base.
func (v *visitor) logIn(base, username, password string) page {
	v.t.Helper()
	res, err := v.client.PostForm(v.origin+base+"/login", url.Values{"username": {username}, "password": {password}})
	return v.read(res, err)
}

// send sends a form, of names and values in turn, and follows redirects.
func (v *visitor) send(path string, fields ...string) page {
	v.t.Helper()
	form := make(url.Values)
	for pair := range slices.Chunk(fields, 2) {
		form.Set(pair[0], pair[1])
	}
	res, err := v.client.PostForm(v.origin+path, form)
	return v.read(res, err)
}

func (v *visitor) read(res *http.Response, err error) page {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	document, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return page{document, res.StatusCode, res.Request.URL.Path}
}

// awaitStatus waits until path answers with a status.
func (v *visitor) awaitStatus(path string, status int) {
	v.t.Helper()
	redistest.Eventually(v.t, path+" answers with the status", func() bool { return v.get(path).status == status })
}

// openStore opens a store as an application would; it is closed at the end of the test. It waits for a busy Redis, if that is no Cluster.
func openStore(t *testing.T, address string, options store.Options) *store.Store {
	t.Helper()
	open := func() (*store.Store, error) { return store.Open(address, options) }
	if !strings.Contains(address, "?addr=") {
		server, err := redis.ParseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(server)
		t.Cleanup(func() { client.Close() })
		open = func() (*store.Store, error) { return store.New(redistest.Patient(t, client), options) }
	}
	logs, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close(context.Background()) })
	return logs
}
