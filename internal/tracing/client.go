package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	maxAttempts = 5
	firstPause  = time.Second // doubled after each attempt
	dialTimeout = 5 * time.Second
	maxAnswer   = 64 << 10 // bytes that are read of an answer, to use the connection again
)

// client sends traces as OTLP over HTTP. It implements otlptrace.Client.
type client struct {
	settings Settings
	http     *http.Client
	hurried  context.Context // ends when nothing is tried again any more
	hurry    context.CancelFunc
	ended    context.Context // ends when nothing is sent any more
	cut      context.CancelFunc
}

func newClient(settings Settings) *client {
	c := &client{settings: settings, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // another host must not get the headers
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: settings.roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
	}}
	c.hurried, c.hurry = context.WithCancel(context.Background())
	c.ended, c.cut = context.WithCancel(context.Background())
	return c
}

// Start is called by otlptrace.
func (*client) Start(context.Context) error { return nil }

// Stop is called by otlptrace.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces is called by otlptrace. It tries again for as long as ctx lets it, where the collector says that it helps.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	// A collector expects an ExportTraceServiceRequest, whose one field is that of TracesData. Its package imports gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("write spans: %w", err)
	}
	if body, err = c.zipped(body); err != nil {
		return fmt.Errorf("compress spans: %w", err)
	}
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := c.post(ctx, body)
		var busy busyError
		if err == nil || !errors.As(err, &busy) || attempt == maxAttempts || !c.wait(ctx, busy.pause(pause)) {
			return err
		}
		pause *= 2
	}
}

// wait reports whether there is time for another attempt after a pause.
func (c *client) wait(ctx context.Context, pause time.Duration) bool {
	if end, set := ctx.Deadline(); set && time.Until(end) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return c.hurried.Err() == nil
	case <-c.hurried.Done():
	case <-ctx.Done():
	}
	return false
}

func (c *client) zipped(body []byte) ([]byte, error) {
	if !c.settings.compressed {
		return body, nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// post sends once.
func (c *client) post(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.settings.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.settings.Endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	request.Header = c.settings.headers.Clone()
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("User-Agent", "userlog")
	if c.settings.compressed {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // it says nothing that the status does not
	switch response.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return busyError{response.StatusCode, response.Header.Get("Retry-After")}
	}
	return fmt.Errorf("the collector has answered with the status %d", response.StatusCode)
}

// withoutURL is an error of net/http without the address, which may have secrets.
func withoutURL(err error) error {
	if about := (*url.Error)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// busyError is an answer after which the same may be sent again.
type busyError struct {
	status int
	after  string // Retry-After
}

func (b busyError) Error() string {
	return fmt.Sprintf("the collector has answered with the status %d", b.status)
}

// pause is how long the collector asks to wait, or else a random time of up to what is usual, so that programs come back one after another.
func (b busyError) pause(usual time.Duration) time.Duration {
	if seconds, err := strconv.ParseUint(b.after, 10, 16); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(b.after); err == nil {
		return max(time.Until(at), 0)
	}
	return usual/2 + rand.N(usual/2)
}
