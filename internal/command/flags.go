package command

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// storeFlags say where the logs are and how they are kept.
type storeFlags struct {
	redisFlags `embed:""`
	MaxEntries number   `default:"25" help:"How many requests of a user are kept, 1 to 10000."`
	Retention  duration `default:"1h" help:"How long a user's log is kept after the last request, such as 90s, 30m or 2h; a second or more."`
	Remember   duration `default:"24h" help:"How long after the last request it is remembered that and when a user was there, though the log has expired; 0 for not at all."`
}

// maxMaxEntries is what the store allows.
const maxMaxEntries = 10_000

// options checks the flags, where 0 has no special meaning, and returns them for [redisFlags.open].
func (f storeFlags) options(log *slog.Logger) (store.Options, error) {
	retention := time.Duration(f.Retention)
	switch {
	case f.MaxEntries < 1 || f.MaxEntries > maxMaxEntries:
		return store.Options{}, usage("--max-entries is %d: use 1 to %d", f.MaxEntries, maxMaxEntries)
	case retention < time.Second:
		return store.Options{}, usage("--retention is %s: use a second (1s) or more", retention)
	case f.Remember < 0:
		return store.Options{}, usage("--remember is %s: use 0 or more", time.Duration(f.Remember))
	}
	remember := time.Duration(f.Remember)
	if remember == 0 {
		remember = -1 // of the store's options 0 is the default
	}
	return store.Options{MaxEntries: int(f.MaxEntries), Retention: retention, Remember: remember, Logger: log}, nil
}

// number is a whole number as it is typed.
type number int

// UnmarshalText is called by kong for a number that was typed or is in the environment.
func (n *number) UnmarshalText(text []byte) error {
	parsed, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a number: use digits, such as 25", text)
	}
	*n = number(parsed)
	return nil
}

// duration is a length of time as it is typed: 90s, 30m, 2h.
type duration time.Duration

// UnmarshalText is called by kong for a duration that was typed or is in the environment.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: use a number with a unit, such as 90s, 30m or 2h", text)
	}
	*d = duration(parsed)
	return nil
}

// address is where a server listens: host:port, or unix:/path.
type address string

// socket is the path of a unix socket, if the address is one.
func (a address) socket() (path string, ok bool) { return strings.CutPrefix(string(a), "unix:") }

// Validate is called by kong for an address that was typed or is in the environment.
func (a address) Validate() error {
	if path, ok := a.socket(); ok {
		if !strings.HasPrefix(path, "/") || len(path) > maxSocketPath {
			return fmt.Errorf("%q is not the address of a socket: use unix:/path, with a path from the root of %d bytes at most", string(a), maxSocketPath)
		}
		return nil
	}
	_, port, err := net.SplitHostPort(string(a))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is not an address: use host:port, such as 127.0.0.1:8080 or :8080", string(a))
	}
	return nil
}

// basePath is where the admin is mounted, as it is typed: "/userlog", or "/" for the root.
type basePath string

// Validate is called by kong for a path that was typed or is in the environment. A path that it
// accepts means itself in a URL, in a Gin route and in a cookie.
func (p basePath) Validate() error {
	if p == "/" {
		return nil
	}
	const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	rest, rooted := strings.CutPrefix(string(p), "/")
	for segment := range strings.SplitSeq(rest, "/") {
		if !rooted || segment == "" || segment == "." || segment == ".." || strings.Trim(segment, unreserved) != "" {
			return fmt.Errorf(`%q is not a base path: begin with / and don't end with it, as in /userlog, with letters, digits and - . _ ~ between the slashes; use / for the root`, string(p))
		}
	}
	return nil
}

// prefix is what the paths of the admin begin with: "" for the root.
func (p basePath) prefix() string { return strings.TrimSuffix(string(p), "/") }
