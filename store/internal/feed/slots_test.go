package feed

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slotsModel imitates a Cluster for everyone's topic: users in six slots, whose channels are lost, move and are heard again. Masters
// freeze, and others take over with all that they had, or less. Entries of each user are numbered as they are recorded.
type slotsModel struct {
	t        *testing.T
	rand     *rand.Rand
	topic    *topic
	limit    int              // of a list
	recorded map[string]int   // the number of each user's newest entry
	listed   map[string][]int // of each user, what has not been lost, oldest first
	heard    map[uint16]bool
	away     map[uint16]bool     // their servers do not answer
	frozen   [2]map[string][]int // what the master has that the feed still hears, while another one has taken over; nil = none has
	conns    [2]*connection      // to two servers
	readings [2]*modelReading    // of their slots
	viewers  []*slotsViewer
	undone   int // entries that were lost with a master
	gaps     int // told
}

// modelReading is a reading under way: first of the newest entries, and later of lists.
type modelReading struct {
	knowledge
	slots map[uint16]bool
	heads []head
	found *snapshot // nil until lists have been read
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
	modelUsers  = 3 // of one slot
)

// modelUser is a user of a slot.
func modelUser(slot uint16, n int) string { return string('a'+rune(slot)) + strings.Repeat("x", n) }

// slotOf is the slot of a user.
func slotOf(username string) uint16 { return uint16(username[0] - 'a') }

// users yields those who have been recorded.
func (m *slotsModel) users() []string { return slices.Sorted(maps.Keys(m.recorded)) }

func newSlotsModel(t *testing.T, seed uint64, limit int) *slotsModel {
	t.Helper()
	m := &slotsModel{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), limit: limit, recorded: map[string]int{}, listed: map[string][]int{},
		conns: [2]*connection{{}, {}}, heard: map[uint16]bool{}, away: map[uint16]bool{}, topic: newTopic(Everyone, Options{Retention: time.Hour}),
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
	switch dice := m.rand.IntN(105); {
	case dice < 50:
		m.record(m.anyUser(slot), 1+m.rand.IntN(3))
	case dice < 53 && !m.heard[slot]:
		m.record(m.anyUser(slot), m.rand.IntN(2*modelList))
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
	case dice < 95:
		m.freeze(slot / modelServer)
	case dice < 98:
		m.thaw(slot / modelServer)
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

// anyUser is one of a slot: mostly the first.
func (m *slotsModel) anyUser(slot uint16) string {
	return modelUser(slot, m.rand.IntN(1+m.rand.IntN(modelUsers)))
}

func (m *slotsModel) record(username string, n int) {
	slot := slotOf(username)
	for range n {
		m.recorded[username]++
		m.listed[username] = append(m.listed[username], m.recorded[username])
		if m.heard[slot] && m.frozen[slot/modelServer] == nil {
			m.topic.receive(m.line(username, m.recorded[username]))
		}
	}
}

func (m *slotsModel) line(username string, n int) *Line {
	id := username + strconv.Itoa(n)
	return &Line{ID: id, Cursor: id, Username: username, Time: time.Unix(int64(n), 0), slot: slotOf(username)}
}

// list is what the feed finds of a user.
func (m *slotsModel) list(username string) []*Line {
	listed := m.listed
	if frozen := m.frozen[slotOf(username)/modelServer]; frozen != nil {
		listed = frozen
	}
	var lines []*Line
	numbers := listed[username]
	for _, n := range numbers[max(0, len(numbers)-m.limit):] {
		lines = append(lines, m.line(username, n))
	}
	return lines
}

// freeze has a master freeze, and another one take over that may lack the newest entries. The feed does not notice yet.
func (m *slotsModel) freeze(server uint16) {
	if m.frozen[server] != nil {
		return
	}
	m.frozen[server] = map[string][]int{}
	for _, username := range m.users() {
		if slotOf(username)/modelServer != server {
			continue
		}
		listed := m.listed[username]
		m.frozen[server][username] = slices.Clone(listed)
		if m.rand.IntN(3) == 0 {
			m.listed[username] = listed[:max(0, len(listed)-m.rand.IntN(3))]
			m.undone += len(listed) - len(m.listed[username])
		}
	}
}

// thaw has a master that was frozen hear that it is one no more.
func (m *slotsModel) thaw(server uint16) {
	if m.frozen[server] == nil {
		return
	}
	m.frozen[server] = nil
	for slot := server * modelServer; slot < (server+1)*modelServer; slot++ {
		if m.heard[slot] {
			m.leave(slot, slot)
			m.topic.miss([]uint16{slot}, time.Now())
		}
	}
}

func (m *slotsModel) hear(slot uint16) {
	if !m.heard[slot] {
		m.heard[slot], m.away[slot] = true, false
		m.topic.heard(slot)
	}
}

// loseServer has a server die.
func (m *slotsModel) loseServer(server uint16) {
	m.frozen[server], m.conns[server] = nil, &connection{}
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
	r := &modelReading{slots: map[uint16]bool{}, knowledge: m.topic.knowledge()}
	for slot := range m.topic.slots.missing {
		if slot/modelServer != server || !m.heard[slot] {
			continue
		}
		r.slots[slot] = true
	}
	for _, username := range m.users() {
		if !r.slots[slotOf(username)] {
			continue
		}
		h := head{username: username, left: -2}
		if list := m.list(username); len(list) > 0 {
			h.newest, h.left = list[len(list)-1], time.Hour
		}
		r.heads = append(r.heads, h)
	}
	if len(r.slots) > 0 {
		m.readings[server] = r
	}
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
	found.about = func(username string) bool { return r.slots[slotOf(username)] }
	r.found = &found
}

// finish ends a reading.
func (m *slotsModel) finish(server uint16) {
	r := m.readings[server]
	if r == nil || r.found == nil {
		return
	}
	m.readings[server] = nil
	if m.topic.isOvertaken(r.slots, r.synced) {
		return
	}
	if m.topic.live {
		m.topic.goLive(*r.found)
		return
	}
	m.topic.slots.firsts[m.conns[server]] = *r.found
	m.begin()
}

func (m *slotsModel) lists(heads []head) []list {
	var lists []list
	for _, h := range heads {
		entries := m.list(h.username)
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
		clear(m.topic.slots.firsts)
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
			for n := range modelUsers {
				if !m.topic.slots.missing[slot] {
					v.base[modelUser(slot, n)] = m.recorded[modelUser(slot, n)]
				}
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
				for n := range modelUsers {
					v.gap[modelUser(slot, n)] = true
				}
			}
		}
		v.back = v.back && !v.s.started
		for _, e := range u.Lines {
			n, _ := strconv.Atoi(strings.TrimLeft(e.ID, "abcdefx"))
			base, known := v.base[e.Username]
			last, seen := v.last[e.Username]
			switch {
			case n <= last && v.gap[e.Username]:
				continue // after a gap, what there is may be shown again
			case n <= last:
				m.t.Fatalf("told of %s after %d", e.ID, last)
			case v.gap[e.Username] || !seen && !known:
			case m.missed(e.Username, max(last, base), n) && !(!seen && n <= base):
				m.t.Fatalf("told of %s after %d, without a gap (at the beginning there were %d)", e.ID, last, base)
			}
			v.last[e.Username], v.after = n, e.Cursor
			v.gap[e.Username] = false
		}
	}
}

// missed tells whether the list of a user has an entry between two.
func (m *slotsModel) missed(username string, after, n int) bool {
	return slices.ContainsFunc(m.listed[username], func(other int) bool { return after < other && other < n })
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
				for _, username := range m.users() {
					m.record(username, 1)
				}
				m.heal() // also what turned out to be still to be read
				for _, v := range m.viewers {
					m.look(v)
					for _, username := range m.users() {
						if n := v.last[username]; n != m.recorded[username] {
							t.Errorf("a viewer ends at %d of %d of %s", n, m.recorded[username], username)
						}
					}
				}
				if limit > modelList && m.undone == 0 && m.gaps > 0 {
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
	m.record("a", 1)
	m.readLists(m.readings[0]) // its entries from here on are in the buffer alone
	m.record("a", 1)
	m.record("b", everyoneRing+maxBuffered)
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
		m.thaw(server)
		for slot := server * modelServer; slot < (server+1)*modelServer; slot++ {
			m.hear(slot)
		}
		m.read(server)
		m.readLists(m.readings[server])
		m.finish(server)
	}
	m.begin()
	m.settle()
}
