package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxAnswer    = 256 << 10 // bytes
	maxRedirects = 3
)

// Remote is a directory behind an address, which docs/embedding.md describes. Create it with [NewRemote], and close it.
type Remote struct {
	address string
	secret  func() string
	client  *http.Client
}

// CheckURL says what is wrong with the address of a directory.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("use an address such as https://shop.example.com/internal/people, without a password in it")
	}
	return nil
}

// NewRemote returns the directory behind an address that [CheckURL] finds right. The text that secret
// returns is sent in each question, unless it is "". It must not block.
func NewRemote(address string, secret func() string) *Remote {
	return &Remote{address: address, secret: secret, client: &http.Client{
		CheckRedirect: sameHost,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: patience}).DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: patience, MaxIdleConnsPerHost: maxUnder, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
	}}
}

// Close closes the connections that wait for further questions.
func (r *Remote) Close() { r.client.CloseIdleConnections() }

// sameHost follows redirects to where the secret was sent anyway, and to nowhere else.
func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects || r.URL.Scheme != first.Scheme || r.URL.Host != first.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// remoteQuestion is the body of a question. One of the fields is there.
type remoteQuestion struct {
	Search string   `json:"search,omitempty"`
	Lookup []string `json:"lookup,omitempty"`
}

// Search implements [Directory].
func (r *Remote) Search(ctx context.Context, query string) ([]Person, error) {
	return r.ask(ctx, remoteQuestion{Search: query})
}

// Lookup implements [Directory].
func (r *Remote) Lookup(ctx context.Context, usernames ...string) (map[string]Person, error) {
	found, err := r.ask(ctx, remoteQuestion{Lookup: usernames})
	people := make(map[string]Person, len(found))
	for _, person := range found {
		people[person.Username] = person
	}
	return people, err
}

func (r *Remote) ask(ctx context.Context, question remoteQuestion) ([]Person, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if secret := r.secret(); secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	var read struct {
		People []Person `json:"people"`
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return nil, fmt.Errorf("its answer can't be read: %w", err)
	}
	return read.People, nil
}
