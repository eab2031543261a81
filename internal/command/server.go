package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Limits of the web server.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// How long ending takes at most: ten seconds together. Requests get more than the five seconds that
// net/http waits for connections that a browser has opened in advance.
const (
	requestsTimeout = 6 * time.Second
	closeTimeout    = 4 * time.Second
)

// listen opens the address, so that what is printed after it is true.
func listen(ctx context.Context, where address) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", string(where))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("can't listen on %s: another program does; choose another address with --addr or %s", where, variable("addr"))
	case err != nil:
		return nil, fmt.Errorf("can't listen on %s: %w", where, err)
	}
	return listener, nil
}

// origin is the URL of a listener, without a slash at the end.
func origin(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "http://" + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "localhost" // it listens on all addresses, none of which is a name to visit
	}
	return "http://" + net.JoinHostPort(host, port)
}

// serve serves site until ctx ends, which is not an error, and lets the requests under way finish.
// It closes the listener.
func (p *program) serve(ctx context.Context, listener net.Listener, site http.Handler) error {
	server := &http.Server{
		Handler:           site,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestsTimeout)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		p.log.Warn("requests took too long to finish and are cut off", "err", err)
		if err := server.Close(); err != nil {
			p.log.Warn("the web server did not close", "err", err)
		}
	}
	<-failed // nothing but that the server was closed
	return nil
}
