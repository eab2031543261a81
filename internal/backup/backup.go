// Package backup writes what the admin keeps to a file, and restores it: accounts, the keys that protect them, switches, and the audit
// log. Logs of users, sessions and tokens are not among it.
//
// A file is lines of JSON, compressed. The last one has a code (HMAC-SHA256) of all others, made with a secret: so nobody without it
// can change a file, or make one.
package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// Errors of [Open] and [File.Restore].
var (
	// ErrFile is returned for what is no file of [Write].
	ErrFile = errors.New("this is no backup of userlog, or a part of one")

	// ErrSecret is returned for a file that was changed, or written with another secret.
	ErrSecret = errors.New("the backup was made with another secret, or has been changed since")

	// ErrNotEmpty is returned where there is something already.
	ErrNotEmpty = errors.New("there are accounts, switches or an audit log already")

	// ErrTooLong is returned by [Write] for what is so long that it could not be read back. Nothing of ours is.
	ErrTooLong = errors.New("something in Redis is too long for a backup")
)

const (
	format    = "userlog backup 1"
	maxLine   = 4 << 20 // bytes; records and accounts have some hundreds
	batchSize = 500     // entries of a stream, or fields of a hash, at a time
)

// line is one line of a file. The first one has Format and Made, and the last one Code.
type line struct {
	Format string    `json:"format,omitempty"`
	Made   time.Time `json:"made,omitzero"`

	Key    string            `json:"key,omitempty"` // without the prefix
	Text   []byte            `json:"text,omitempty"`
	Hash   map[string][]byte `json:"hash,omitempty"`
	ID     string            `json:"id,omitempty"` // of an entry of a stream
	Fields map[string][]byte `json:"fields,omitempty"`

	Switches *store.Switches `json:"switches,omitempty"`
	Code     []byte          `json:"code,omitempty"`
}

// singles are the keys, without a prefix, of which there is one each. The only hash among them is that of accounts.
func singles() []string { return slices.Sorted(maps.Keys(auth.Keys{}.Types())) }

// ring is a stream of the audit log, and the key that says where it ends.
type ring struct{ stream, head string }

// rings are both, without a prefix. Records name attempts, so attempts are read after them, and restored before them.
func rings() [2]ring {
	keys := audit.Keys{}
	return [2]ring{{keys.Records(), keys.Head()}, {keys.Attempts(), keys.AttemptsHead()}}
}

// writer writes lines, and makes their code.
type writer struct {
	out  io.Writer
	code hash.Hash
}

func (w *writer) write(l line) error {
	encoded, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if encoded = append(encoded, '\n'); len(encoded) >= maxLine {
		return ErrTooLong
	}
	w.code.Write(encoded) // never fails
	_, err = w.out.Write(encoded)
	return err
}

// Write writes all that is kept behind the store's prefix to w, and returns how many records of the audit log that are. A change of
// this time is in it or not. The audit log ends with a whole record.
func Write(ctx context.Context, w io.Writer, logs *store.Store, secret string) (records int, err error) {
	packed := gzip.NewWriter(w)
	out := &writer{packed, hmac.New(sha256.New, []byte(secret))}
	if err := out.write(line{Format: format, Made: time.Now().UTC().Truncate(time.Second)}); err != nil {
		return 0, err
	}
	if err := writeSingles(ctx, out, logs); err != nil {
		return 0, err
	}
	for _, r := range rings() {
		n, err := writeRing(ctx, out, logs, r)
		if records += n; err != nil {
			return records, err
		}
	}
	encoded, err := json.Marshal(line{Code: out.code.Sum(nil)})
	if err == nil {
		_, err = packed.Write(append(encoded, '\n'))
	}
	return records, errors.Join(err, packed.Close())
}

// writeSingles writes accounts, keys and switches.
func writeSingles(ctx context.Context, out *writer, logs *store.Store) error {
	types := auth.Keys{}.Types()
	for _, key := range singles() {
		write := writeText
		if types[key] == "hash" {
			write = writeHash
		}
		if err := write(ctx, out, logs, key); err != nil {
			return fmt.Errorf("back %s up: %w", key, err)
		}
	}
	set, err := logs.Switches(ctx)
	if err != nil {
		return err
	}
	return out.write(line{Switches: &set})
}

// writeText writes a text, if there is one.
func writeText(ctx context.Context, out *writer, logs *store.Store, key string) error {
	text, err := logs.Client().Get(ctx, logs.KeyPrefix()+key).Bytes()
	if errors.Is(err, redis.Nil) || err == nil && len(text) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return out.write(line{Key: key, Text: text})
}

// writeHash writes a hash, a line for each field: all accounts of a large site would be too long for one. Nor does it read all at once, since
// each answer of Redis has two seconds. It does not scan either: a scan that meets a failover may leave fields out.
func writeHash(ctx context.Context, out *writer, logs *store.Store, key string) error {
	names, err := logs.Client().HKeys(ctx, logs.KeyPrefix()+key).Result()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, batchSize) {
		values, err := logs.Client().HMGet(ctx, logs.KeyPrefix()+key, some...).Result()
		if err != nil {
			return err
		}
		for i, name := range some {
			value, ok := values[i].(string)
			if !ok {
				continue // it has been removed meanwhile
			}
			if err := out.write(line{Key: key, Hash: map[string][]byte{name: []byte(value)}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeRing writes a stream of the audit log, oldest first, and where it ends.
func writeRing(ctx context.Context, out *writer, logs *store.Store, r ring) (records int, err error) {
	var newest redis.XMessage
	for after := "-"; ; after = "(" + newest.ID {
		messages, err := logs.Client().XRangeN(ctx, logs.KeyPrefix()+r.stream, after, "+", batchSize).Result()
		if err != nil {
			return records, fmt.Errorf("back the audit log up: %w", err)
		}
		for _, m := range messages {
			fields := make(map[string][]byte, len(m.Values))
			for name, value := range m.Values {
				fields[name] = fmt.Append(nil, value)
			}
			if err := out.write(line{Key: r.stream, ID: m.ID, Fields: fields}); err != nil {
				return records, err
			}
			records, newest = records+1, m
		}
		if len(messages) < batchSize {
			break
		}
	}
	if records == 0 {
		return 0, nil
	}
	return records, out.write(line{Key: r.head, Text: []byte(audit.HeadAfter(newest))})
}

// scanner reads lines of a file.
func scanner(r io.Reader) (*bufio.Scanner, error) {
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return nil, ErrFile
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	return lines, nil
}
