package command

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// healthcheckTimeout is how long a health check waits for the answer. /readyz may take two seconds.
const healthcheckTimeout = 4 * time.Second

// healthcheckCommand is "userlog healthcheck". It has the flags of "userlog serve" by which it finds that program, so that both
// can have the same environment.
type healthcheckCommand struct {
	Addr    address `default:"127.0.0.1:8080" help:"Where serve listens: the same host:port."`
	TLSCert string  `name:"tls-cert" credential:"tls-cert" placeholder:"FILE" help:"The certificate that serve has, if it has one: then it is asked by https."`
	Alive   bool    `help:"Ask only whether the program runs, and not whether it can use its Redis."`
}

// Run is called by kong.
func (c *healthcheckCommand) Run(ctx context.Context, std streams) error {
	path := readyPath
	if c.Alive {
		path = healthPath
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+c.Addr.reached()+path, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		// The certificate is for the name by which browsers come. Nothing secret is sent.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	if path, is := c.Addr.socket(); is {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	// An answer of ours leads nowhere. Another program on the port can't have this one ask elsewhere.
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	const longest = 1000 // bytes; an answer of ours is a sentence
	text, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	answer := visible(strings.TrimSpace(string(text)))
	if response.StatusCode != http.StatusOK {
		return errors.New(cmp.Or(answer, visible(response.Status)))
	}
	fmt.Fprintln(std.out, answer)
	return nil
}

// reached is where a program on the same machine is reached that listens there.
func (a address) reached() string {
	if _, is := a.socket(); is {
		return "localhost" // a request is sent to the path
	}
	host, port, err := net.SplitHostPort(string(a))
	if err != nil {
		return string(a)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // not a name, which an image without files has no address of
	}
	return net.JoinHostPort(host, port)
}
