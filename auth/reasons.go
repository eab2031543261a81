package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// Limits of a stated reason.
const (
	reasonLifetime = 30 * time.Minute // then it has to be stated again
	MaxReason      = 300              // characters
)

// ErrReason is the error of [CheckReason]. It is a plain sentence that may be shown to a person.
var ErrReason = fmt.Errorf("state the reason in 1 to %d characters, such as the number of the ticket", MaxReason)

// Reason is why an agent opens a log.
type Reason struct {
	Text  string
	Until time.Time // then it has to be stated again
}

// Reasons remembers why accounts look at logs, where each has to state a reason.
type Reasons struct {
	client redis.UniversalClient
	keys   Keys
	now    func() time.Time
}

// NewReasons returns the reasons that client's Redis holds. It doesn't connect, and doesn't close client.
func NewReasons(client redis.UniversalClient, keys Keys) *Reasons {
	return &Reasons{client: client, keys: keys, now: time.Now}
}

// CheckReason returns a reason that was typed as it is kept, or [ErrReason].
func CheckReason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n == 0 || n > MaxReason || !printable(text) || !strings.ContainsFunc(text, saysSomething) {
		return "", ErrReason
	}
	return text, nil
}

// saysSomething reports whether a character is a letter or a digit that can be seen. Unicode counts four
// characters as letters that only fill a place in Korean writing.
func saysSomething(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !strings.ContainsRune("\u115f\u1160\u3164\uffa0", r)
}

// State remembers for half an hour why an account looks at the log of username, "" for everyone's. It
// returns [ErrReason], or the failure of Redis or ctx.
func (r *Reasons) State(ctx context.Context, account, username, text string) error {
	text, err := CheckReason(text)
	if err != nil {
		return err
	}
	line, err := json.Marshal(Reason{Text: text, Until: r.now().Add(reasonLifetime).UTC()})
	if err != nil {
		return fmt.Errorf("state a reason: %w", err)
	}
	if err := r.client.Set(ctx, r.keys.Reason(account, username), line, reasonLifetime).Err(); err != nil {
		return fmt.Errorf("state a reason: %w", err)
	}
	return nil
}

// Current returns the reason that an account has stated for username. It is not ok where there is none,
// or its time is over. An error is the failure of Redis or ctx.
func (r *Reasons) Current(ctx context.Context, account, username string) (reason Reason, ok bool, err error) {
	line, err := r.client.Get(ctx, r.keys.Reason(account, username)).Bytes()
	if errors.Is(err, redis.Nil) {
		return Reason{}, false, nil
	}
	if err != nil {
		return Reason{}, false, fmt.Errorf("ask for the reason: %w", err)
	}
	// The end is checked here too, because the embedded store's time may stand still.
	if json.Unmarshal(line, &reason) != nil || !reason.Until.After(r.now()) {
		return Reason{}, false, nil
	}
	return reason, true, nil
}

// printable reports whether a text that a person has typed is one line that can be shown.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 })
}
