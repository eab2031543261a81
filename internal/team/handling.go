package team

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// OnItFor is how long "on it" holds: who forgets to say "done" hides nobody for ever.
const OnItFor = time.Hour

// ErrQuicker is returned where somebody else has changed who takes care of a user, since the page was shown that asks.
var ErrQuicker = errors.New("somebody else was quicker")

// ErrJustFailed is returned for "done" where the user has failed a moment ago, which the agent may not have seen.
var ErrJustFailed = errors.New("the user has failed a moment ago")

// settling is how long after a failure "done" can't be said. The user index writes down one failure in two seconds: another one in that time
// would not undo it.
const settling = 5 * time.Second

// State says whether somebody takes care of a user.
type State string

// The states of a user.
const (
	Open State = ""      // nobody does
	OnIt State = "on-it" // somebody is doing it
	Done State = "done"  // somebody has done it, until the user fails again
)

// ParseState reads a state as forms write it: "open" for [Open].
func ParseState(text string) (State, bool) {
	switch state := State(text); state {
	case OnIt, Done:
		return state, true
	case "open":
		return Open, true
	}
	return Open, false
}

// String is the state as forms and the audit log write it.
func (s State) String() string {
	if s == Open {
		return "open"
	}
	return string(s)
}

// CheckDone returns [ErrJustFailed] where the last failure of a user, zero for none, is too young for "done" to be said now.
func CheckDone(now, failure time.Time) error {
	if now.Sub(failure) < settling {
		return ErrJustFailed
	}
	return nil
}

// Handling is who takes care of a user.
type Handling struct {
	State   State
	By      string    // the account that said so
	At      time.Time // when, by Redis' clock
	Version string    // changes with each change; "" before the first
	Failure time.Time // of the user, the last that was known when "done" was said; zero where there was none
}

// Now is the handling as it holds at a moment, when the last failure of the user is known; zero for none. A handling that holds no
// longer is [Open] again, by nobody.
func (h Handling) Now(at, failure time.Time) Handling {
	lapsed := h.State == OnIt && at.Sub(h.At) >= OnItFor
	failed := h.State == Done && failure.After(h.Failure)
	if h.State == Open || lapsed || failed {
		return Handling{Version: h.Version}
	}
	return h
}

// wireHandling is a handling as Redis has it, behind the version and the time in Unix milliseconds.
type wireHandling struct {
	State   State  `json:"state,omitempty"`
	By      string `json:"by"`
	Failure int64  `json:"failure,omitempty"` // in Unix milliseconds
}

// parseHandling reads the field. A text that somebody else has put there counts as [Open].
func parseHandling(value string) Handling {
	version, rest, _ := strings.Cut(value, " ")
	ms, line, _ := strings.Cut(rest, " ")
	at, err := strconv.ParseInt(ms, 10, 64)
	var wire wireHandling
	if err != nil || len(version) > 64 || json.Unmarshal([]byte(line), &wire) != nil || wire.By == "" {
		return Handling{}
	}
	h := Handling{State: wire.State, By: cut(wire.By, maxAuthor), At: time.UnixMilli(at).UTC(), Version: version}
	if h.State != OnIt && h.State != Done {
		h.State = Open
	}
	if wire.Failure > 0 {
		h.Failure = time.UnixMilli(wire.Failure).UTC()
	}
	return h
}
