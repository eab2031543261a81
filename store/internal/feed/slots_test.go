package feed

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slotsModel imitates a Cluster for everyone's topic: six users in as many slots, whose channels are lost, move and are heard
// again. Entries of each user are numbered as they are recorded.
type slotsModel struct {
	t        *testing.T
	rand     *rand.Rand
	topic    *topic
	limit    int            // of a list
	recorded map[string]int // of each user
	all      int            // recorded of all
	heard    map[uint16]bool
	away     map[uint16]bool  // their servers do not answer
	readings [2]*modelReading // of the slots of two servers
	viewers  []*slotsViewer
	gaps     int // told
}

// modelReading is a reading under way: first of the newest entries, and later of lists.
type modelReading struct {
	knowledge
	slots map[uint16]bool
	heads []head
	found *snapshot // nil until lists have been read
	conn  *connection
}

type slotsViewer struct {
	s     *Subscription
	after string
	last  map[string]int // seen of each user
	base  map[string]int // what was recorded when the viewer began; no entry = unknown
	gap   map[string]bool
	begun bool
	back  bool // has come back, and was told nothing since
}

const (
	modelSlots  = 6
	modelServer = 3 // slots of one server
)

func modelUser(slot uint16) string { return string('a' + rune(slot)) }

func newSlotsModel(t *testing.T, seed uint64, limit int) *slotsModel {
	t.Helper()
	m := &slotsModel{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), limit: limit, recorded: map[string]int{},
		heard: map[uint16]bool{}, away: map[uint16]bool{}, topic: newTopic(Everyone, Options{Retention: time.Hour}),
	}
	var all []uint16
	for slot := range uint16(modelSlots) {
		all = append(all, slot)
	}
	m.topic.slots = newSlots(all)
	return m
}

// step does something at random.
func (m *slotsModel) step() {
	slot := uint16(m.rand.IntN(modelSlots))
	switch dice := m.rand.IntN(100); {
	case dice < 50:
		m.record(slot, 1+m.rand.IntN(3))
	case dice < 53 && !m.heard[slot]:
		m.record(slot, m.rand.IntN(2*modelList))
	case dice < 60:
		m.join("")
	case dice < 70:
		m.hear(slot)
	case dice < 77:
		m.read(slot / modelServer)
	case dice < 83:
		m.readLists(m.readings[slot/modelServer])
	case dice < 89:
		m.finish(slot / modelServer)
	case dice < 91:
		m.leave(slot, slot)
		m.topic.miss([]uint16{slot}, time.Now())
	case dice < 93:
		m.loseServer(slot / modelServer)
	case len(m.viewers) > 0:
		v := m.viewers[m.rand.IntN(len(m.viewers))]
		if v.after != "" && m.rand.IntN(4) == 0 {
			m.comeBack(v)
		} else {
			m.look(v)
		}
	}
	m.settle()
}

func (m *slotsModel) record(slot uint16, n int) {
	for range n {
		username := modelUser(slot)
		m.recorded[username]++
		m.all++
		if m.heard[slot] {
			m.topic.receive(m.line(slot, m.recorded[username]))
		}
	}
}

func (m *slotsModel) line(slot uint16, n int) *Line {
	id := modelUser(slot) + strconv.Itoa(n)
	return &Line{ID: id, Cursor: id, Username: modelUser(slot), Time: time.Unix(int64(n), 0), slot: slot}
}

// list is what Redis holds of a user.
func (m *slotsModel) list(slot uint16) []*Line {
	var lines []*Line
	newest := m.recorded[modelUser(slot)]
	for n := max(1, newest-m.limit+1); n <= newest; n++ {
		lines = append(lines, m.line(slot, n))
	}
	return lines
}

func (m *slotsModel) hear(slot uint16) {
	if !m.heard[slot] {
		m.heard[slot], m.away[slot] = true, false
		m.topic.heard(slot)
	}
}

// loseServer has a server die.
func (m *slotsModel) loseServer(server uint16) {
	first := server * modelServer
	m.leave(first, first+modelServer-1)
	var lost []uint16
	for slot := first; slot < first+modelServer; slot++ {
		m.away[slot] = true
		lost = append(lost, slot)
	}
	m.topic.lose(lost)
	m.begin()
}

// leave notes that slots are not heard. A reading of them is of no use.
func (m *slotsModel) leave(from, to uint16) {
	for slot := from; slot <= to; slot++ {
		m.heard[slot] = false
		if r := m.readings[slot/modelServer]; r != nil && r.slots[slot] {
			m.readings[slot/modelServer] = nil
		}
	}
}

// read begins a reading of what a server's slots are heard of and not known.
func (m *slotsModel) read(server uint16) {
	r := &modelReading{slots: map[uint16]bool{}, knowledge: m.topic.knowledge(), conn: &connection{}}
	for slot := range m.topic.slots.missing {
		if slot/modelServer != server || !m.heard[slot] || m.isRead(slot) {
			continue
		}
		r.slots[slot] = true
		if list := m.list(slot); len(list) > 0 {
			r.heads = append(r.heads, head{username: modelUser(slot), newest: list[len(list)-1], left: time.Hour})
		}
	}
	if len(r.slots) > 0 {
		m.readings[server] = r
	}
}

// isRead reports whether a slot is part of a first reading.
func (m *slotsModel) isRead(slot uint16) bool {
	for _, part := range m.topic.slots.parts {
		if part.slots[slot] {
			return true
		}
	}
	return false
}

// readLists goes on as everyoneReader does.
func (m *slotsModel) readLists(r *modelReading) {
	if r == nil || r.found != nil {
		return
	}
	found := r.anew(r.heads, m.lists(r.heads), time.Now(), time.Hour)
	found.whole = true
	if changed, lost := r.changed(r.heads, time.Now()); r.synced && !lost {
		if news, exact := r.news(r.heads, m.lists(changed), time.Now(), time.Hour); exact {
			found = news
		}
	}
	found.slots = r.slots
	found.about = func(username string) bool { return r.slots[uint16(username[0]-'a')] }
	r.found = &found
}

// finish ends a reading.
func (m *slotsModel) finish(server uint16) {
	r := m.readings[server]
	if r == nil || r.found == nil {
		return
	}
	m.readings[server] = nil
	if m.topic.live {
		m.topic.goLive(*r.found)
		return
	}
	m.topic.slots.parts[r.conn] = *r.found
	m.begin()
}

func (m *slotsModel) lists(heads []head) []list {
	var lists []list
	for _, h := range heads {
		entries := m.list(uint16(h.username[0] - 'a'))
		lists = append(lists, list{h, entries, len(entries) >= m.limit})
	}
	return lists
}

// begin is Feed.begin.
func (m *slotsModel) begin() {
	if m.topic.live {
		return
	}
	r := m.topic.slots.all()
	for slot := range uint16(modelSlots) {
		if !r.slots[slot] && !m.away[slot] {
			return
		}
	}
	if len(r.slots) > 0 {
		clear(m.topic.slots.parts)
		m.topic.goLive(r)
	}
}

func (m *slotsModel) join(after string) *slotsViewer {
	v := &slotsViewer{
		s: &Subscription{ready: make(chan struct{}, 1), after: after}, after: after, last: map[string]int{}, base: map[string]int{}, gap: map[string]bool{},
	}
	m.viewers = append(m.viewers, v)
	m.topic.join(v.s)
	return v
}

// comeBack replaces a viewer by one who has seen the same.
func (m *slotsModel) comeBack(old *slotsViewer) {
	m.viewers = slices.DeleteFunc(m.viewers, func(v *slotsViewer) bool { return v == old })
	delete(m.topic.subscriptions, old.s)
	v := m.join(old.after)
	v.last, v.base, v.gap, v.begun, v.back = old.last, old.base, old.gap, true, true
}

// settle notes what was recorded when viewers began.
func (m *slotsModel) settle() {
	for _, v := range m.viewers {
		if v.begun || !v.s.started {
			continue
		}
		v.begun = true
		for slot := range uint16(modelSlots) {
			if !m.topic.slots.missing[slot] {
				v.base[modelUser(slot)] = m.recorded[modelUser(slot)]
			}
		}
	}
}

// look takes everything that a viewer is told, and checks it.
func (m *slotsModel) look(v *slotsViewer) {
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
			m.gaps++
			if v.back { // it is shown all that there is, as a new one
				v.last, v.base = map[string]int{}, map[string]int{}
			}
			for slot := range uint16(modelSlots) {
				v.gap[modelUser(slot)] = true
			}
		}
		v.back = v.back && !v.s.started
		for _, e := range u.Lines {
			n, _ := strconv.Atoi(strings.TrimLeft(e.ID, "abcdef"))
			base, known := v.base[e.Username]
			last, seen := v.last[e.Username]
			switch {
			case n <= last:
				m.t.Fatalf("told of %s after %d", e.ID, last)
			case v.gap[e.Username] || !seen && (!known || n <= base+1):
			case n != last+1:
				m.t.Fatalf("told of %s after %d, without a gap (at the beginning there were %d)", e.ID, last, base)
			}
			v.last[e.Username], v.after = n, e.Cursor
			v.gap[e.Username] = false
		}
	}
}

// TestSlotsAgainstAModel has random things happen to everyone's topic on a Cluster. SLOTS_SEED repeats one run.
func TestSlotsAgainstAModel(t *testing.T) {
	t.Parallel()
	seed, runs := uint64(time.Now().UnixNano()), 100
	if given := os.Getenv("SLOTS_SEED"); given != "" {
		seed, _ = strconv.ParseUint(given, 10, 64)
		runs = 1
	}
	for run := range uint64(runs) {
		for _, limit := range []int{modelList, 2000} {
			t.Run(fmt.Sprintf("SLOTS_SEED=%d, lists of %d", seed+run, limit), func(t *testing.T) {
				m := newSlotsModel(t, seed+run, limit)
				if limit > modelList {
					m.heal() // what was never known is a gap, however long lists are
				}
				m.join("")
				for range 500 {
					m.step()
				}
				m.heal()
				for slot := range uint16(modelSlots) {
					m.record(slot, 1)
				}
				for _, v := range m.viewers {
					m.look(v)
					for slot := range uint16(modelSlots) {
						if n := v.last[modelUser(slot)]; n != m.recorded[modelUser(slot)] {
							t.Errorf("a viewer ends at %d of %d of %s", n, m.recorded[modelUser(slot)], modelUser(slot))
						}
					}
				}
				if limit > modelList && m.gaps > 0 {
					t.Errorf("%d gaps, although nothing was cut off", m.gaps)
				}
				if m.topic.lost || len(m.topic.slots.missing) > 0 {
					t.Errorf("in the end %v is missing, lost: %v", m.topic.slots.missing, m.topic.lost)
				}
			})
		}
	}
}

// What the buffer has lost of one slot is a gap when that slot is read, and not when another is.
func TestABufferThatIsCut(t *testing.T) {
	t.Parallel()
	m := newSlotsModel(t, 1, 100_000)
	m.heal()
	v := m.join("")
	m.leave(0, 1)
	m.topic.lose([]uint16{0, 1})
	m.hear(0)
	m.hear(1)
	m.read(0)
	m.record(0, 1)
	m.readLists(m.readings[0]) // its entries from here on are in the buffer alone
	m.record(0, 1)
	m.record(1, everyoneRing+maxBuffered)
	m.readings[0].slots = map[uint16]bool{1: true}
	m.readings[0].found.slots = m.readings[0].slots
	m.finish(0)
	m.look(v)
	m.read(0)
	m.readLists(m.readings[0])
	m.finish(0)
	gaps := m.gaps
	m.look(v)
	if m.gaps == gaps {
		t.Errorf("slot 0 has lost an entry, without a gap: %v", v.last)
	}
}

// heal has all slots heard and read.
func (m *slotsModel) heal() {
	for slot := range uint16(modelSlots) {
		m.hear(slot)
	}
	m.readings = [2]*modelReading{}
	for server := range uint16(2) {
		m.read(server)
		m.readLists(m.readings[server])
		m.finish(server)
	}
	m.begin()
	m.settle()
}
