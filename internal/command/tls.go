package command

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// tlsFlags name the certificate with which the program itself speaks https.
type tlsFlags struct {
	TLSCert string `name:"tls-cert" credential:"tls-cert" placeholder:"FILE" help:"The certificate, with its chain, to speak https with, in PEM; read again when it changes."`
	TLSKey  string `name:"tls-key" credential:"tls-key" placeholder:"FILE" help:"The private key of --tls-cert, in PEM."`
}

// config returns how https is spoken, or nil where the flags don't ask for it. All its errors are
// mistakes in the flags.
func (f tlsFlags) config(log *slog.Logger) (*tls.Config, error) {
	switch {
	case f.TLSCert == "" && f.TLSKey == "":
		return nil, nil
	case f.TLSKey == "":
		return nil, usage("--tls-cert needs --tls-key: name the file of its private key, or set %s", variable("tls-key"))
	case f.TLSCert == "":
		return nil, usage("--tls-key needs --tls-cert: name the file of its certificate, or set %s", variable("tls-cert"))
	}
	c := &certificate{certFile: f.TLSCert, keyFile: f.TLSKey, log: log}
	if err := c.load(time.Now()); err != nil {
		return nil, usageError{err}
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(time.Now()), nil },
	}, nil
}

// lookInterval is how often handshakes look at the files of a certificate at most.
const lookInterval = time.Second

// certificate is a certificate in files that something else, such as an ACME client, renews.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex // held while files are read: other handshakes wait for that
	pair   *tls.Certificate
	looked time.Time
	loaded stamps // of the files from which pair was read
	failed stamps // of the files that could not be used when that was last logged
}

// stamps tell two versions of both files apart.
type stamps [2]stamp

// stamp is the zero value for a file that is not there.
type stamp struct {
	modified int64 // Unix nanoseconds
	size     int64
}

// current returns the certificate to use. If the files have changed, they are read. If they can't be used
// then, the certificate before stays in force, for example while a new key is still to come.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookInterval {
		return c.pair
	}
	c.looked = now
	found := c.stamps()
	if found == c.loaded {
		return c.pair
	}
	switch err := c.load(now); {
	case err == nil:
		c.log.Info("the certificate has changed", "file", c.certFile, "until", c.pair.Leaf.NotAfter)
	case found != c.failed:
		c.failed = found
		c.log.Warn("the new certificate can't be used; the one before stays in force", "err", err)
	}
	return c.pair
}

// load reads the files. The stamps are taken first: what changes meanwhile is seen next time.
func (c *certificate) load(now time.Time) error {
	found := c.stamps()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("can't use the certificate %s with the key %s: %w", c.certFile, c.keyFile, plain(err))
	}
	c.pair, c.loaded, c.looked = &pair, found, now
	return nil
}

func (c *certificate) stamps() (found stamps) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			found[i] = stamp{info.ModTime().UnixNano(), info.Size()}
		}
	}
	return found
}
