package feed

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// model imitates Redis for one topic: a list that is cut off, a channel, and everything that can
// happen to the connection between them. Entries are numbered as they are recorded.
type model struct {
	t        *testing.T
	rand     *rand.Rand
	topic    *topic
	last     int
	history  []int        // all that Redis has been told and has not lost
	lost     map[int]bool // what it has lost
	heard    bool         // the topic is subscribed
	snapshot []int        // of the list, nil when there is none under way
	viewers  []*modelViewer
}

type modelViewer struct {
	s     *Subscription
	after int  // the newest entry that it knows
	gaps  int  // told
	due   int  // expected
	fresh bool // has seen no entry yet, and knows none
}

const modelList = 7 // entries

// step does something at random.
func (m *model) step() {
	switch dice := m.rand.IntN(100); {
	case dice < 50:
		m.record(1 + m.rand.IntN(4))
	case dice < 53 && m.heard && !m.topic.live:
		m.record(modelList + maxBuffered + m.rand.IntN(500))
	case dice < 60:
		m.join()
	case dice < 75 && !m.heard:
		m.heard, m.snapshot = true, nil
		m.topic.awaitSnapshot()
	case dice < 80 && m.heard && !m.topic.live && m.snapshot == nil:
		m.snapshot = m.list()
	case dice < 90 && m.snapshot != nil:
		m.goLive()
	case dice < 95 && m.heard:
		m.heard, m.snapshot = false, nil
		m.topic.interrupt()
	case dice < 97 && !m.heard:
		m.lose(m.rand.IntN(modelList))
	default:
		m.look(m.viewers[m.rand.IntN(len(m.viewers))])
	}
}

func (m *model) record(n int) {
	for range n {
		m.last++
		m.history = append(m.history, m.last)
		if m.heard {
			m.topic.receive(m.entry(m.last))
		}
	}
}

// list is what Redis holds, oldest first.
func (m *model) list() []int {
	return slices.Clone(m.history[max(0, len(m.history)-modelList):])
}

// lose has Redis restart without its n newest entries, provided that viewers can recognise the rest.
func (m *model) lose(n int) {
	whole := m.history
	m.history = m.history[:max(0, len(whole)-n)]
	if !slices.ContainsFunc(m.list(), func(n int) bool { return m.topic.ids[strconv.Itoa(n)] }) {
		m.history = whole
	}
	for _, n := range whole[len(m.history):] {
		m.lost[n] = true
	}
}

func (m *model) entry(n int) *Line { return line(strconv.Itoa(n)) }

// line is one whose place is certain.
func line(id string) *Line { return &Line{ID: id, Cursor: id} }

// join adds a viewer that is new or that has seen something before.
func (m *model) join() {
	v := &modelViewer{fresh: true, s: &Subscription{ready: make(chan struct{}, 1)}}
	if m.last > 0 && m.rand.IntN(2) == 0 {
		v.after = max(1, m.last-m.rand.IntN(2*modelList))
		v.s.after = strconv.Itoa(v.after)
	}
	m.viewers = append(m.viewers, v)
	m.topic.join(v.s)
}

// goLive ends the snapshot, and reckons whether an entry was missed for good.
func (m *model) goLive() {
	last := 0
	if e := m.topic.last(); e != nil {
		last, _ = strconv.Atoi(e.ID)
	}
	missed := m.topic.cut || !slices.Contains(m.snapshot, last)
	if last == 0 {
		missed = m.topic.cut || len(m.snapshot) == modelList
	}
	if missed && m.topic.synced {
		for _, v := range m.viewers {
			if v.s.started {
				m.look(v)
				v.due++
			}
		}
	}
	read := snapshot{reaches: func(e *Line) bool {
		if e == nil {
			return len(m.snapshot) < modelList
		}
		return slices.ContainsFunc(m.snapshot, func(n int) bool { return strconv.Itoa(n) == e.ID })
	}}
	for _, n := range m.snapshot {
		read.entries = append(read.entries, m.entry(n))
	}
	burst := len(m.topic.buffer) > maxPending/2
	for _, v := range m.viewers {
		if burst { // what waits for those who are slow, and the burst, would be too much together
			m.look(v)
		}
	}
	m.topic.goLive(read)
	m.snapshot = nil
	for _, v := range m.viewers {
		if burst { // another would be too much for those who are slow
			m.look(v)
		}
	}
}

// look takes everything that a viewer is told, and checks it.
func (m *model) look(v *modelViewer) {
	m.t.Helper()
	for {
		u, ok, err := v.s.Poll()
		if err != nil {
			m.t.Fatal(err)
		}
		if !ok {
			return
		}
		if u.Gap {
			v.gaps++
			if v.fresh && v.s.after != "" {
				v.after = 0 // unknown to Redis: the viewer begins anew
				v.due++
			}
		}
		for i, e := range u.Lines {
			n, _ := strconv.Atoi(e.ID)
			begins := i == 0 && (u.Gap || v.fresh && v.s.after == "")
			if n <= v.after || !begins && m.missed(v.after, n) {
				m.t.Fatalf("told of %d after %d (gap %v)", n, v.after, u.Gap)
			}
			v.after, v.fresh = n, false
		}
		if v.s.started && v.s.after != "" {
			v.fresh = false
		}
	}
}

// missed tells whether there are entries between two that Redis has not lost.
func (m *model) missed(after, n int) bool {
	for n--; n > after; n-- {
		if !m.lost[n] {
			return true
		}
	}
	return false
}

// TestTopicAgainstAModel has random things happen to topics. TOPIC_SEED repeats one run.
func TestTopicAgainstAModel(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	runs := 150
	if given := os.Getenv("TOPIC_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
		runs = 1
	}
	for run := range uint64(runs) {
		t.Run(fmt.Sprintf("TOPIC_SEED=%d", seed+run), func(t *testing.T) {
			m := &model{t: t, lost: map[int]bool{}, rand: rand.New(rand.NewPCG(seed+run, 0)), topic: newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})}
			m.join()
			for range 500 {
				m.step()
			}
			m.heard = true
			m.topic.awaitSnapshot()
			m.snapshot = m.list()
			m.goLive()
			m.record(1)
			for _, v := range m.viewers {
				m.look(v)
				if v.after != m.last || v.gaps != v.due {
					t.Errorf("a viewer ends at %d of %d, with %d gaps of %d", v.after, m.last, v.gaps, v.due)
				}
			}
		})
	}
}

func TestSlowSubscriptionIsBounded(t *testing.T) {
	t.Parallel()
	topic := newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})
	s := &Subscription{ready: make(chan struct{}, 1)}
	topic.join(s)
	topic.goLive(snapshot{})
	last := 0
	for range 10 * maxPending {
		last++
		topic.receive(line(strconv.Itoa(last)))
		if len(s.queue) > maxPending+2*modelList {
			t.Fatalf("%d entries wait", len(s.queue))
		}
		for last%10 < rand.IntN(3) { // gaps among what waits, one after another, and at its edge
			topic.interrupt()
			topic.goLive(snapshot{reaches: func(*Line) bool { return false }})
		}
	}
	last++
	topic.receive(line(strconv.Itoa(last)))
	before, told := 0, 0
	for {
		u, ok, _ := s.Poll()
		if !ok {
			break
		}
		if !u.Gap || len(u.Lines) == 0 {
			t.Errorf("an update with %d entries, gap %v", len(u.Lines), u.Gap)
		}
		for _, e := range u.Lines {
			n, _ := strconv.Atoi(e.ID)
			if n <= before {
				t.Errorf("%d after %d", n, before)
			}
			before, told = n, told+1
		}
	}
	if before != last || told < maxPending/4 {
		t.Errorf("told of %d entries, up to %d of %d", told, before, last)
	}
}

func TestRepeatsAreToldOnce(t *testing.T) {
	t.Parallel()
	topic := newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})
	s := &Subscription{ready: make(chan struct{}, 1)}
	topic.join(s)
	one := line("one")
	reaches := func(*Line) bool { return true }
	topic.receive(one)
	topic.receive(one)
	topic.goLive(snapshot{entries: []*Line{one}, reaches: reaches})
	topic.receive(one)
	topic.interrupt()
	topic.awaitSnapshot()
	topic.receive(one)
	topic.goLive(snapshot{entries: []*Line{one}, reaches: reaches})
	if u, _, _ := s.Poll(); len(u.Lines) != 1 || u.Gap {
		t.Errorf("got %d entries, gap %v", len(u.Lines), u.Gap)
	}
}

// What was heard while lists were read may stand among the entries before a gap as well, where a host's clock is behind.
func TestWhatIsHeardIsNotBeforeAGap(t *testing.T) {
	t.Parallel()
	topic := newTopic(Everyone, Options{Retention: time.Hour})
	topic.goLive(snapshot{reaches: func(*Line) bool { return true }})
	topic.interrupt()
	topic.receive(line("one"))
	topic.goLive(snapshot{before: []*Line{line("one")}, reaches: func(*Line) bool { return false }})
	s := &Subscription{ready: make(chan struct{}, 1)}
	topic.join(s)
	if u, _, _ := s.Poll(); len(u.Lines) != 1 {
		t.Errorf("a new viewer is shown %d entries", len(u.Lines))
	}
}

// A viewer who joins a thousand others costs nothing for each of them.
func TestJoiningTouchesNoOtherSubscription(t *testing.T) {
	t.Parallel()
	f := New(Options{MaxEntries: modelList, Retention: time.Hour})
	join := func() *Subscription {
		s := &Subscription{ready: make(chan struct{}, 1)}
		f.join(s, newTopic("ada", f.options))
		return s
	}
	first := join()
	first.topic.goLive(snapshot{reaches: func(*Line) bool { return true }})
	first.mu.Lock()
	defer first.mu.Unlock()
	joined := make(chan *Subscription)
	go func() { joined <- join() }()
	select {
	case second := <-joined:
		if u, ok, _ := second.Poll(); !ok || u.State != Live {
			t.Errorf("the second is told %+v", u)
		}
	case <-time.After(time.Minute):
		t.Fatal("joining waits for another's subscription")
	}
}
