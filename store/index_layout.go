package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
	"github.com/gin-userlog/userlog/store/internal/redisreply"
)

const (
	// clusterParts is over how many parts the user index of a Cluster is spread, unless its layout says otherwise. It is enough
	// for some ten masters, and costs a search 16 short commands.
	clusterParts = 16

	layoutInterval = 5 * time.Second // between two looks at the layout
)

// indexLayout knows over how many parts the user index is spread. That is called its layout. All processes have to agree, so a key
// in Redis holds it. Without the key there is one part, or clusterParts on a Cluster.
type indexLayout struct {
	client   redis.UniversalClient
	keys     keys.Keys
	interval time.Duration // layoutInterval

	mu      sync.Mutex
	asked   time.Time
	looking chan struct{} // closed at the end of the last look that has begun
	known   bool          // Redis has answered
	current keys.Index
	former  *keys.Index // which the current one is taking the place of, or nil
}

func newIndexLayout(client redis.UniversalClient, k keys.Keys, options Options) *indexLayout {
	parts := 1
	if _, clustered := client.(*redis.ClusterClient); clustered {
		parts = clusterParts
	}
	return &indexLayout{client: client, keys: k, interval: cmp.Or(options.layoutInterval, layoutInterval), current: k.Index(parts)}
}

// write is the index to write to.
func (l *indexLayout) write() keys.Index {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// read returns the indexes to read: also the former one, while users move.
func (l *indexLayout) read() []keys.Index {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.former != nil {
		return []keys.Index{l.current, *l.former}
	}
	return []keys.Index{l.current}
}

// refresh asks Redis for the layout if that is due. Where Redis does not answer, the layout that was known remains. As long as none is
// known, refresh waits for a question that is under way: with the default layout, users might be looked for in the wrong parts.
func (l *indexLayout) refresh(ctx context.Context) {
	l.mu.Lock()
	due, known, looking := time.Since(l.asked) >= l.interval, l.known, l.looking
	if due {
		looking = make(chan struct{})
		l.asked, l.looking = time.Now(), looking // others need not ask meanwhile
	}
	l.mu.Unlock()
	switch {
	case due:
		l.look(ctx)
		close(looking)
	case !known:
		select {
		case <-looking:
		case <-ctx.Done():
		}
	}
}

// look asks Redis for the layout.
func (l *indexLayout) look(ctx context.Context) {
	text, err := l.client.Get(ctx, l.keys.Layout()).Result()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && !redisreply.Is(err) {
		l.asked = time.Time{}
		return
	}
	l.known = true
	l.learn(text)
}

// settle writes the layout to Redis if none is there, so that a later version with another default goes on with this layout.
func (l *indexLayout) settle(ctx context.Context) error {
	parts := l.write().Parts()
	if parts == 1 {
		return nil
	}
	// By SET, since a user of Redis who records may do no SETNX.
	err := l.client.SetArgs(ctx, l.keys.Layout(), strconv.Itoa(parts), redis.SetArgs{Mode: "NX"}).Err()
	if errors.Is(err, redis.Nil) {
		return nil // there is one
	}
	return err
}

// learn takes over what the layout's key holds, for whoever has the mutex. A text that can't be read changes nothing.
func (l *indexLayout) learn(text string) {
	current, former, err := readLayout(text)
	if err != nil {
		return
	}
	if current != l.current.Parts() {
		l.current = l.keys.Index(current)
	}
	l.former = nil
	if former != 0 && former != current {
		x := l.keys.Index(former)
		l.former = &x
	}
}

// errLayout is what readLayout returns for a text that is no layout.
var errLayout = errors.New("store: the layout of the user index can't be read")

// readLayout reads what the layout's key holds. former is 0 where no users move.
func readLayout(text string) (current, former int, err error) {
	numbers := strings.Fields(text)
	if len(numbers) < 1 || len(numbers) > 2 {
		return 0, 0, errLayout
	}
	for i, into := range []*int{&current, &former}[:len(numbers)] {
		n, err := strconv.Atoi(numbers[i])
		if err != nil || n < 1 || n > keys.MaxParts {
			return 0, 0, fmt.Errorf("%w: %q", errLayout, text)
		}
		*into = n
	}
	return current, former, nil
}
