package backup

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// File is a backup whose code is right.
type File struct {
	Made time.Time

	content io.ReadSeeker
	secret  string
}

// Open reads a whole file, and checks its code. The errors are [ErrFile], [ErrSecret], and those of reading.
func Open(content io.ReadSeeker, secret string) (*File, error) {
	f := &File{content: content, secret: secret}
	return f, f.each(func(l line) error {
		if l.Format != "" {
			f.Made = l.Made
		}
		return nil
	})
}

// each reads the file from its beginning, and calls use for each line but the last one, whose code it checks. The errors are [ErrFile],
// [ErrSecret], and those of reading and of use. Only after it has returned nil it is certain that the lines were ours.
func (f *File) each(use func(line) error) error {
	if _, err := f.content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines, err := scanner(f.content)
	if err != nil {
		return err
	}
	code, ended := hmac.New(sha256.New, []byte(f.secret)), false
	for first := true; lines.Scan(); first = false {
		var l line
		if ended || json.Unmarshal(lines.Bytes(), &l) != nil || first && l.Format != format {
			return ErrFile
		}
		if ended = l.Code != nil; ended {
			if err := l.closes(lines.Bytes(), code.Sum(nil)); err != nil {
				return err
			}
			continue
		}
		code.Write(append(lines.Bytes(), '\n')) // never fails
		if err := use(l); err != nil {
			return err
		}
	}
	if lines.Err() != nil || !ended {
		return ErrFile
	}
	return nil
}

// closes returns nil where the line is the last one, and has the right code. It must have nothing else: the code does not cover it.
func (l line) closes(text, code []byte) error {
	if !hmac.Equal(l.Code, code) {
		return ErrSecret
	}
	if alone, err := json.Marshal(line{Code: code}); err != nil || !bytes.Equal(alone, text) {
		return ErrFile
	}
	return nil
}

// Restore writes what the file has behind the prefix of the store, where nothing of it may be: the error is [ErrNotEmpty] otherwise. When it
// fails, some of it may be there. The audit log should be verified afterwards. Secrets that could be used once are not put back, as
// [auth.Restored] says. The names of accounts that had recovery codes are returned.
func (f *File) Restore(ctx context.Context, logs *store.Store) (withoutCodes []string, err error) {
	if err := wantEmpty(ctx, logs); err != nil {
		return nil, err
	}
	pipe, now := logs.Client().Pipeline(), time.Now()
	err = f.each(func(l line) error { // and checks the code again: somebody may have changed the file meanwhile
		switch {
		case l.Switches != nil:
			return logs.SetSwitches(ctx, *l.Switches)
		case l.Hash != nil: // accounts
			var without []string
			if l.Hash, without, err = auth.Restored(l.Hash, now); err != nil {
				return err
			}
			withoutCodes = append(withoutCodes, without...)
		}
		l.restore(ctx, pipe, logs.KeyPrefix())
		if pipe.Len() < batchSize {
			return nil
		}
		return send(ctx, pipe)
	})
	if err != nil {
		return nil, err
	}
	return withoutCodes, send(ctx, pipe)
}

// send writes what was queued.
func send(ctx context.Context, pipe redis.Pipeliner) error {
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
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
	switch set, err := logs.Switches(ctx); {
	case errors.Is(err, store.ErrSwitches), err == nil && !set.Set.IsZero():
		return ErrNotEmpty
	case err != nil:
		return fmt.Errorf("look whether there are switches already: %w", err)
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
