package webhook

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
func (q *Queue) States(ctx context.Context) ([]State, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	fields, err := q.client.HGetAll(ctx, q.keys.State()).Result()
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
		s.Sent = timeOf(text)
	case "failed":
		s.Failed = n
	case "lost":
		s.Lost = n
	case "at":
		s.At = timeOf(text)
	case "status":
		s.Status = n
	}
}
