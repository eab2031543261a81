package sending

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/printable"
)

const (
	attemptTimeout = 10 * time.Second // of one attempt in whole
	dialTimeout    = 5 * time.Second
	maxAnswer      = 1 << 10 // bytes that are read of an answer
	shownAnswer    = 200     // bytes that are shown of it
)

// Sender sends messages. Its methods may be called from several goroutines. Close it.
type Sender struct{ client *http.Client }

// NewSender returns a sender, which connects when it sends. Redirects are not followed: who answers with one could have a message, and what
// signs it, sent anywhere. The address of a destination is its operator's choice, so it may lead into a private network.
func NewSender() *Sender {
	return &Sender{&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: dialTimeout, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
	}}
}

// Close closes the connections that wait for further messages.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Outcome is what came of an attempt to send a message.
type Outcome struct {
	Status     int           // of the answer; 0 where there was none
	Answer     string        // the beginning of its body, as one harmless line
	RetryAfter time.Duration // what the answer asks for; 0 = nothing
	Err        error         // why there was no answer; it does not repeat the URL
	Took       time.Duration
}

// Delivered reports whether the destination has taken the message.
func (o Outcome) Delivered() bool { return o.Status >= 200 && o.Status < 300 }

// Hopeless reports whether the destination has refused the message for good, so that sending it again is of no use. An answer of 5xx, and
// 408, 425 and 429, may be another one later.
func (o Outcome) Hopeless() bool {
	switch o.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return o.Status >= 300 && o.Status < 500
}

// Send sends a message once, and waits for the answer: ten seconds at most.
func (s *Sender) Send(ctx context.Context, d Destination, m Message) Outcome {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	o := s.send(ctx, d, m, begun)
	o.Took = time.Since(begun)
	return o
}

func (s *Sender) send(ctx context.Context, d Destination, m Message, at time.Time) Outcome {
	payload, err := m.payload(d.Format)
	if err != nil {
		return Outcome{Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(payload))
	if err != nil {
		return Outcome{Err: withoutURL(err)}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "userlog")
	if d.Format == Standard {
		request.Header.Set("Webhook-Id", m.ID)
		request.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
		request.Header.Set("Webhook-Signature", signatures(d.Keys, m.ID, at, payload))
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Outcome{Err: withoutURL(err)}
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // the status has said what came of it
	return Outcome{Status: response.StatusCode, Answer: oneLine(body), RetryAfter: retryAfter(response.Header.Get("Retry-After"), at)}
}

// withoutURL is the error of a request without its URL, which may be secret.
func withoutURL(err error) error {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		if failed.Timeout() {
			return errors.New("no answer in time")
		}
		return failed.Err
	}
	return err
}

// oneLine is the beginning of an answer. It is a stranger's text.
func oneLine(body []byte) string {
	return printable.Text(strings.ToValidUTF8(strings.Join(strings.Fields(string(body[:min(len(body), shownAnswer)])), " "), ""))
}

// retryAfter reads the header of this name: seconds, or a time.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, min(seconds, int(maxPause.Seconds())))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), maxPause))
	}
	return 0
}
