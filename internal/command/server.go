package command

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gin-userlog/userlog/internal/openconns"
)

// Limits of the web server.
const (
	readHeaderTimeout = 5 * time.Second
	bodyTimeout       = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	answerTimeout     = 30 * time.Second // for an answer to be taken; exports have it for each part
	// net/http adds 4 KiB to what it is told; what is read is 64 KiB at most, with the request line, and 16 KiB where there is little memory.
	headerSlack    = 4 << 10
	maxHeaderBytes = 64<<10 - headerSlack
	fewHeaderBytes = 16<<10 - headerSlack
)

// headerBytes is how long headers may be where the process is to keep below so many bytes. In memory, a header of short lines is twenty times
// as long.
func headerBytes(memory int64) int {
	if memory < littleMemory {
		return fewHeaderBytes
	}
	return maxHeaderBytes
}

// How long ending takes at most: ten seconds together. Requests get more than five seconds, because net/http waits
// that long for connections that a browser has opened in advance.
const (
	requestsTimeout = 6 * time.Second
	closeTimeout    = 4 * time.Second
)

// endingTimeout is how long the end takes after draining, and a little more: live pages are closed within three seconds.
const endingTimeout = requestsTimeout + closeTimeout + 5*time.Second

// endpoint is where a site is served.
type endpoint struct {
	net.Listener
	tls *tls.Config // nil where it speaks plain http
}

// listen opens the address, so that what is printed after it is true. With a configuration of TLS it
// is https that is served there.
func listen(ctx context.Context, where address, config *tls.Config) (endpoint, error) {
	return listenFor(ctx, where, config, "addr")
}

// listenFor is listen for the address that a flag names.
func listenFor(ctx context.Context, where address, config *tls.Config, flag string) (endpoint, error) {
	if path, ok := where.socket(); ok {
		return listenUnix(ctx, path, config, flag)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", string(where))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return endpoint{}, fmt.Errorf("can't listen on %s: another program does; choose another address with --%s or %s", where, flag, variable(flag))
	case err != nil:
		return endpoint{}, fmt.Errorf("can't listen on %s: %w", where, err)
	}
	return endpoint{Listener: listener, tls: config}, nil
}

// origin is the URL of the endpoint, without a slash at the end.
func (e endpoint) origin() string {
	if e.isSocket() {
		return "unix:" + e.Addr().String()
	}
	scheme := "http://"
	if e.tls != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(e.Addr().String())
	if err != nil {
		return scheme + e.Addr().String()
	}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "localhost" // it listens on all addresses, none of which is a name to visit
	}
	return scheme + net.JoinHostPort(host, port)
}

// bodiesWithin gives every body of a request so long to arrive. Also a page that reads none waits for it:
// net/http does, to use the connection again.
func bodiesWithin(limit time.Duration, site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // a writer of net/http can
		}
		site.ServeHTTP(w, r)
	})
}

// oneLength closes the connection behind a request whose body came in chunks. Such a request may have had a Content-Length, too, and net/http does
// not say so. A proxy in front that goes by that length would see the next request begin at another place than net/http does: so somebody could
// hide a request in a body. Therefore nothing is read behind it (RFC 9112, 6.1). Browsers send forms with a length, and so do proxies that have read them.
func oneLength(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		site.ServeHTTP(w, r)
	})
}

// http1 has the server speak HTTP/1 only, also with TLS. The limits above hold for it. HTTP/2 of net/http has none for headers: a
// client that cuts them short held a connection for two minutes. Live logs are websockets, which are HTTP/1 anyway.
func http1() *http.Protocols {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &protocols
}

// serve serves site until ctx ends, which is not an error, drains it, and lets the requests under way finish.
// It closes the endpoint.
func (p *program) serve(ctx context.Context, where endpoint, site http.Handler) error {
	server := &http.Server{
		Handler:           bodiesWithin(p.bodyTimeout, oneLength(site)),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		WriteTimeout:      cmp.Or(p.answerTimeout, answerTimeout),
		ConnContext:       openconns.With,
		MaxHeaderBytes:    headerBytes(debug.SetMemoryLimit(-1)),
		TLSConfig:         where.tls,
		Protocols:         http1(),
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() {
		if where.tls == nil {
			failed <- server.Serve(where)
			return
		}
		failed <- server.ServeTLS(where, "", "") // the configuration has the certificate
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	p.supervisor.ending(p.drain + endingTimeout)
	if err := p.drainSite(failed); err != nil {
		return err
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestsTimeout)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		p.log.Warn("requests took too long to finish and are cut off", "err", err)
		if err := server.Close(); err != nil {
			p.log.Warn("the web server did not close", "err", err)
		}
	}
	<-failed // the error only says that the server was closed
	return nil
}

// drainSite says that the program is about to end, and serves for a while all the same: until those who send requests have noticed.
// Then it closes live pages, so that they connect elsewhere. It ends early when the web server fails.
func (p *program) drainSite(failed <-chan error) error {
	p.draining.Store(true)
	if p.drain == 0 {
		return nil
	}
	p.log.Info("asked to end: still serving for a while; a second signal ends the program at once", "drain", p.drain)
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(p.drain):
	}
	if err := p.admin.Drain(context.Background()); err != nil {
		p.log.Warn("some live pages were not told to connect elsewhere", "err", err)
	}
	return nil
}
