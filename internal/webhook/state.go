package webhook

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisTimeout bounds how long Redis is waited for.
const redisTimeout = 2 * time.Second

// Reader reads how sending goes, of which the processes that send take notes in Redis. Its methods may be called from several goroutines.
// They wait for Redis for two seconds at most.
type Reader struct {
	Client redis.UniversalClient // whose Redis has the notes
	Keys   Keys
}

// HasLeader reports whether some process leads: it watches the rules.
func (r Reader) HasLeader(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	n, err := r.Client.Exists(ctx, r.Keys.Leader()).Result()
	if err != nil {
		return false, fmt.Errorf("learn who sends webhooks: %w", err)
	}
	return n > 0, nil
}

// State is how sending to a destination goes.
type State struct {
	Name string
	Sent time.Time // when a message was delivered last, by Redis' clock; zero = never, or more than a week ago

	// Since then:
	Failed int       // attempts that failed
	Lost   int       // messages that were given up, or had no room
	At     time.Time // when that happened last
	Status int       // of the last answer; 0 where there was none
}

// alarming is after how many failed attempts in a row something is wrong.
const alarming = 3

// Failing reports whether messages do not arrive: a message is lost, or several attempts in a row failed.
func (s State) Failing() bool { return s.Lost > 0 || s.Failed >= alarming }

// States returns how sending goes to the destinations that messages were for within a week, in the order of their names.
func (r Reader) States(ctx context.Context) ([]State, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	fields, err := r.Client.HGetAll(ctx, r.Keys.State()).Result()
	if err != nil {
		return nil, fmt.Errorf("read how webhooks are sent: %w", err)
	}
	states := make(map[string]*State)
	for field, text := range fields {
		name, what, _ := strings.Cut(field, ":")
		if states[name] == nil {
			states[name] = &State{Name: name}
		}
		states[name].read(what, text)
	}
	all := make([]State, 0, len(states))
	for _, s := range states {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b State) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// read reads a field as it is kept. A text that can't be read counts as nothing.
func (s *State) read(field, text string) {
	n, _ := strconv.Atoi(text)
	switch field {
	case "sent":
		s.Sent = TimeOf(text, time.UnixMilli)
	case "failed":
		s.Failed = n
	case "lost":
		s.Lost = n
	case "at":
		s.At = TimeOf(text, time.UnixMilli)
	case "status":
		s.Status = n
	}
}

// TimeOf reads Unix milliseconds, or microseconds, as the unit says; what is none is zero.
func TimeOf(text string, unit func(int64) time.Time) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return unit(n).UTC()
}
