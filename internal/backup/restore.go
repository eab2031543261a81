package backup

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// File is a backup whose code is right.
type File struct {
	Made time.Time

	content io.ReadSeeker
}

// Open reads a whole file, and checks its code. The errors are [ErrFile], [ErrSecret], and those of reading.
func Open(content io.ReadSeeker, secret string) (*File, error) {
	lines, err := scanner(content)
	if err != nil {
		return nil, err
	}
	code, first, ended := hmac.New(sha256.New, []byte(secret)), line{}, false
	for n := 0; lines.Scan(); n++ {
		var l line
		if ended || json.Unmarshal(lines.Bytes(), &l) != nil {
			return nil, ErrFile
		}
		if n == 0 {
			first = l
		}
		if l.Code != nil {
			if ended = true; !hmac.Equal(l.Code, code.Sum(nil)) {
				return nil, ErrSecret
			}
			continue
		}
		code.Write(append(lines.Bytes(), '\n')) // never fails
	}
	if lines.Err() != nil || !ended || first.Format != format {
		return nil, ErrFile
	}
	return &File{Made: first.Made, content: content}, nil
}

// Restore writes what the file has behind the prefix of the store, where nothing of it may be: the error is [ErrNotEmpty] otherwise. When it
// fails, some of it may be there. The audit log should be verified afterwards.
func (f *File) Restore(ctx context.Context, logs *store.Store) error {
	if err := wantEmpty(ctx, logs); err != nil {
		return err
	}
	if _, err := f.content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines, err := scanner(f.content)
	if err != nil {
		return err
	}
	pipe := logs.Client().Pipeline()
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return ErrFile
		}
		if l.Switches != nil {
			if err := logs.SetSwitches(ctx, *l.Switches); err != nil {
				return err
			}
			continue
		}
		l.restore(ctx, pipe, logs.KeyPrefix())
		if pipe.Len() >= batchSize {
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return lines.Err()
}

// wantEmpty returns an error unless nothing is there that would be restored.
func wantEmpty(ctx context.Context, logs *store.Store) error {
	pipe := logs.Client().Pipeline()
	var there []*redis.IntCmd
	names := append(singles(), audit.Keys{}.Viewings())
	for _, r := range rings() {
		names = append(names, r.stream, r.head)
	}
	for _, key := range names {
		there = append(there, pipe.Exists(ctx, logs.KeyPrefix()+key))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("look whether there is something already: %w", err)
	}
	for _, one := range there {
		if one.Val() > 0 {
			return ErrNotEmpty
		}
	}
	if set, err := logs.Switches(ctx); err != nil || !set.Set.IsZero() {
		return ErrNotEmpty
	}
	return nil
}

// restore queues what writes a line back.
func (l line) restore(ctx context.Context, pipe redis.Pipeliner, prefix string) {
	switch key := prefix + l.Key; {
	case l.Key == "":
	case l.ID != "":
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: l.ID, Values: valuesOf(l.Fields)})
	case l.Hash != nil:
		pipe.HSet(ctx, key, valuesOf(l.Hash)...)
	default:
		pipe.Set(ctx, key, l.Text, 0)
	}
}

// valuesOf are names and values in turn.
func valuesOf(fields map[string][]byte) []any {
	values := make([]any, 0, 2*len(fields))
	for name, value := range fields {
		values = append(values, name, value)
	}
	return values
}
