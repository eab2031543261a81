// Package webcheck visits the admin as a browser does, and says what a proxy in front of it, a certificate or an option gets wrong. It
// logs in nowhere, and changes nothing.
//
// Its findings are said in English, since only a terminal shows it. The package internal/doctor finds what is wrong with Redis
// and with applications.
package webcheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Finding is one thing that is wrong, in sentences.
type Finding struct {
	Name  string
	Grave bool   // something does not work
	Says  string // what is wrong
	Next  string // what to do
}

// Options say what to visit.
type Options struct {
	URL *url.URL // of the admin, by http or https

	// Roots are the authorities of its certificate. Default: nil, those of the system.
	Roots *x509.CertPool

	// Token lets a live log be opened, and held open for Stay. Default: "", only the handshake of one is tried, without a login.
	Token string
	Stay  time.Duration
}

// Limits of a visit.
const (
	pageTimeout  = 10 * time.Second
	maxRedirects = 10
	maxPage      = 1 << 20             // bytes that are read of an answer
	soon         = 14 * 24 * time.Hour // a certificate that ends within it is to be renewed
)

// Examine visits the admin and returns what is wrong, in the order in which a browser meets it. A part of the way that can't be
// reached hides what is behind it.
func Examine(ctx context.Context, options Options) []Finding {
	jar, _ := cookiejar.New(nil) // never fails
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: options.Roots, MinVersion: tls.VersionTLS12},
		Proxy:           http.ProxyFromEnvironment, DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	v := &visit{options: options, client: &http.Client{
		Transport: transport, Jar: jar, Timeout: pageTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, step := range []func(context.Context, *visit) ([]Finding, bool){arrive, encrypted, headers, assets, forms, sockets} {
		found, on := step(ctx, v)
		v.found = append(v.found, found...)
		if !on {
			break
		}
	}
	return v.found
}

// visit is what one step leaves to the next.
type visit struct {
	options Options
	client  *http.Client
	found   []Finding

	page *answer // the page where the visitor arrived
}
