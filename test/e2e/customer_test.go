package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
)

// customer is somebody else's browser, in which a customer is logged in to the demo's shop.
type customer struct {
	t      *testing.T
	client *http.Client
	origin string
}

// newCustomer logs in to the shop, which is recorded as one request: POST /login.
func newCustomer(t *testing.T, shop *program, name string) *customer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	c := &customer{t: t, origin: shop.origin, client: &http.Client{
		Jar: jar, Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	answer, err := c.client.PostForm(c.origin+"/login", url.Values{"username": {name}})
	c.finish("log in", answer, err)
	if answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("log in to the shop as %s: status %d", name, answer.StatusCode)
	}
	return c
}

// get asks for a page of the shop, whatever its status, and does not follow redirects.
func (c *customer) get(path string) {
	c.t.Helper()
	answer, err := c.client.Get(c.origin + path)
	c.finish("get "+path, answer, err)
}

func (c *customer) finish(what string, answer *http.Response, err error) {
	c.t.Helper()
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
}
