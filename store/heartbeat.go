package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/feed"
	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

// Times of heartbeats.
const (
	// HeartbeatInterval is how often a process that records reports itself.
	HeartbeatInterval = 15 * time.Second

	// Silence is how long a process may not have reported before it counts as gone.
	Silence = time.Minute

	heartbeatKept = time.Hour // a last heartbeat is kept, so that what a process lost can still be seen
)

// Application is a process that records, as it last reported itself.
type Application struct {
	ID        string // unique for each start of a process
	Name      string // Options.Application
	Host      string
	Version   string // Options.Version
	Started   time.Time
	Age       time.Duration // since its last report; exact to a second, whatever the clocks say
	Ended     bool          // it has stopped in good order; it is listed all the same, because it had lost entries
	NoPublish bool          // it does not publish what it records, by its own Options.NoPublish
	Stats     Stats         // at that time, without the histograms

	ClockSkew  time.Duration // by how much its host's clock is ahead of Redis', negative where it is behind; see [ClockTolerance]
	MaxEntries int           // of the logs that it writes; 0 if it did not say
	Retention  time.Duration // of the logs that it writes; 0 if it did not say
	Switches   time.Time     // the [Switches.Set] of the switches that it follows; zero if it has read none
	LastHour   [60]Minute    // what it recorded, oldest first; the last one is the current minute, not over yet
}

// Reporting tells whether the process has reported within [Silence], and has not ended.
func (a Application) Reporting() bool { return a.Age <= Silence && !a.Ended }

// heartbeatJSON is the JSON form of a heartbeat.
type heartbeatJSON struct {
	Name          string  `json:"application"`
	Host          string  `json:"host"`
	Version       string  `json:"version,omitempty"`
	Started       float64 `json:"started"` // Unix seconds
	Accepted      uint64  `json:"accepted"`
	Written       uint64  `json:"written"`
	QueueFull     uint64  `json:"queue_full"`
	UserShare     uint64  `json:"user_share,omitempty"`
	Invalid       uint64  `json:"invalid_username"`
	Refused       uint64  `json:"refused"`
	HostPanic     uint64  `json:"host_panic,omitempty"`
	Indeterminate uint64  `json:"indeterminate"`
	Queued        uint64  `json:"queued"`
	IndexRefused  uint64  `json:"index_refused,omitempty"`
	Undone        uint64  `json:"undone,omitempty"`
	MaxEntries    int     `json:"max_entries,omitempty"`
	Retention     float64 `json:"retention,omitempty"` // seconds
	LeftOut       uint64  `json:"left_out,omitempty"`
	ClockSkew     float64 `json:"clock_skew,omitempty"` // seconds
	Ended         bool    `json:"ended,omitempty"`
	NoPublish     bool    `json:"no_publish,omitempty"`

	Switches time.Time    `json:"switches,omitzero"`
	Traffic  *minutesJSON `json:"traffic,omitempty"`
}

// heartbeat reports this process. It belongs to the writer's goroutine, but for the switches.
type heartbeat struct {
	client   redis.UniversalClient
	keys     keys.Keys
	id       string
	line     heartbeatJSON
	traffic  *traffic
	switches *switchReader
	sent     time.Time // the last attempt; zero before the first
	tick     *time.Ticker
}

func newHeartbeat(client redis.UniversalClient, keys keys.Keys, options Options, traffic *traffic, id string, into *switched, clock *redisClock) *heartbeat {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	switches := &switchReader{client: client, keys: keys, into: into, clock: clock, log: options.Logger}
	return &heartbeat{client: client, keys: keys, id: id, switches: switches, traffic: traffic, tick: time.NewTicker(HeartbeatInterval), line: heartbeatJSON{
		Name: options.Application, Host: host, Version: options.Version, Started: float64(time.Now().UnixMilli()) / 1e3,
		MaxEntries: options.MaxEntries, Retention: options.Retention.Seconds(), NoPublish: options.NoPublish,
	}}
}

// begun reports whether this process has reported itself at all.
func (h *heartbeat) begun() bool { return !h.sent.IsZero() }

// due reports whether it is time for the next report.
func (h *heartbeat) due() bool { return time.Since(h.sent) >= HeartbeatInterval }

// send reports the stats, and which switches are followed. A report that fails is not sent again: the next one follows anyway. The
// error is that of a connection.
func (h *heartbeat) send(s Stats, skew time.Duration) error {
	h.sent = time.Now()
	line := h.line
	line.Switches, line.LeftOut = h.switches.following(), s.LeftOut
	line.Accepted, line.Written, line.Queued, line.Indeterminate = s.Accepted, s.Written, s.Queued, s.Indeterminate
	line.IndexRefused, line.Traffic = s.IndexRefused, h.traffic.line(h.sent)
	line.QueueFull, line.Invalid, line.Refused = s.Dropped.QueueFull, s.Dropped.InvalidUsername, s.Dropped.Refused
	line.HostPanic, line.ClockSkew = s.Dropped.HostPanic, skew.Round(time.Millisecond).Seconds()
	line.UserShare, line.Undone = s.Dropped.UserShare, s.Undone
	encoded, err := json.Marshal(line)
	if err != nil {
		return nil // it never fails: every field of a heartbeatJSON can be encoded
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	pipe := h.client.Pipeline()
	pipe.Set(ctx, h.keys.Application(h.id), encoded, heartbeatKept)
	pipe.SAdd(ctx, h.keys.Applications(), h.id)
	pipe.PExpire(ctx, h.keys.Applications(), heartbeatKept)
	if _, err := pipe.Exec(ctx); err != nil && !redisreply.Is(err) {
		return err
	}
	return nil
}

// end takes the process off the list, since it has stopped on purpose. A process that has lost entries stays on the list,
// and ages.
func (h *heartbeat) end(s Stats, skew time.Duration) {
	if !h.begun() {
		return
	}
	if s.Dropped.Total()+s.Indeterminate+s.Undone > 0 {
		h.line.Ended = true
		_ = h.send(s, skew)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchBudget)
	defer cancel()
	pipe := h.client.Pipeline()
	pipe.Del(ctx, h.keys.Application(h.id))
	pipe.SRem(ctx, h.keys.Applications(), h.id)
	_, _ = pipe.Exec(ctx)
}

// Applications returns the processes that record, by name and host. It also returns those that have ceased to within the last hour,
// unless they stopped in good order and had lost no entries. It waits for Redis for two seconds at most. With [ErrPartial] there may be more.
func (s *Store) Applications(ctx context.Context) ([]Application, error) {
	client := s.clients.reader
	_ = s.clock.refresh(ctx) // what fails by it fails below as well
	ids, err := client.SMembers(ctx, s.keys.Applications()).Result()
	if err != nil && !redisreply.IsWrongType(err) { // if the key holds something else, no application has reported
		return nil, fmt.Errorf("read which applications report: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	pipe := client.Pipeline()
	lines, left := make([]*redis.StringCmd, len(ids)), make([]*redis.DurationCmd, len(ids))
	for i, id := range ids {
		lines[i] = pipe.Get(ctx, s.keys.Application(id))
		left[i] = pipe.PTTL(ctx, s.keys.Application(id))
	}
	if err = execParts(ctx, pipe); err != nil {
		err = fmt.Errorf("read the applications' reports: %w", err)
	}
	found := readReports(ids, lines, left)
	slices.SortFunc(found, func(a, b Application) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host), a.Started.Compare(b.Started))
	})
	return found, err
}

// readReports returns what could be read of the reports of applications.
func readReports(ids []string, lines []*redis.StringCmd, left []*redis.DurationCmd) (found []Application) {
	for i, id := range ids {
		var line heartbeatJSON
		if json.Unmarshal([]byte(lines[i].Val()), &line) != nil || left[i].Val() <= 0 {
			continue // expired: its id goes with the set, when nobody reports any more
		}
		found = append(found, line.application(id, heartbeatKept-left[i].Val()))
	}
	return found
}

// anyReports asks what applications have said of themselves. Those that send no heartbeats are known by the users in the index, which
// an application of django-userlog does not write. A report that can't be read stays as it is known.
func (s *Store) anyReports(ctx context.Context, known feed.Reports) (feed.Reports, error) {
	applications, err := s.Applications(ctx)
	found := feed.Reports{NoPublish: known.NoPublish, Off: known.Off}
	switch {
	case errors.Is(err, ErrPartial):
		found.Shortest, found.Unpublished = known.Shortest, known.Unpublished
	case err != nil:
		return feed.Reports{}, err
	}
	for _, a := range applications {
		found.Reporting = found.Reporting || a.Reporting()
		found.Unpublished = found.Unpublished || a.Reporting() && a.NoPublish
		if a.MaxEntries > 0 && (found.Shortest == 0 || a.MaxEntries < found.Shortest) {
			found.Shortest = a.MaxEntries
		}
	}
	if set, err := s.Switches(ctx); err == nil {
		found.NoPublish, found.Off = set.NoPublish, set.NoRecord
	}
	if found.Reporting {
		return found, nil
	}
	seen, err := s.lastSeen(ctx, s.Now().Add(-Silence), 1)
	found.Reporting = len(seen) > 0
	return found, err
}

// seconds is a length of time of so many seconds, to a millisecond.
func seconds(n float64) time.Duration {
	return time.Duration(n * float64(time.Second)).Round(time.Millisecond)
}

func (l heartbeatJSON) application(id string, age time.Duration) Application {
	for _, text := range []*string{&id, &l.Name, &l.Host, &l.Version} {
		if len(*text) > MaxString { // another program has written it
			*text = cutRune(*text, MaxString)
		}
	}
	return Application{
		ID: id, Name: l.Name, Host: l.Host, Version: l.Version, Age: age, Ended: l.Ended, NoPublish: l.NoPublish,
		ClockSkew: seconds(l.ClockSkew),
		Started:   time.UnixMilli(int64(l.Started * 1e3)).UTC(), MaxEntries: l.MaxEntries, Retention: seconds(l.Retention), Switches: l.Switches, LastHour: l.Traffic.hour(age),
		Stats: Stats{
			Accepted: l.Accepted, Written: l.Written, Indeterminate: l.Indeterminate, Queued: l.Queued, IndexRefused: l.IndexRefused, Undone: l.Undone, LeftOut: l.LeftOut,
			Dropped: Dropped{QueueFull: l.QueueFull, UserShare: l.UserShare, InvalidUsername: l.Invalid, Refused: l.Refused, HostPanic: l.HostPanic},
		},
	}
}
