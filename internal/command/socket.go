package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// maxSocketPath is what fits everywhere into a sockaddr_un.
const maxSocketPath = 103

// socketMode lets the group connect, such as that of a proxy.
const socketMode = 0o660

// listenUnix listens on a unix socket. One that a program has left behind is replaced.
func listenUnix(ctx context.Context, path string, config *tls.Config, flag string) (endpoint, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && isLeft(path) {
		if err = os.Remove(path); err == nil {
			listener, err = new(net.ListenConfig).Listen(ctx, "unix", path)
		}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return endpoint{}, fmt.Errorf("can't listen on %s: another program does, or it is no socket; choose another address with --%s or %s", path, flag, variable(flag))
	case err != nil:
		return endpoint{}, fmt.Errorf("can't listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		listener.Close()
		return endpoint{}, fmt.Errorf("let the group connect to %s: %w", path, err)
	}
	return endpoint{Listener: localListener{listener}, tls: config}, nil
}

// isLeft reports whether a socket is there to which nobody listens.
func isLeft(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return false
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// firstInherited is the first file that systemd passes on to a service.
const firstInherited = 3

// inherited is the socket that systemd has opened for this process (sd_listen_fds). Its listener is nil where there is none.
func inherited(lookup func(string) (string, bool), config *tls.Config) (endpoint, error) {
	process, _ := lookup("LISTEN_PID")
	count, _ := lookup("LISTEN_FDS")
	if process != strconv.Itoa(os.Getpid()) || count == "" || count == "0" {
		return endpoint{}, nil
	}
	if count != "1" {
		return endpoint{}, fmt.Errorf("systemd has passed on %s sockets: one is served", count)
	}
	file := os.NewFile(firstInherited, "the socket of systemd")
	defer file.Close() // the listener has a copy
	listener, err := net.FileListener(file)
	if err != nil {
		return endpoint{}, fmt.Errorf("listen on the socket of systemd: %w", err)
	}
	if listener.Addr().Network() == "unix" {
		listener = localListener{listener}
	}
	return endpoint{Listener: listener, tls: config}, nil
}

// isSocket reports whether it is a unix socket.
func (e endpoint) isSocket() bool { return e.Addr().Network() == "unix" }

// localListener is a unix socket. A client that connects to it is on this machine, and has its address: so a proxy there is trusted where
// --trusted-proxies has 127.0.0.1.
type localListener struct{ net.Listener }

func (l localListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return localConn{conn}, nil
}

type localConn struct{ net.Conn }

func (localConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
