package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Open returns a Store for the Redis at rawURL, which is in one of these forms:
//
//	redis://[user:password@]host[:port][/db]
//	unix://[user:password@]/path/to/socket[?db=n]
//	redis://[user:password@]host1[:port]?addr=host2:port&addr=…
//	redis://[user:password@]host1:port[/db]?master_name=name&addr=host2:port&addr=…
//
// With addr it is a Cluster. Any of its nodes will do, since they name the others, and a Cluster has no databases. With
// master_name the hosts are Sentinels, and so are user and password; those of Redis itself are username=… and password=….
//
// With rediss:// it speaks TLS. [Options].TLS says whom it trusts, and with which certificate it comes. The certificates of all
// nodes must hold for the first host. Further parameters are those of go-redis. Timeouts and retries are the Store's own.
//
// Open does not wait for Redis: only a bad URL or bad options are errors, and no error contains the URL, which may hold a
// password. Close the Store to release what it holds.
func Open(rawURL string, options Options) (*Store, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	client, name, err := clientOf(rawURL, options)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s, err := newStore(client, name, options)
	if err != nil {
		client.Close()
		return nil, err
	}
	s.closers = append(s.closers, func() { client.Close() })
	return s, nil
}

// New is [Open] for a program that has a client: a *redis.Client (also one made by
// redis.NewFailoverClient), *redis.ClusterClient or *redis.Ring. The Store takes over its addresses, credentials and
// TLS, but not its timeouts, retries, limiter and replicas to read from, since it has connections of its own. Only those of a
// *redis.Ring are shared as they are. The client stays the caller's, who may close it before or after the Store. A Ring, and
// a client that redis.NewFailoverClient has made, are closed after it, since the Store asks them for servers.
func New(client redis.UniversalClient, options Options) (*Store, error) {
	if isNil(client) {
		return nil, errors.New("store: the Redis client is nil: pass one, or use Open with a URL")
	}
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	switch {
	case options.TLS != nil:
		return nil, errors.New("store: TLS is for Open: give the client its TLSConfig")
	case options.Password != nil:
		return nil, errors.New("store: Password is for Open: give the client its CredentialsProviderContext")
	}
	return newStore(client, address(client), options)
}

// clientOf makes the client that a URL asks for, and names it for people. Its errors repeat nothing of the URL.
func clientOf(rawURL string, options Options) (redis.UniversalClient, string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, "", urlFault(rawURL)
	}
	if err := checkURL(u); err != nil {
		return nil, "", err
	}
	switch query := u.Query(); {
	case query.Has("master_name"):
		return failoverClientOf(rawURL, options)
	case query.Has("addr"):
		return clusterClientOf(rawURL, options)
	}
	parsed, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, "", urlFault(rawURL)
	}
	if parsed.TLSConfig, err = withTLS(parsed.TLSConfig, options.TLS); err != nil {
		return nil, "", err
	}
	parsed.CredentialsProviderContext = options.credentials(parsed.Username)
	return redis.NewClient(parsed), parsed.Addr, nil
}

func clusterClientOf(rawURL string, options Options) (redis.UniversalClient, string, error) {
	parsed, err := redis.ParseClusterURL(rawURL)
	if err != nil {
		return nil, "", urlFault(rawURL)
	}
	if parsed.TLSConfig, err = withTLS(parsed.TLSConfig, options.TLS); err != nil {
		return nil, "", err
	}
	parsed.CredentialsProviderContext = options.credentials(parsed.Username)
	return redis.NewClusterClient(parsed), strings.Join(parsed.Addrs, ","), nil
}

func failoverClientOf(rawURL string, options Options) (redis.UniversalClient, string, error) {
	parsed, err := redis.ParseFailoverURL(rawURL)
	if err != nil {
		return nil, "", urlFault(rawURL)
	}
	if parsed.TLSConfig, err = withTLS(parsed.TLSConfig, options.TLS); err != nil {
		return nil, "", err
	}
	name := fmt.Sprintf("%s (by the Sentinels %s)", parsed.MasterName, strings.Join(parsed.SentinelAddrs, ","))
	parsed.CredentialsProviderContext = options.credentials(parsed.Username)
	return redis.NewFailoverClient(parsed), name, nil
}

// credentials are what a connection of a user logs in with, or nil for what the URL says.
func (o Options) credentials(user string) func(context.Context) (name, password string, err error) {
	if o.Password == nil {
		return nil
	}
	return func(ctx context.Context) (name, password string, err error) {
		password, err = o.Password(ctx)
		return user, password, err
	}
}

// checkURL finds what go-redis would take without a word, or panic about.
func checkURL(u *url.URL) error {
	query := u.Query()
	cluster, sentinels := query.Has("addr"), query.Has("master_name")
	switch {
	case (cluster || sentinels) && u.Scheme == "unix":
		return errors.New("the Redis URL names a unix socket, and hosts: use redis:// or rediss:// for a Cluster or Sentinels")
	case sentinels && query.Get("master_name") == "":
		return errors.New("master_name in the Redis URL is empty: write the name by which the Sentinels know the master")
	case cluster && !sentinels && strings.Trim(u.Path, "/") != "" && strings.Trim(u.Path, "/") != "0":
		return errors.New("the Redis URL names a database of a Cluster, which has none: leave out what follows the / behind the host")
	}
	for _, replicas := range []string{"read_only", "replica_only", "route_by_latency", "route_randomly"} {
		if query.Has(replicas) {
			return fmt.Errorf("%s in the Redis URL would have replicas asked, which may be behind: leave it out", replicas)
		}
	}
	return nil
}

// withTLS is what a URL says of TLS, nil for none, with what the options say.
func withTLS(parsed, config *tls.Config) (*tls.Config, error) {
	switch {
	case config == nil:
		return parsed, nil
	case parsed == nil:
		return nil, errors.New("the options have TLS, and the Redis URL has not: write rediss://")
	}
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName = parsed.ServerName
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.InsecureSkipVerify = config.InsecureSkipVerify || parsed.InsecureSkipVerify // skip_verify was asked for
	return config, nil
}

// urlFault says what is wrong with a URL that can't be read, without repeating what may be secret.
func urlFault(rawURL string) error {
	const right = "use redis://host:port/db, rediss://host:port/db or unix:///path/to/socket?db=n, with a number for db; " +
		"with ?addr=host2:port for a Cluster, and with ?master_name=name for Sentinels"
	scheme, _, found := strings.Cut(rawURL, "://")
	switch {
	case rawURL == "":
		return errors.New("the Redis URL is empty: " + right)
	case found && (scheme == "redis" || scheme == "rediss" || scheme == "unix"):
		return fmt.Errorf("what follows %s:// in the Redis URL can't be read; write # %% / @ ? in a password as %%23 %%25 %%2F %%40 %%3F: %s", scheme, right)
	}
	return errors.New("the Redis URL does not begin with redis://, rediss:// or unix://: " + right)
}
