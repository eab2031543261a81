package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/printable"
)

// Bounds of a record's texts, in bytes. A longer text is cut, and ends with "…" then.
const (
	MaxReason = 500
	MaxText   = 256 // of every other text; a username fits

	maxRecordingChange = 4_500 // of the Detail of RecordingChanged, which has all patterns before and after
)

// Record is one line of the audit log: an action of an account.
//
// Its JSON form is the wire format: names never change their meaning. Empty members are left out, except
// seq, id, time, actor, action, oldest and prev.
type Record struct {
	// Seq, ID, Time, Ring, Other, Oldest, Prev and Hash are filled in by [Log.Append].
	Seq  int64     // "seq": 1 for the first record of its ring ever, and one more for each
	ID   string    // "id": unique, random
	Time time.Time // "time": when it was written, in UTC with milliseconds

	Actor    string        // "actor": the account that did it
	Role     string        // "role": that of the actor at that time
	Action   Action        // "action": the action
	Subject  string        // "subject": whose log, or which account
	Address  string        // "address": the IP address it was done from
	Via      string        // "via": by what means, such as browser, token, proxy or terminal
	Reason   string        // "reason": that of the actor
	Duration time.Duration // "duration": how long a viewing was, in seconds with milliseconds
	Began    int64         // "began": the Seq of the record with which the viewing began
	Detail   string        // "detail": more, depending on the action

	Ring   string // "ring": [Attempts], or empty for what accounts do
	Other  string // "other": number and hash of a record of the other ring that was there before, as a [Link]; empty without one
	Oldest int64  // "oldest": the Seq of the oldest record that was to be kept when this was written
	Prev   string // "prev": the Hash of the record of its ring before; empty for the first
	Hash   string // "hash": SHA-256, in hexadecimal, of the JSON form without its last member, which this is
}

// Actor is the account or person that acts.
type Actor struct {
	Name    string // of the account, or what a host, a proxy or the operating system calls the person
	Role    string // of the account
	Via     string // by what means, such as browser, token, proxy or terminal
	Address string // the IP address it is done from
}

// Record returns a record of an action by the actor. [Log.Append] fills in the rest.
func (a Actor) Record(action Action, subject string) Record {
	return Record{Actor: a.Name, Role: a.Role, Via: a.Via, Address: a.Address, Action: action, Subject: subject}
}

// wireRecord is the stored and hashed form: a record without its hash.
type wireRecord struct {
	Seq      int64   `json:"seq"`
	ID       string  `json:"id"`
	Time     string  `json:"time"`
	Actor    string  `json:"actor"`
	Role     string  `json:"role,omitempty"`
	Action   Action  `json:"action"`
	Subject  string  `json:"subject,omitempty"`
	Address  string  `json:"address,omitempty"`
	Via      string  `json:"via,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Duration float64 `json:"duration,omitempty"`
	Began    int64   `json:"began,omitempty"`
	Detail   string  `json:"detail,omitempty"`
	Ring     string  `json:"ring,omitempty"`
	Other    string  `json:"other,omitempty"`
	Oldest   int64   `json:"oldest"`
	Prev     string  `json:"prev"`
}

// timeFormat is RFC 3339 with exactly the precision that is kept.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON encodes the record on one line that can be checked without Redis. Take the text in front of
// `,"hash":`, add a closing brace, and its SHA-256 is the value of hash.
func (r Record) MarshalJSON() ([]byte, error) {
	line, err := r.encode()
	if err != nil {
		return nil, err
	}
	if hashOf(line) != r.Hash { // earlier versions escaped less
		if raw, err := r.raw(); err == nil && hashOf(raw) == r.Hash {
			line = raw
		}
	}
	return fmt.Appendf(line[:len(line)-1], `,"hash":%q}`, r.Hash), nil
}

// encode returns the line that is stored and hashed. Characters that are not printable are escaped in it, because exports are read in terminals.
func (r Record) encode() ([]byte, error) {
	line, err := r.raw()
	return printable.JSON(line), err
}

// raw is the line as earlier versions stored it.
func (r Record) raw() ([]byte, error) {
	line, err := json.Marshal(wireRecord{
		Seq: r.Seq, ID: r.ID, Time: r.Time.UTC().Format(timeFormat),
		Actor: r.Actor, Role: r.Role, Action: r.Action, Subject: r.Subject, Address: r.Address,
		Via: r.Via, Reason: r.Reason, Duration: float64(r.Duration.Milliseconds()) / 1000,
		Began: r.Began, Detail: r.Detail, Ring: r.Ring, Other: r.Other, Oldest: r.Oldest, Prev: r.Prev,
	})
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return line, nil
}

// errNoRecord is why something in the stream was not read as a record.
var errNoRecord = errors.New("not a record: seq, time and action are required")

// decode is the inverse of encode. Unknown members, of newer versions, are ignored.
func decode(line, hash string) (Record, error) {
	var w wireRecord
	if err := json.Unmarshal([]byte(line), &w); err != nil {
		return Record{}, fmt.Errorf("decode record: %w", err)
	}
	at, err := time.Parse(timeFormat, w.Time)
	if err != nil || w.Seq < 1 || w.Seq > maxSeq || w.Action == "" || math.Abs(w.Duration) > math.MaxInt32 {
		return Record{}, errNoRecord
	}
	return Record{
		Seq: w.Seq, ID: w.ID, Time: at.UTC(),
		Actor: w.Actor, Role: w.Role, Action: w.Action, Subject: w.Subject, Address: w.Address,
		Via: w.Via, Reason: w.Reason, Duration: time.Duration(math.Round(w.Duration*1000)) * time.Millisecond,
		Began: w.Began, Detail: w.Detail, Ring: w.Ring, Other: w.Other, Oldest: w.Oldest, Prev: w.Prev, Hash: hash,
	}, nil
}

// cleaned returns the record with texts that can be stored and shown: bounded, UTF-8, without
// control characters.
func (r Record) cleaned() Record {
	r.Action = Action(clean(string(r.Action), MaxText))
	r.Reason = clean(r.Reason, MaxReason)
	for _, text := range []*string{&r.Actor, &r.Role, &r.Subject, &r.Address, &r.Via} {
		*text = clean(*text, MaxText)
	}
	limit := MaxText
	if r.Action == RecordingChanged {
		limit = maxRecordingChange
	}
	r.Detail = clean(r.Detail, limit)
	return r
}

// clean replaces characters that can't be printed by U+FFFD, and cuts a text after limit bytes.
func clean(text string, limit int) string {
	const cut = "…"
	long := len(text) > limit
	if long {
		text = text[:limit] // the rest need not be looked at; it may be a megabyte
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
	if !long && len(text) <= limit {
		return text
	}
	end := min(limit-len(cut), len(text))
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + cut
}
