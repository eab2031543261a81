package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// oneSlot returns a feed whose lists are all in one slot of a Cluster, with a connection that hears its channel, and everyone's topic.
func oneSlot(t *testing.T) (*Feed, *connection, *channel, *topic) {
	t.Helper()
	names, err := keys.New("{userlog}:", "userlog:")
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{
		ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) { return nil, errors.New("nobody knows") },
	})
	t.Cleanup(func() { client.Close() })
	f := New(Options{Client: client, Sharded: true, Keys: names, MaxEntries: 100, Retention: time.Hour, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(f.Close)
	all := newTopic(Everyone, f.options)
	all.slots = newSlots(names.UsedSlots())
	f.topics[Everyone] = all
	slot := names.Slot("")
	c := &connection{
		feed: f, sharded: true, channels: map[channelName]*channel{}, waiting: map[*topic]bool{},
		done: make(chan struct{}), requests: make(chan request, 10), pubsub: client.SSubscribe(t.Context()),
	}
	f.connections[""] = c
	ch := &channel{channelName: channelName{name: names.SlotChannel(slot)}, slot: slot, topics: []*topic{all}, conn: c, heard: true}
	f.channels[ch.channelName], c.channels[ch.channelName] = ch, ch
	return f, c, ch, all
}

// A replica takes subscriptions, but has no list to be read. What a round finds there is not what there is.
func TestWhatAReplicaHasIsNotRead(t *testing.T) {
	t.Parallel()
	for _, master := range []bool{true, false} {
		f, c, ch, all := oneSlot(t)
		r := all.knowledge().anew(nil, nil, time.Now(), time.Hour)
		r.slots, r.about = map[uint16]bool{ch.slot: true}, func(string) bool { return true }
		has := &holding{epoch: 7, slots: map[uint16]bool{ch.slot: master}}
		c.round = &round{
			number: 1, heard: true, everyone: all, slots: r.slots, epochs: map[*channel]int{ch: ch.epoch},
			read: &findings{snapshots: map[*topic]snapshot{all: r}, holding: has},
		}
		c.finishRound()
		if all.live != master || f.unplaced[ch] == master {
			t.Errorf("of a master (%v): live %v, to be placed anew %v", master, all.live, f.unplaced[ch])
		}
	}
}

// A reading that began before everyone's log was first shown knows nothing of what has been told since. It must not take that back:
// whoever joins then would begin before it, and go on behind it.
func TestAReadingThatIsOvertaken(t *testing.T) {
	t.Parallel()
	_, c, ch, all := oneSlot(t)
	slot := ch.slot
	var recorded []*Line
	record := func(id string) {
		e := &Line{ID: id, Username: "ada", Time: time.Now(), slot: slot}
		recorded = append(recorded, e)
		all.receive(e)
	}
	begin := func() *round {
		slots, epochs := map[uint16]bool{slot: true}, map[*channel]int{ch: ch.epoch}
		read := all.knowledge().anew([]head{{username: "ada", newest: recorded[len(recorded)-1], left: time.Hour}},
			[]list{{head{username: "ada"}, slices.Clone(recorded), false}}, time.Now(), time.Hour)
		read.slots, read.about, read.whole = slots, func(string) bool { return true }, true
		return &round{slots: slots, epochs: epochs, synced: all.synced, read: &findings{snapshots: map[*topic]snapshot{all: read}}}
	}
	record("1")
	first, second := begin(), begin()
	c.finishEveryone(all, first)
	record("2")
	c.finishEveryone(all, second)
	s := &Subscription{ready: make(chan struct{}, 1)}
	all.join(s)
	record("3")
	if lines, gaps := told(t, s); !slices.Equal(ids(lines), []string{"1", "2", "3"}) || gaps > 0 {
		t.Errorf("whoever joins is told %v, with %d gaps", ids(lines), gaps)
	}
	if c.everyone != all {
		t.Error("what was overtaken is not read again")
	}
}

// What of a gap follows is the same for viewers who have seen different parts of the ring.
func TestWhatFollowsAGapHasNoHole(t *testing.T) {
	t.Parallel()
	all := newTopic(Everyone, Options{Retention: time.Hour})
	entry := func(id string) *Line { return &Line{ID: id, Cursor: id, Username: "ada"} }
	reaches := func(so bool) func(*Line) bool { return func(*Line) bool { return so } }
	all.goLive(snapshot{entries: []*Line{entry("2")}, reaches: reaches(true)})
	s := &Subscription{ready: make(chan struct{}, 1), after: "gone"}
	all.join(s)
	told(t, s)
	all.interrupt()
	all.goLive(snapshot{entries: []*Line{entry("1"), entry("2"), entry("3")}, reaches: reaches(false)})
	if lines, gaps := told(t, s); !slices.Equal(ids(lines), []string{"3"}) || gaps != 1 {
		t.Errorf("after %d gaps: %v", gaps, ids(lines))
	}
	back := &Subscription{ready: make(chan struct{}, 1), after: "3"}
	all.join(back)
	if lines, gaps := told(t, back); len(lines) > 0 || gaps > 0 {
		t.Errorf("who comes back is told %v, with %d gaps", ids(lines), gaps)
	}
}

// Of a user whose entries have left the ring, what follows a gap begins behind the newest one that was told. Others may be so busy that
// the ring has nothing of hers.
func TestWhatFollowsAGapWasNotToldBefore(t *testing.T) {
	t.Parallel()
	all := newTopic(Everyone, Options{Retention: time.Hour})
	entry := func(username, id string) *Line { return &Line{ID: id, Cursor: id, Username: username} }
	reaches := func(so bool) func(*Line) bool { return func(*Line) bool { return so } }
	all.goLive(snapshot{entries: []*Line{entry("ada", "1")}, reaches: reaches(true), newest: map[string]newestLine{"ada": {id: "1"}}})
	s := &Subscription{ready: make(chan struct{}, 1)}
	all.join(s)
	all.receive(entry("ada", "2"))
	for n := range everyoneRing {
		all.receive(entry("bob", fmt.Sprint("of bob ", n)))
	}
	told(t, s)
	all.interrupt()
	all.goLive(snapshot{entries: []*Line{entry("ada", "1"), entry("ada", "2"), entry("ada", "3")}, reaches: reaches(false)})
	if lines, gaps := told(t, s); !slices.Equal(ids(lines), []string{"3"}) || gaps != 1 {
		t.Errorf("after %d gaps: %v", gaps, ids(lines))
	}
}

// Masters are heard one after the other, so that what comes last may be old. A viewer begins with what is new.
func TestEveryoneBeginsWithTheNewestOfAllMasters(t *testing.T) {
	t.Parallel()
	m := newSlotsModel(t, 1, 1000)
	for slot := range uint16(modelSlots) {
		m.hear(slot)
	}
	m.record("d", 100)
	m.record("a", 60) // is heard last, and is older than the newest of d
	m.heal()
	v := m.join("")
	lines, _ := told(t, v.s)
	if n := len(lines); n != everyoneShown || lines[n-1].ID != "d100" {
		t.Errorf("shown: %v", ids(lines))
	}
}

// A barrier proves that what the lists have was heard only if it was sent after they were read. The client, go-redis, sends a pipeline
// again that is answered late. Then the barrier of the first attempt is heard before the lists of the second are read.
func TestTheBarrierIsSentAfterTheListsAreRead(t *testing.T) {
	t.Parallel()
	options := onRedis(t)
	pipelines := &pipelines{sent: make(chan []string, 100)}
	options.Client.(*redis.Client).AddHook(pipelines)
	f := New(options)
	defer f.Close()
	s, err := f.Subscribe("ada", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Next(ctx); err != nil {
		t.Fatal(err)
	}
	read := <-pipelines.sent
	if !slices.Contains(read, "lrange") || slices.Contains(read, "publish") {
		t.Errorf("the first pipeline: %v", read)
	}
	if barrier := <-pipelines.sent; !slices.Equal(barrier, []string{"publish"}) {
		t.Errorf("the second pipeline: %v", barrier)
	}
}

// pipelines are the names of the commands of each pipeline that was sent.
type pipelines struct{ sent chan []string }

func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		var names []string
		for _, c := range commands {
			names = append(names, c.Name())
		}
		if slices.Contains(names, "lrange") || slices.Contains(names, "publish") { // the others are of new connections
			p.sent <- names
		}
		return next(ctx, commands)
	}
}
