package feed

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store/internal/failures"
)

// keptModel imitates what is kept of a user: the newest of all entries, the newest of those that count, and the last failures.
type keptModel struct {
	all, counting []*Line // all that were recorded, oldest first
	failed        failures.List[*Line]
}

// fail records a failure of something that the user did.
func (m *keptModel) fail() *Line {
	e := m.record(true)
	e.Mark.Class = failures.Step
	m.failed = failures.List[*Line]{}
	for _, e := range m.all {
		m.failed.Add(e.Mark, e)
	}
	return e
}

// outlived is what is shown of failures that no list has any more, and how many requests are not kept.
func (m *keptModel) outlived(listed []*Line) (lines []*Line, notKept int) {
	if len(m.all) < modelList {
		return nil, 0
	}
	var failed []*Line
	for _, e := range m.all {
		if e.Mark.Fails() {
			failed = append(failed, e)
		}
	}
	for _, e := range failed[max(0, len(failed)-failures.Most):] {
		if !slices.Contains(listed, e) {
			lines = append(lines, e)
		}
	}
	if len(lines) > 0 {
		for _, e := range m.counting[slices.Index(m.counting, lines[0]):] {
			if !slices.Contains(listed, e) && !slices.Contains(lines, e) {
				notKept++
			}
		}
	}
	return lines, notKept
}

func (m *keptModel) record(counts bool) *Line {
	id := strconv.Itoa(len(m.all))
	e := &Line{ID: id, Username: "ada", Cursor: id, Counts: counts, Mark: failures.Mark{Counts: counts}, Time: time.Unix(int64(len(m.all)), 0)}
	m.failed.Add(e.Mark, e)
	m.all = append(m.all, e)
	if counts {
		m.counting = append(m.counting, e)
	}
	return e
}

// read is what a reading of both lists finds.
func (m *keptModel) read() snapshot {
	list := slices.Clone(m.all[max(0, len(m.all)-modelList):])
	kept := slices.DeleteFunc(slices.Clone(m.counting[max(0, len(m.counting)-modelList):]), func(e *Line) bool { return slices.Contains(list, e) })
	return snapshot{
		entries: list, kept: kept, failed: m.failed, newest: map[string]newestLine{"ada": {id: m.all[len(m.all)-1].ID}},
		reaches: func(last *Line) bool { return last == nil && len(list) < modelList || slices.Contains(list, last) },
	}
}

// told takes what a subscription has been told.
func told(t *testing.T, s *Subscription) (lines []*Line, gaps int) {
	t.Helper()
	for {
		u, ok, err := s.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return lines, gaps
		}
		if u.Gap {
			gaps++
		}
		lines = append(lines, u.Lines...)
	}
}

func ids(lines []*Line) []string {
	var ids []string
	for _, e := range lines {
		ids = append(ids, e.ID)
	}
	return ids
}

// A viewer who joins a topic that is watched is shown what Redis holds. One who watches it is told of all that
// counts, once and in order, also through interruptions in which the list has lost it.
func TestATopicKeepsWhatRedisKeeps(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		topic := newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})
		m := &keptModel{}
		watching := &Subscription{ready: make(chan struct{}, 1)}
		topic.join(watching)
		m.record(true)
		topic.awaitSnapshot()
		topic.goLive(m.read())
		var seen []*Line
		share := random.IntN(10)
		for range 100 {
			switch dice := random.IntN(10); {
			case dice < 8:
				if random.IntN(8) == 0 {
					topic.receive(m.fail())
				}
				for range 1 + random.IntN(5) {
					topic.receive(m.record(random.IntN(10) < share))
				}
			case dice < 9:
				topic.interrupt()
				if random.IntN(4) == 0 {
					m.fail()
				}
				for range random.IntN(4 * modelList) {
					m.record(random.IntN(10) < share)
				}
				topic.awaitSnapshot()
				topic.goLive(m.read())
			}
			lines, _ := told(t, watching)
			seen = append(seen, lines...)
			want := m.read()
			_, got := topic.since("")
			listed := slices.Concat(want.kept, want.entries)
			outlived, notKept := m.outlived(listed)
			if !slices.Equal(ids(got), ids(slices.Concat(outlived, listed))) || got[len(outlived)].NotKept != notKept {
				t.Fatalf("seed %d: who joins is shown %v and %d not kept, want %v, %d not kept, %v before %v",
					seed, ids(got), got[len(outlived)].NotKept, ids(outlived), notKept, ids(want.kept), ids(want.entries))
			}
		}
		last := -1
		for _, e := range seen {
			n, _ := strconv.Atoi(e.ID)
			if n <= last {
				t.Fatalf("seed %d: told of %d after %d", seed, n, last)
			}
			last = n
		}
		failed, _ := m.outlived(nil)
		for _, e := range slices.Concat(failed, m.counting[max(0, len(m.counting)-modelList):]) {
			if !slices.Contains(seen, e) {
				t.Fatalf("seed %d: not told of %s, which counts", seed, e.ID)
			}
		}
	}
}

func TestComingBackToWhatIsKept(t *testing.T) {
	t.Parallel()
	topic := newTopic("ada", Options{MaxEntries: modelList, Retention: time.Hour})
	m := &keptModel{}
	m.record(true)
	m.record(true)
	for range 2 * modelList {
		m.record(false)
	}
	topic.awaitSnapshot()
	topic.goLive(m.read())
	for after, want := range map[string]int{"0": 1 + modelList, "1": modelList, "3": 2 + modelList} {
		if gap, lines := topic.since(after); !gap || len(lines) != want {
			t.Errorf("after %s: gap %v, %v", after, gap, ids(lines))
		}
	}
	if gap, lines := topic.since("14"); gap || !slices.Equal(ids(lines), []string{"15"}) {
		t.Errorf("after 14: gap %v, %v", gap, ids(lines))
	}
	topic.newest["ada"] = newestLine{id: "15", expires: time.Now().Add(-time.Second)}
	topic.expire(time.Now())
	if _, lines := topic.since(""); len(lines) != 0 {
		t.Errorf("after it has expired: %v", ids(lines))
	}
}

func TestWhatIsKeptIsReadBehindAFullList(t *testing.T) {
	t.Parallel()
	f := New(Options{Decode: func(_, line string) (Line, error) { return Line{ID: line, Counts: line != "poll"}, nil }})
	defer f.Close()
	r := f.snapshotOf("ada", []string{"4", "3"}, []string{"4", "2", "poll", "1"}, time.Hour, 2)
	if got := ids(r.kept); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("kept: %v", got)
	}
	if r := f.snapshotOf("ada", []string{"4", "3"}, []string{"2"}, time.Hour, 3); len(r.kept) != 0 {
		t.Errorf("a list that is not full has lost %v", ids(r.kept))
	}
}
