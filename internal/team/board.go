package team

import (
	"context"
	"crypto/rand"
	_ "embed" // of the scripts
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// boardTimeout is how long Redis may take.
const boardTimeout = 2 * time.Second

// The scripts make changes whole: two agents may make one at the same moment.
var (
	//go:embed add_note.lua
	addNoteScript string
	//go:embed set_handling.lua
	setHandlingScript string
)

// Board is what agents have noted of all users, in Redis. All methods wait for Redis for two seconds at most, and may be called from
// several goroutines.
type Board struct {
	client                 redis.UniversalClient
	keys                   Keys
	addsNotes, setHandling *redis.Script
}

// NewBoard returns the board that client's Redis holds. It doesn't connect, and doesn't close client.
func NewBoard(client redis.UniversalClient, keys Keys) *Board {
	return &Board{client: client, keys: keys, addsNotes: redis.NewScript(addNoteScript), setHandling: redis.NewScript(setHandlingScript)}
}

// Sheet is what is noted of one user.
type Sheet struct {
	Notes    []Note // newest first, [MaxNotes] at most
	Handling Handling
	Lost     bool // Redis did not answer: something may be noted
}

// Empty reports whether nothing is noted, and nothing was.
func (s Sheet) Empty() bool { return len(s.Notes) == 0 && s.Handling == Handling{} && !s.Lost }

// Sheets returns what is noted of users, in the order of the names, in one round trip. With an error some are lost, as where a master of a
// Cluster is away.
func (b *Board) Sheets(ctx context.Context, usernames ...string) ([]Sheet, error) {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	pipe := b.client.Pipeline()
	reads := make([]*redis.MapStringStringCmd, len(usernames))
	for i, username := range usernames {
		reads[i] = pipe.HGetAll(ctx, b.keys.Sheet(username))
	}
	err := exec(ctx, pipe)
	sheets := make([]Sheet, len(usernames))
	for i, read := range reads {
		sheets[i] = parseSheet(read.Val())
		sheets[i].Lost = failure(read.Err()) != nil
	}
	if err != nil {
		err = fmt.Errorf("read notes of %d users: %w", len(usernames), err)
	}
	return sheets, err
}

func parseSheet(fields map[string]string) Sheet {
	var sheet Sheet
	for field, value := range fields {
		if note, ok := parseNote(field, value); ok {
			sheet.Notes = append(sheet.Notes, note)
		}
	}
	sheet.Notes, sheet.Handling = newestFirst(sheet.Notes), parseHandling(fields[handlingField])
	return sheet
}

// Handlings returns who takes care of users, for lists of them, in one round trip. Of whom nothing was said is not in
// the result. With an error others are missing, too.
func (b *Board) Handlings(ctx context.Context, usernames ...string) (map[string]Handling, error) {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	pipe := b.client.Pipeline()
	reads := make([]*redis.StringCmd, len(usernames))
	for i, username := range usernames {
		reads[i] = pipe.HGet(ctx, b.keys.Sheet(username), handlingField)
	}
	err := exec(ctx, pipe)
	handlings := make(map[string]Handling)
	for i, read := range reads {
		if h := parseHandling(read.Val()); h != (Handling{}) {
			handlings[usernames[i]] = h
		}
	}
	if err != nil {
		err = fmt.Errorf("read who takes care of %d users: %w", len(usernames), err)
	}
	return handlings, err
}

// exec sends a pipeline, and returns its first failure.
func exec(ctx context.Context, pipe redis.Pipeliner) error {
	commands, _ := pipe.Exec(ctx) // each command has its error
	for _, command := range commands {
		if err := failure(command.Err()); err != nil {
			return err
		}
	}
	return nil
}

// failure is an error of a command, nil where something is not there, or is somebody else's key of another type.
func failure(err error) error {
	if errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE") {
		return nil
	}
	return err
}

// addNote adds a note, under a number that nobody else has. The sheet expires after keep.
func (b *Board) addNote(ctx context.Context, username, number string, note wireNote, keep time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	line, err := json.Marshal(note)
	if err != nil {
		return err
	}
	err = b.addsNotes.Run(ctx, b.client, []string{b.keys.Sheet(username)}, number, line, MaxNotes, keep.Milliseconds()).Err()
	if err != nil {
		return fmt.Errorf("add a note: %w", err)
	}
	return nil
}

// deleteNote deletes a note.
func (b *Board) deleteNote(ctx context.Context, username, id string) error {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	if err := b.client.HDel(ctx, b.keys.Sheet(username), noteField+id).Err(); err != nil {
		return fmt.Errorf("delete a note: %w", err)
	}
	return nil
}

// handle says who takes care of a user. The error is [ErrQuicker] where version is not that of the handling before.
func (b *Board) handle(ctx context.Context, username, version string, handling wireHandling, keep time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	line, err := json.Marshal(handling)
	if err != nil {
		return err
	}
	set, err := b.setHandling.Run(ctx, b.client, []string{b.keys.Sheet(username)}, version, number(), line, keep.Milliseconds()).Int()
	switch {
	case err != nil:
		return fmt.Errorf("say who takes care of a user: %w", err)
	case set == 0:
		return ErrQuicker
	}
	return nil
}

// Keep has the sheets of users expire after these times: the users have been seen since.
func (b *Board) Keep(ctx context.Context, keep map[string]time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, boardTimeout)
	defer cancel()
	pipe := b.client.Pipeline()
	for username, after := range keep {
		pipe.PExpire(ctx, b.keys.Sheet(username), after)
	}
	if err := exec(ctx, pipe); err != nil {
		return fmt.Errorf("keep notes of %d users: %w", len(keep), err)
	}
	return nil
}

// number is a random one, in hexadecimal.
func number() string {
	var random [6]byte
	rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
