package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// Limits of [Switches].
const (
	MaxSample      = 10_000 // of Switches.Sample
	MaxIgnore      = 50     // patterns in Switches.Ignore
	MaxIgnoreBytes = 1_000  // of all patterns together
)

// Limits that no user of the package needs to know.
const (
	maxPatternSteps = 2_000    // into which all patterns are compiled: some 15 a pattern are usual, and x{900} has 900
	maxSwitches     = 16 << 10 // bytes of the JSON form, which has six for some characters of a pattern
)

// Errors of [Switches].
var (
	// ErrSample is returned for a Switches.Sample out of its range.
	ErrSample = errors.New("store: Sample is out of its range")

	// ErrIgnore is returned for a Switches.Ignore that has too many patterns, or one that can't be used.
	ErrIgnore = errors.New("store: Ignore can't be used")

	// ErrSwitches is returned where the key of the switches holds something that can't be read as such.
	ErrSwitches = errors.New("store: the switches in Redis can't be read: set them anew")
)

// Switches change, while they run, what all applications record that share a Redis. Applications read them with each
// heartbeat. One that can't read them goes on as it was. The zero value changes nothing.
type Switches struct {
	// NoRecord has nothing recorded. Default: false.
	NoRecord bool `json:"no_record,omitempty"`

	// NoPublish turns live logs off, as [Options.NoPublish] does for one application. Default: false.
	NoPublish bool `json:"no_publish,omitempty"`

	// Sample has one of so many requests recorded of those that a page fetches by itself and that do not fail; 1 to 10,000.
	// Requests of people are recorded all the same. Default: 0, as 1, for all.
	Sample int `json:"sample,omitempty"`

	// Ignore are regular expressions (RE2). Requests whose path one of them matches are not recorded. They are searched for
	// anywhere in the decoded path that logs show, without the query. Default: none.
	Ignore []string `json:"ignore,omitempty"`

	// WatchOnly has nothing recorded of anybody but users whose logs are looked at: see [Store.Watched]. Default: false.
	WatchOnly bool `json:"watch_only,omitempty"`

	// Set is when they were set, by Redis' clock. [Store.SetSwitches] fills it in.
	Set time.Time `json:"set,omitzero"`
}

// Check returns an error that says why the switches can't be set: it wraps [ErrSample] or [ErrIgnore].
func (s Switches) Check() error {
	if s.Sample < 0 || s.Sample > MaxSample {
		return fmt.Errorf("%w: it is %d: use 1 to %d", ErrSample, s.Sample, MaxSample)
	}
	_, err := s.patterns()
	return err
}

// patterns compiles Ignore, within limits: it is matched in the requests of applications.
func (s Switches) patterns() ([]*regexp.Regexp, error) {
	if len(s.Ignore) > MaxIgnore {
		return nil, fmt.Errorf("%w: it has %d patterns: use %d at most", ErrIgnore, len(s.Ignore), MaxIgnore)
	}
	if size := len(strings.Join(s.Ignore, "")); size > MaxIgnoreBytes {
		return nil, fmt.Errorf("%w: its patterns have %d bytes together: use %d at most", ErrIgnore, size, MaxIgnoreBytes)
	}
	compiled, steps := make([]*regexp.Regexp, 0, len(s.Ignore)), 0
	for _, pattern := range s.Ignore {
		n, err := patternSteps(pattern)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is not a regular expression: %w", ErrIgnore, pattern, err)
		}
		if steps += n; steps > maxPatternSteps {
			return nil, fmt.Errorf("%w: matching %q and those before it takes too long: use fewer repetitions such as {100}", ErrIgnore, pattern)
		}
		compiled = append(compiled, regexp.MustCompile(pattern))
	}
	return compiled, nil
}

// patternSteps is the size of what a pattern is compiled to.
func patternSteps(pattern string) (int, error) {
	if pattern == "" || strings.ContainsFunc(pattern, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return 0, errors.New("it is empty, or has characters that can't be seen")
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

// Switches returns the switches that are set. It waits for Redis for two seconds at most. The error wraps [ErrSwitches] where
// there are some that can't be read.
func (s *Store) Switches(ctx context.Context) (Switches, error) {
	set, err := readSwitches(ctx, s.clients.reader, s.keys)
	if err != nil {
		return Switches{}, fmt.Errorf("read the switches: %w", err)
	}
	return set, nil
}

// SetSwitches sets the switches. Applications follow within [HeartbeatInterval]. Entries that they have recorded until
// then are written. It waits for Redis for two seconds at most.
func (s *Store) SetSwitches(ctx context.Context, set Switches) error {
	if err := set.Check(); err != nil {
		return err
	}
	// SET would take the place of whatever somebody else keeps there.
	if _, err := s.Switches(ctx); err != nil && !errors.Is(err, ErrSwitches) {
		return err
	}
	_ = s.clock.refresh(ctx) // the time is only for people, and to tell who follows
	set.Set = s.Now().UTC().Truncate(time.Microsecond)
	encoded, err := json.Marshal(set)
	if err == nil {
		err = s.clients.reader.Set(ctx, s.keys.Switches(), encoded, 0).Err()
	}
	if err != nil {
		return fmt.Errorf("set the switches: %w", err)
	}
	return nil
}

// readSwitches reads the switches, and no more of what may be in their place than they can be long. Members of newer versions
// are ignored.
func readSwitches(ctx context.Context, client redis.Cmdable, keys keys.Keys) (set Switches, err error) {
	text, err := client.GetRange(ctx, keys.Switches(), 0, maxSwitches).Result()
	switch {
	case err != nil, text == "":
		return Switches{}, err
	case len(text) > maxSwitches:
		return Switches{}, fmt.Errorf("%w: they are longer than %d bytes", ErrSwitches, maxSwitches)
	}
	if err = json.Unmarshal([]byte(text), &set); err == nil {
		err = set.Check()
	}
	if err != nil {
		return Switches{}, fmt.Errorf("%w: %w", ErrSwitches, err)
	}
	return set, nil
}
