package store

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/mask"
)

// DefaultKeyPrefix begins every key and channel unless Options.KeyPrefix says otherwise.
const DefaultKeyPrefix = "userlog:"

// NoKeyPrefix as Options.KeyPrefix stands for keys without a prefix: the lists and channels then
// have the names that django-userlog gives them, log:<username> and userlog:log:<username>.
const NoKeyPrefix = "\x00none"

// Defaults and limits of [Options].
const (
	DefaultMaxEntries = 25
	DefaultRetention  = time.Hour
	DefaultRemember   = 24 * time.Hour
	DefaultQueueSize  = 4096

	maxMaxEntries = 10_000
	maxQueueSize  = 1 << 20
)

// Options configure a [Store]. The zero value is a sensible default. Every process that shares a
// Redis should be given the same KeyPrefix, MaxEntries, Retention and Remember.
type Options struct {
	// KeyPrefix begins every key and channel: several sites can share one Redis. Printable ASCII
	// without glob characters. Default: [DefaultKeyPrefix]; [NoKeyPrefix] for none.
	KeyPrefix string

	// MaxEntries is how many requests of one user are kept, 1 to 10,000, and as many of those that count: see
	// [Entry.Counts]. Default: 25.
	MaxEntries int

	// Retention is how long a user's log is kept after the user's last request; at least a second.
	// Default: an hour.
	Retention time.Duration

	// Remember is how long after a user's last request the name and the time of that request are kept, if that is longer than
	// Retention. No address is kept. So pages tell a user whose log has expired from a name that nobody has. A value below 0
	// stands for not at all. Default: 24 hours.
	Remember time.Duration

	// NoPublish turns live logs off: entries are kept, but not published.
	NoPublish bool

	// QueueSize is how many entries may wait in memory for Redis, 1 to 1,048,576. While so many wait, each new entry costs one: the
	// oldest of the user who has the most, or else the new one itself. Entries that are lost so are counted. Memory is taken as it
	// is needed. Default: 4,096.
	QueueSize int

	// MaskQuery names further parameters whose values are masked, besides those that are always masked
	// (token, password, ...). They count in JSON and in paths, too. Case and punctuation do not matter.
	MaskQuery []string

	// AllowQuery, where it is not nil, names the only query parameters whose values are kept. The values of
	// all others are masked, and so is a parameter without a value. MaskQuery wins.
	AllowQuery []string

	// Application is the name of this process in its heartbeats and entries. Default: the name of the program's file.
	Application string

	// Version is the version that this process reports. Default: that of the main module, as the Go
	// command has stamped it.
	Version string

	// TLS is for [Open] with rediss://: the certificate authorities to trust, and a certificate to show. Where ServerName is
	// empty, it is the URL's first host. Default: nil, the system's authorities.
	TLS *tls.Config

	// Password is for [Open]: it is asked for the password of Redis whenever a connection is made, so that the password may
	// change. It has two seconds. The URL has the user, and no password. Default: nil, the password of the URL.
	Password func(context.Context) (string, error)

	// Logger is told of lost entries, and once an outage that Redis went away and came back. go-redis itself prints nothing
	// about connections of the store that it can't make. Default: slog.Default().
	Logger *slog.Logger

	layoutInterval time.Duration // layoutInterval, unless a test is in a hurry
}

// withDefaults validates o and fills in the defaults.
func (o Options) withDefaults() (Options, error) {
	if o.MaxEntries == 0 {
		o.MaxEntries = DefaultMaxEntries
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Remember == 0 {
		o.Remember = DefaultRemember
	}
	if o.QueueSize == 0 {
		o.QueueSize = DefaultQueueSize
	}
	if o.Application == "" {
		o.Application = filepath.Base(os.Args[0])
	}
	if info, ok := debug.ReadBuildInfo(); ok && o.Version == "" {
		o.Version = info.Main.Version
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case o.MaxEntries < 1 || o.MaxEntries > maxMaxEntries:
		return o, fmt.Errorf("store: MaxEntries is %d: use 1 to %d, or 0 for %d", o.MaxEntries, maxMaxEntries, DefaultMaxEntries)
	case o.Retention < time.Second:
		return o, fmt.Errorf("store: Retention is %s: use a second or more, or 0 for %s", o.Retention, DefaultRetention)
	case o.QueueSize < 1 || o.QueueSize > maxQueueSize:
		return o, fmt.Errorf("store: QueueSize is %d: use 1 to %d, or 0 for %d", o.QueueSize, maxQueueSize, DefaultQueueSize)
	}
	for _, name := range append(append([]string{}, o.MaskQuery...), o.AllowQuery...) {
		if !mask.IsName(name) {
			return o, fmt.Errorf("store: %q in MaskQuery or AllowQuery is not the name of a parameter: use letters or digits", name)
		}
	}
	return o, nil
}

// names returns the names of keys and channels.
//
// Redis has keys for each database, but channels for all of them together. So the names of channels carry the number
// of the database, unless it is 0 or the names are those of django-userlog.
func (o Options) names(database int) (keys.Keys, error) {
	prefix := o.KeyPrefix
	switch prefix {
	case "":
		prefix = DefaultKeyPrefix
	case NoKeyPrefix:
		return keys.New("", DefaultKeyPrefix)
	}
	channel := prefix
	if database != 0 {
		channel += "db" + strconv.Itoa(database) + ":"
	}
	return keys.New(prefix, channel)
}

// sharded reports whether entries are published on the channels of slots: on a Cluster, unless the channels are those of
// django-userlog.
func (o Options) sharded(client redis.UniversalClient) bool {
	_, isCluster := client.(*redis.ClusterClient)
	return isCluster && o.KeyPrefix != NoKeyPrefix
}
