package auth

import (
	"encoding/json"
	"fmt"
	"time"
)

// Lifetimes of a session.
const (
	sessionIdle     = 30 * time.Minute // without a request
	sessionLifetime = 12 * time.Hour   // altogether
)

// maxSessions is how many sessions an account has at most. A login more ends the oldest one. Otherwise somebody who logs in all the time
// has Redis keep, the page of the account list, and a provider be asked about thousands of them.
const maxSessions = 100

// ProofLifetime is how long a session may change accounts, links, tokens and second factors after its owner has proved who she is.
const ProofLifetime = 10 * time.Minute

// touchInterval is how often, at most, a request is noted in the session. Not every request should
// write to Redis.
const touchInterval = time.Minute

// storedSession is a session in Redis.
type storedSession struct {
	Account    string         `json:"account,omitempty"`    // who is logged in; empty for nobody
	Waiting    string         `json:"waiting,omitempty"`    // whose password was right, while the second factor is asked; nobody is logged in
	Generation int64          `json:"generation,omitempty"` // of either account, at the login
	SignOn     bool           `json:"sign_on,omitempty"`    // it began at a provider
	Address    string         `json:"address,omitempty"`    // that the login came from
	Agent      string         `json:"agent,omitempty"`      // the browser, as it names itself
	Created    int64          `json:"created"`              // Unix seconds
	Seen       int64          `json:"seen"`                 // Unix seconds; late by up to touchInterval
	Proven     int64          `json:"proven,omitempty"`     // when its owner proved last who she is, in Unix seconds
	Values     map[string]any `json:"values,omitempty"`     // what was stored through gin-contrib/sessions
}

// end is when the session is over whatever happens.
func (r storedSession) end() time.Time { return time.Unix(r.Created, 0).Add(sessionLifetime) }

// left is how long the session lives from now on without another request: 0 or less when it is over.
func (r storedSession) left(now time.Time) time.Duration {
	idle := time.Unix(r.Seen, 0).Add(sessionIdle)
	return min(idle.Sub(now), r.end().Sub(now))
}

// isProven reports whether the session's owner has proved lately who she is. Another process may have noted it, whose clock is a
// little ahead.
func (r storedSession) isProven(now time.Time) bool {
	since := now.Sub(time.Unix(r.Proven, 0))
	return r.Account != "" && -touchInterval < since && since < ProofLifetime
}

// isStale reports whether it is time to note a request.
func (r storedSession) isStale(now time.Time) bool {
	return now.Sub(time.Unix(r.Seen, 0)) >= touchInterval
}

// storedKey is where a gorilla session's values hold the stored session. It is a type of our own, so that
// handlers can neither read nor set it. Clearing the session removes it, and with it the login.
type storedKey struct{}

// storedSessionOf takes the stored session out of a gorilla session's values. Only strings can be keys of other values.
func storedSessionOf(values map[any]any) (storedSession, error) {
	r, _ := values[storedKey{}].(storedSession)
	r.Values = nil
	for key, value := range values {
		switch key := key.(type) {
		case storedKey:
		case string:
			if r.Values == nil {
				r.Values = make(map[string]any)
			}
			r.Values[key] = value
		default:
			return storedSession{}, fmt.Errorf("a session's keys are strings, not %T", key)
		}
	}
	return r, nil
}

// intoValues is the inverse of storedSessionOf.
func (r storedSession) intoValues(values map[any]any) {
	for key, value := range r.Values {
		values[key] = value
	}
	values[storedKey{}] = r
}

func (r storedSession) encode() ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode session: %w", err)
	}
	return line, nil
}
