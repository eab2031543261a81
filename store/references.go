package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Limits of references.
const (
	maxReferences     = 25     // of one user and process: the oldest gives way
	maxReferenceUsers = 10_000 // whose references are remembered
	maxSameReference  = 10     // requests that one reference leads to
)

// references has each reference of what was written lead to its line. All writers of a process share it.
//
// It is written behind the log: where Redis does not let it be written, logs are written all the same.
type references struct {
	keys      keys.Keys
	retention time.Duration
	log       *slog.Logger

	mu      sync.Mutex
	of      map[string][]string // by username, those that are there, the oldest first
	pending []reference         // to be written
	refused bool                // Redis does not let us
}

// reference is one that is to be written.
type reference struct {
	key, member string
	old         string // the key that gives way to it, or ""
}

func newReferences(k keys.Keys, options Options) *references {
	return &references{keys: k, retention: options.Retention, log: options.Logger, of: make(map[string][]string)}
}

// note notes the references of entries that were written, to be written by flush. Few entries have one.
func (r *references) note(entries []Entry) {
	for i := range entries {
		if entries[i].Reference != "" {
			r.add(&entries[i])
		}
	}
}

func (r *references) add(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused || len(r.pending) >= maxReferenceUsers {
		return
	}
	if len(r.of) >= maxReferenceUsers {
		clear(r.of) // then more than maxReferences of a user may work, until they expire
	}
	next := reference{key: r.keys.Reference(e.Reference), member: e.ID + "\x00" + e.Username}
	all := append(r.of[e.Username], next.key)
	if len(all) > maxReferences {
		next.old = all[0]
		all = slices.Delete(all, 0, 1)
	}
	r.of[e.Username] = all
	r.pending = append(r.pending, next)
}

// flush writes what was noted. The next flush writes what a connection that breaks has not.
func (r *references) flush(client redis.UniversalClient) {
	r.mu.Lock()
	pending := r.pending
	r.pending = nil
	r.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	pipe := client.Pipeline()
	for _, next := range pending {
		pipe.SAdd(ctx, next.key, next.member)
		pipe.PExpire(ctx, next.key, r.retention)
		if next.old != "" {
			pipe.Del(ctx, next.old)
		}
	}
	switch _, err := pipe.Exec(ctx); {
	case err == nil:
	case redisreply.IsForbidden(err):
		r.refuse(err)
	case !redisreply.Is(err):
		r.mu.Lock()
		r.pending = append(pending, r.pending...)
		r.mu.Unlock()
	}
}

// refuse notes that references can't be written, and says so once.
func (r *references) refuse(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused {
		return
	}
	r.refused, r.pending = true, nil
	r.log.Warn("userlog: the log store does not let references of requests be kept, so that support can't find a request by one: "+
		"allow sadd, pexpire and del for the keys "+r.keys.ReferencePattern(), "err", err)
}

// Referenced is a request that a reference leads to.
type Referenced struct {
	Username string
	ID       string // of the entry
}

// ByReference returns the requests that a reference leads to: mostly one, none if it never was or its line has expired, and
// several where it was given more than once. The error is that of [ParseReference], or Redis'. It waits for Redis for two seconds at most.
func (s *Store) ByReference(ctx context.Context, reference string) ([]Referenced, error) {
	code, err := ParseReference(reference)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	members, err := s.clients.reader.SMembers(ctx, s.keys.Reference(code)).Result()
	if err != nil && !redisreply.IsWrongType(err) {
		return nil, fmt.Errorf("look a reference up: %w", err)
	}
	slices.Sort(members)
	var found []Referenced
	for _, member := range members[:min(len(members), maxSameReference)] {
		id, username, _ := strings.Cut(member, "\x00")
		if CheckUsername(username) == nil {
			found = append(found, Referenced{username, id})
		}
	}
	return found, nil
}
