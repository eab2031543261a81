package store

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// switched is what the switches change in this process. Requests read it, so it is never waited for.
type switched struct {
	known       atomic.Bool                // the switches have been read, or this process may not read them; set behind rules
	rules       atomic.Pointer[leaveRules] // nil where everything is recorded
	unpublished atomic.Bool
}

// leaveRules say which entries are left out. They are never changed: others take their place.
type leaveRules struct {
	all    bool
	sample uint64
	ignore []*regexp.Regexp

	watchOnly bool
	watched   map[string]int64 // until when users are recorded, in Unix milliseconds
}

// newLeaveRules returns the rules of switches that have been checked, nil where nothing is left out. watched is for WatchOnly.
func newLeaveRules(set Switches, watched map[string]int64) *leaveRules {
	ignore, err := set.patterns()
	if err != nil || !set.NoRecord && !set.WatchOnly && set.Sample <= 1 && len(ignore) == 0 {
		return nil
	}
	return &leaveRules{
		all: set.NoRecord, sample: uint64(max(set.Sample, 1)), ignore: ignore, watchOnly: set.WatchOnly, watched: watched,
	}
}

// leavesOutAllOf reports whether nothing is recorded of a user.
func (r *leaveRules) leavesOutAllOf(username string) bool {
	return r.all || r.watchOnly && r.watched[username] <= time.Now().UnixMilli()
}

// leavesOut reports whether an entry is not recorded.
func (r *leaveRules) leavesOut(e *Entry) bool {
	switch {
	case r.leavesOutAllOf(e.Username), r.ignores(e.Path):
		return true
	case r.sample > 1 && !e.byHand() && !e.Failed():
		return rand.Uint64N(r.sample) != 0 // if every N-th were recorded, two polls that take turns could lose all of one of them
	}
	return false
}

// ignores reports whether a pattern matches the path of an address. Of a long one, no more is looked at than is kept.
func (r *leaveRules) ignores(address string) bool {
	if len(r.ignore) == 0 {
		return false
	}
	path := withoutQuery(address[:min(len(address), maxRawPath)])
	if strings.Contains(path, "%") {
		if decoded, err := url.PathUnescape(path); err == nil {
			path = decoded
		}
	}
	for _, pattern := range r.ignore {
		if pattern.MatchString(path) {
			return true
		}
	}
	return false
}
