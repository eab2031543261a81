package sending

import (
	"context"
	"crypto/rand"
	_ "embed" // of the scripts
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/webhook"
)

// Times and limits of queues.
const (
	MaxQueue = 100              // messages that wait for one destination
	Quiet    = time.Minute      // at least, between two messages about a subject
	Lease    = 15 * time.Second // after which another process leads, where the leader is not heard of

	toldLifetime  = 15 * time.Minute
	queueLifetime = 24 * time.Hour
	stateLifetime = 7 * 24 * time.Hour
	takenFor      = 3 * attemptTimeout // a message is its taker's, who needs a third of it
	redisTimeout  = 2 * time.Second
)

// Errors of [Queue.Post].
var (
	// ErrNotLeading is returned where another process leads by now.
	ErrNotLeading = errors.New("another process leads")

	// ErrTold is returned where there was a message about the subject less than [Quiet] ago.
	ErrTold = errors.New("there was a message about it just now")
)

// The scripts run where Redis is, so that its clock decides for all processes.
var (
	//go:embed lead.lua
	leadScript string
	//go:embed resign.lua
	resignScript string
	//go:embed post.lua
	postScript string
	//go:embed take.lua
	takeScript string
	//go:embed settle.lua
	settleScript string
)

// Queue is the messages that wait, in a Redis. All methods may be called from several goroutines. They wait for Redis for two seconds at
// most.
type Queue struct {
	client                               redis.UniversalClient
	keys                                 webhook.Keys
	name                                 string // of this process, as leader
	leads, resigns, posts, takes, settle *redis.Script
}

// NewQueue returns the queues that client's Redis holds. It doesn't connect, and doesn't close client.
func NewQueue(client redis.UniversalClient, keys webhook.Keys) *Queue {
	return &Queue{
		client: client, keys: keys, name: rand.Text(), leads: redis.NewScript(leadScript), resigns: redis.NewScript(resignScript),
		posts: redis.NewScript(postScript), takes: redis.NewScript(takeScript), settle: redis.NewScript(settleScript),
	}
}

// Lead makes this process the leader if no other one is, and keeps it so. It has to be called several times within [Lease].
func (q *Queue) Lead(ctx context.Context) (leading bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	leading, err = q.leads.Run(ctx, q.client, []string{q.keys.Leader()}, q.name, Lease.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("learn who sends webhooks: %w", err)
	}
	return leading, nil
}

// Resign lets another process lead at once.
func (q *Queue) Resign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := q.resigns.Run(ctx, q.client, []string{q.keys.Leader()}, q.name).Err(); err != nil {
		return fmt.Errorf("let another process send webhooks: %w", err)
	}
	return nil
}

// Told is what was told of a subject last.
type Told struct {
	At    time.Time // by Redis' clock; zero = nothing, or long ago
	Until time.Time // of what was told, the newest
}

// Told returns what was told of a subject last.
func (q *Queue) Told(ctx context.Context, subject string) (Told, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	text, err := q.client.Get(ctx, q.keys.Told(subject)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return Told{}, fmt.Errorf("read what was told: %w", err)
	}
	at, until, _ := strings.Cut(text, " ")
	return Told{At: webhook.TimeOf(at, time.UnixMilli), Until: webhook.TimeOf(until, time.UnixMicro)}, nil // Until as exact as the times of entries
}

// Post puts a message about a subject into the queues of destinations. until is the time of the newest of what the message tells. full are
// destinations whose queues had no room. The errors are [ErrNotLeading], [ErrTold], and those of Redis.
func (q *Queue) Post(ctx context.Context, subject string, until time.Time, m Message, destinations []string) (full []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	encoded, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	keys := []string{q.keys.Leader(), q.keys.Told(subject), q.keys.State()}
	args := []any{
		q.name, Quiet.Milliseconds(), until.UnixMicro(), toldLifetime.Milliseconds(), MaxQueue, queueLifetime.Milliseconds(),
		stateLifetime.Milliseconds(), m.ID, encoded,
	}
	for _, name := range destinations {
		keys, args = append(keys, q.keys.Queue(name), q.keys.Messages(name)), append(args, name)
	}
	answer, err := q.posts.Run(ctx, q.client, keys, args...).StringSlice()
	switch {
	case err != nil:
		return nil, fmt.Errorf("post a message: %w", err)
	case len(answer) > 0 && answer[0] == "posted":
		return answer[1:], nil
	case len(answer) > 0 && answer[0] == "told":
		return nil, ErrTold
	}
	return nil, ErrNotLeading
}

// taken is a message that this process is to send.
type taken struct {
	Message

	destination string
	id          string    // in the queue
	attempt     string    // its name
	number      int       // of the attempt, from 1
	at          time.Time // when it was taken, by Redis' clock
}

// take takes the message for a destination that is due the longest; nil where none is.
func (q *Queue) take(ctx context.Context, destination string) (*taken, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	attempt := rand.Text()
	answer, err := q.takes.Run(ctx, q.client, []string{q.keys.Queue(destination), q.keys.Messages(destination)},
		attempt, takenFor.Milliseconds(), maxPause.Milliseconds()).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("take a message: %w", err)
	}
	if len(answer) != 4 {
		return nil, nil
	}
	t := &taken{destination: destination, id: answer[0], attempt: attempt, at: webhook.TimeOf(answer[3], time.UnixMilli)}
	t.number, err = strconv.Atoi(answer[1])
	if err == nil {
		err = json.Unmarshal([]byte(answer[2]), &t.Message)
	}
	if err != nil { // not written by us
		_, settled := q.settled(ctx, t, lost, 0, 0)
		return nil, errors.Join(fmt.Errorf("read a message: %w", err), settled)
	}
	return t, nil
}

// result is what came of an attempt, as the script knows it.
type result string

// The results.
const (
	sent     result = "sent"
	failed   result = "failed"   // and is tried again
	lost     result = "lost"     // and given up
	released result = "released" // since the process ends
)

// settled notes what came of an attempt. It returns false where the message was another's by then.
func (q *Queue) settled(ctx context.Context, t *taken, r result, pause time.Duration, status int) (ours bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	ours, err = q.settle.Run(ctx, q.client, []string{q.keys.Queue(t.destination), q.keys.Messages(t.destination), q.keys.State()},
		t.id, t.attempt, string(r), pause.Milliseconds(), t.destination, status, stateLifetime.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("note what came of a message: %w", err)
	}
	return ours, nil
}
