package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
)

// redisFlags say where the logs are.
type redisFlags struct {
	Redis             string `placeholder:"URL" help:"The Redis that keeps the logs: redis://[user:password@]host[:port][/db], rediss:// for TLS, or unix:///path/to/socket. For a Cluster add ?addr=host2:port, and for Sentinels ?master_name=name&addr=host2:port. ${redis_need=Required.}"`
	RedisPasswordFile string `credential:"redis-password" placeholder:"FILE" help:"The file whose first line is the password of Redis, so that it need not be in the URL; read again for each connection."`
	RedisCA           string `name:"redis-ca" placeholder:"FILE" help:"For rediss://: the authorities, in PEM, one of which must have signed the certificate of Redis; by default those of the system."`
	RedisCert         string `name:"redis-cert" credential:"redis-cert" placeholder:"FILE" help:"For rediss://: the certificate, in PEM, to show to Redis; read again when it changes."`
	RedisKey          string `name:"redis-key" credential:"redis-key" placeholder:"FILE" help:"The private key of --redis-cert, in PEM."`
	KeyPrefix         string `default:"userlog:" help:"What every key and channel in Redis begins with; empty for django-userlog's names."`
}

// open opens the store in Redis or, without a URL, one in memory. It does not wait for Redis: all
// its errors are mistakes in the flags.
func (f redisFlags) open(options store.Options) (*store.Store, error) {
	options.KeyPrefix = f.KeyPrefix
	if f.KeyPrefix == "" {
		options.KeyPrefix = store.NoKeyPrefix
	}
	var logs *store.Store
	var err error
	if f.Redis == "" {
		if err := f.needNoRedis(); err != nil {
			return nil, err
		}
		logs, err = embedded.Open(options)
	} else {
		logs, err = f.openURL(options)
	}
	if wrong := (usageError{}); err != nil && !errors.As(err, &wrong) {
		return nil, usageError{plain(err)}
	}
	return logs, err
}

// openRedis is open for commands that make no sense with a log of their own.
func (f redisFlags) openRedis(options store.Options) (*store.Store, error) {
	if f.Redis == "" {
		return nil, usage("--redis is missing: say which Redis keeps the logs, such as --redis redis://localhost:6379/0, or set %s", variable("redis"))
	}
	return f.open(options)
}

// needNoRedis refuses flags that are about a Redis, where none is named.
func (f redisFlags) needNoRedis() error {
	for _, flag := range []struct{ name, value string }{
		{"redis-password-file", f.RedisPasswordFile}, {"redis-ca", f.RedisCA}, {"redis-cert", f.RedisCert}, {"redis-key", f.RedisKey},
	} {
		if flag.value != "" {
			return usage("--%s is of no use without --redis: set %s", flag.name, variable("redis"))
		}
	}
	return nil
}

// openURL opens the store at the URL, with what the files say.
func (f redisFlags) openURL(options store.Options) (*store.Store, error) {
	if err := f.checkPassword(); err != nil {
		return nil, err
	}
	if f.RedisPasswordFile != "" {
		file, err := openSecret("redis-password-file", f.RedisPasswordFile, options.Logger)
		if err != nil {
			return nil, err
		}
		options.Password = func(context.Context) (string, error) { return file.current(), nil }
	}
	var err error
	if options.TLS, err = f.tlsConfig(options.Logger); err != nil {
		return nil, err
	}
	return store.Open(f.Redis, options)
}

// checkPassword refuses a password that is in the URL as well as in the file.
func (f redisFlags) checkPassword() error {
	u, err := url.Parse(f.Redis)
	if err != nil || f.RedisPasswordFile == "" {
		return nil // the store says what is wrong, without repeating the URL
	}
	query := u.Query()
	// User and password in front of the host are the Sentinels' own.
	if _, twice := u.User.Password(); query.Has("password") || twice && !query.Has("master_name") {
		return usage("--redis has a password, and so has --redis-password-file: leave one of them out")
	}
	return nil
}

// tlsConfig is what the flags say about TLS, or nil. The certificate is read again when its files change.
func (f redisFlags) tlsConfig(log *slog.Logger) (*tls.Config, error) {
	switch {
	case f.RedisCA == "" && f.RedisCert == "" && f.RedisKey == "":
		return nil, nil
	case !strings.HasPrefix(f.Redis, "rediss://"):
		return nil, usage("--redis-ca, --redis-cert and --redis-key are for TLS: let --redis begin with rediss://")
	case f.RedisCert != "" && f.RedisKey == "":
		return nil, usage("--redis-cert needs --redis-key: name the file of its private key, or set %s", variable("redis-key"))
	case f.RedisCert == "" && f.RedisKey != "":
		return nil, usage("--redis-key needs --redis-cert: name the file of its certificate, or set %s", variable("redis-cert"))
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.RedisCA != "" {
		authorities, err := os.ReadFile(f.RedisCA)
		if err != nil {
			return nil, usage("--redis-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, usage("--redis-ca %s has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----", f.RedisCA)
		}
	}
	if f.RedisCert != "" {
		c := &certificate{certFile: f.RedisCert, keyFile: f.RedisKey, log: log}
		if err := c.load(time.Now()); err != nil {
			return nil, usageError{fmt.Errorf("--redis-cert: %w", err)}
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.current(time.Now()), nil }
	}
	return config, nil
}
