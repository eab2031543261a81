package soak

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// balance checks the stats of one moment.
func balance(t *testing.T, logs *store.Store) {
	t.Helper()
	s := logs.Stats()
	if sum := s.Written + s.Dropped.Total() + s.Indeterminate + s.Queued; sum != s.Accepted {
		t.Errorf("the stats do not balance: %+v", s)
	}
}

// audit compares the stats with what is in the lists: all that was written is there, nothing but
// that and what is indeterminate, none twice, each list in the order of recording. It returns how
// many entries there are. MaxEntries must be large enough for every one of them.
//
// A batch that the recorder has given up may still be under way: where the network or the machine is slow, it arrives behind
// later ones. So as many entries may be out of order as are indeterminate.
func audit(t *testing.T, logs *store.Store, client redis.UniversalClient) (present uint64) {
	t.Helper()
	settled(t, logs)
	ids, displaced := map[string]bool{}, 0
	for _, user := range users() {
		lines, err := client.LRange(t.Context(), logs.KeyPrefix()+"log:"+user, 0, -1).Result()
		if err != nil {
			t.Fatalf("read the list of %s: %v", user, err)
		}
		var oldestFirst []int
		for _, line := range slices.Backward(lines) {
			e := parse(t, line)
			if e.OnlyGap() {
				continue
			}
			if ids[e.ID] {
				t.Errorf("%s is twice in the list of %s", e.ID, user)
			}
			ids[e.ID] = true
			oldestFirst = append(oldestFirst, number(t, e))
		}
		displaced += outOfOrder(oldestFirst)
	}
	s := logs.Stats()
	present = uint64(len(ids))
	if present < s.Written || present > s.Written+s.Indeterminate {
		t.Errorf("%d entries are in the lists, but %d written and %d indeterminate", present, s.Written, s.Indeterminate)
	}
	if uint64(displaced) > s.Indeterminate {
		t.Errorf("%d entries are out of order, but only %d indeterminate", displaced, s.Indeterminate)
	}
	balance(t, logs)
	return present
}

// number is the number of an entry of a load.
func number(t *testing.T, e store.Entry) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(e.Path, "/"))
	if err != nil {
		t.Errorf("an entry of nobody's load: %s", e.Path)
	}
	return n
}

// outOfOrder is how many numbers have to be taken away, so that the others ascend.
func outOfOrder(numbers []int) int {
	var ends []int // of the longest ascents so far: the least number in which one of each length ends
	for _, n := range numbers {
		at, _ := slices.BinarySearch(ends, n)
		if at == len(ends) {
			ends = append(ends, n)
		} else {
			ends[at] = n
		}
	}
	return len(numbers) - len(ends)
}

func parse(t *testing.T, line string) store.Entry {
	t.Helper()
	var e store.Entry
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Errorf("%q: %v", line, err)
	}
	return e
}

// listener hears everything that is published, and says if anything is published twice, or out of order as [audit] has it.
type listener struct {
	t      *testing.T
	logs   *store.Store
	pubsub *redis.PubSub
	done   sync.WaitGroup
	mu     sync.Mutex
	heard  map[string]bool
	order  map[string][]int // numbers by channel
}

// listen subscribes with client, whose connection must not be what a test breaks on purpose.
func listen(t *testing.T, logs *store.Store, client *redis.Client) *listener {
	t.Helper()
	l := &listener{t: t, logs: logs, pubsub: client.PSubscribe(t.Context(), logs.KeyPrefix()+"log:*"), heard: map[string]bool{}, order: map[string][]int{}}
	if _, err := l.pubsub.Receive(t.Context()); err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	messages := l.pubsub.Channel(redis.WithChannelSize(100_000))
	l.done.Go(func() {
		for message := range messages {
			l.hear(message)
		}
	})
	t.Cleanup(func() {
		l.pubsub.Close()
		l.done.Wait()
		displaced := 0
		for _, numbers := range l.order {
			displaced += outOfOrder(numbers)
		}
		if s := logs.Stats(); uint64(displaced) > s.Indeterminate {
			t.Errorf("%d entries were heard out of order, but only %d are indeterminate", displaced, s.Indeterminate)
		}
	})
	return l
}

func (l *listener) hear(message *redis.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := parse(l.t, message.Payload)
	if l.heard[e.ID] {
		l.t.Errorf("%s was published twice", e.ID)
	}
	l.heard[e.ID] = true
	l.order[message.Channel] = append(l.order[message.Channel], number(l.t, e))
}

// hasAll waits until as much was heard as is in the lists. A batch that the recorder has given up may still be under way, so
// both may grow.
func (l *listener) hasAll(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	redistest.Eventually(t, "all that is in the lists is heard", func() bool { return l.count() == audit(t, l.logs, client) })
}

// count is how many different entries were heard.
func (l *listener) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.heard))
}

// summary is the line of figures that every test prints.
func summary(t *testing.T, logs *store.Store, what string, figures ...any) {
	t.Helper()
	s := logs.Stats()
	t.Logf("%s: accepted %d, written %d, dropped %d, indeterminate %d; %v",
		what, s.Accepted, s.Written, s.Dropped.Total(), s.Indeterminate, figures)
}
