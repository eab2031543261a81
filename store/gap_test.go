package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store/internal/keys"
)

// testRecorder returns a recorder whose writer is the test.
func testRecorder(size int) *recorder {
	return unswitchedRecorder(Options{QueueSize: size, Retention: time.Hour})
}

// unswitchedRecorder is a recorder without switches.
func unswitchedRecorder(options Options) *recorder {
	r := newRecorder(options)
	r.switched.known.Store(true)
	return r
}

// pageBy is a request of a person, and pollBy one that a page makes by itself.
func pageBy(username string) *Entry {
	return &Entry{Username: username, Path: "/", Kind: KindPage, Code: 200}
}

func pollBy(username string) *Entry {
	return &Entry{Username: username, Path: "/poll", Kind: KindFetch, From: "/", Code: 200}
}

// settled settles a batch of which all entries have the same fate.
func settled(r *recorder, batch []Entry, v verdict) {
	var o settlement
	for i := range batch {
		o.add(&batch[i], v)
	}
	r.settle(r.only(), o)
}

// nextGap is the gap of the first entry that is taken next.
func nextGap(t *testing.T, r *recorder) Gap {
	t.Helper()
	batch := r.take(r.only(), nil)
	if len(batch) == 0 || batch[0].Gap == nil {
		return Gap{}
	}
	defer settled(r, batch, isWritten)
	return *batch[0].Gap
}

func TestTheNextEntryTellsWhatIsLost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		lost *Entry
		v    verdict
		next *Entry
		want Gap
	}{
		{"refused", pageBy("ada"), isRefused, pageBy("ada"), Gap{Dropped: 1}},
		{"in doubt", pageBy("ada"), isInDoubt, pageBy("ada"), Gap{Indeterminate: 1}},
		{"written", pageBy("ada"), isWritten, pageBy("ada"), Gap{}},
		{"somebody else's", pageBy("bob"), isInDoubt, pageBy("ada"), Gap{}},
		{"a poll", pollBy("ada"), isInDoubt, pageBy("ada"), Gap{Background: 1}},
		{"a poll, told by a poll", pollBy("ada"), isInDoubt, pollBy("ada"), Gap{Background: 1}},
		{"a page, and then a poll", pageBy("ada"), isInDoubt, pollBy("ada"), Gap{}},
	} {
		r := testRecorder(16)
		r.record(test.lost)
		settled(r, r.take(r.only(), nil), test.v)
		r.record(test.next)
		if got := nextGap(t, r); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		r.record(pageBy("ada"))
		if got, more := nextGap(t, r), test.name == "a page, and then a poll"; (got != Gap{}) != more {
			t.Errorf("%s: the entry after that: %+v", test.name, got)
		}
	}
}

func TestAGapWhoseEntryIsLostIsToldAgain(t *testing.T) {
	t.Parallel()
	for v, want := range map[verdict]Gap{
		isRefused: {Dropped: 2},
		isInDoubt: {Indeterminate: 2}, // Redis may have the entry, and with it what was certain
	} {
		r := testRecorder(16)
		for _, fate := range []verdict{isRefused, v} {
			r.record(pageBy("ada"))
			settled(r, r.take(r.only(), nil), fate)
		}
		r.record(pageBy("ada"))
		if got := nextGap(t, r); got != want {
			t.Errorf("with the verdict %d: %+v, want %+v", v, got, want)
		}
	}
}

func TestAMarkerTellsWhatNoEntryDoes(t *testing.T) {
	t.Parallel()
	r := testRecorder(16)
	s := r.only()
	r.record(pageBy("ada"))
	r.record(pollBy("bob"))
	settled(r, r.take(s, nil), isInDoubt)
	if batch := r.take(s, nil); len(batch) > 0 {
		t.Fatalf("at once there is a marker: %+v", batch)
	}
	batch := r.queue.mark(s, nil, 0, time.Hour)
	if len(batch) != 1 || !batch[0].OnlyGap() || batch[0].Username != "ada" || *batch[0].Gap != (Gap{Indeterminate: 1}) {
		t.Fatalf("later there is %+v", batch)
	}
	if stats := r.snapshot(); stats.Queued != 0 || stats.Indeterminate != 2 {
		t.Errorf("a marker counts as a request: %+v", stats)
	}
	if !r.withdraw(batch) {
		t.Error("a marker that could not be written is not taken back")
	}
	if batch = r.queue.mark(s, nil, gapPatience, time.Hour); len(batch) != 0 {
		t.Errorf("without a pause there is another one: %+v", batch)
	}
	s.searched = time.Time{}
	batch = r.take(s, nil)
	if len(batch) != 1 || *batch[0].Gap != (Gap{Indeterminate: 1}) {
		t.Fatalf("after it could not be written there is %+v", batch)
	}
	settled(r, batch, isWritten)
	if batch = r.queue.mark(s, nil, 0, time.Hour); len(batch) != 0 {
		t.Errorf("it is told twice: %+v", batch)
	}
	if stats := r.snapshot(); stats.Written != 0 || stats.Accepted != 2 {
		t.Errorf("a marker counts as written: %+v", stats)
	}
}

func TestNoMarkerIsWrittenInVain(t *testing.T) {
	t.Parallel()
	r := testRecorder(16)
	s := r.only()
	r.record(pageBy("ada"))
	settled(r, r.take(s, nil), isRefused)
	if batch := r.queue.mark(s, nil, 0, time.Hour); len(batch) != 0 {
		t.Errorf("to a log that Redis refuses to write: %+v", batch)
	}
	r.record(pageBy("bob"))
	settled(r, r.take(s, nil), isInDoubt)
	r.setConnected(s, false)
	r.record(pageBy("eve"))
	r.queue.gaps.of["bob"] = &untoldGap{before: Gap{Dropped: 1}} // long ago
	if batch := r.take(s, nil); len(batch) != 1 || batch[0].OnlyGap() {
		t.Errorf("beside entries that wait for Redis: %+v", batch)
	}
	if batch := r.queue.mark(s, nil, 0, time.Hour); len(batch) != 0 || len(r.queue.gaps.of) != 1 {
		t.Errorf("of what the log has forgotten: %+v", batch)
	}
}

func TestGapsAreBounded(t *testing.T) {
	t.Parallel()
	r := testRecorder(16)
	p := newPreparer(r, keys.Keys{}, Options{Retention: time.Hour}, false)
	lose := func(e *Entry, times int) {
		for range times {
			r.record(e)
			settled(r, r.take(r.only(), nil), isInDoubt)
		}
	}
	lose(pageBy("hostile"), 10_000)
	if n := len(r.queue.gaps.of); n != 1 {
		t.Errorf("one user has %d gaps", n)
	}
	for n := range maxGaps {
		lose(pollBy(fmt.Sprint("open tab ", n)), 1)
	}
	for n := range maxGaps {
		lose(pageBy(fmt.Sprint("user ", n)), 1)
	}
	if n := len(r.queue.gaps.of); n != maxGaps {
		t.Errorf("%d gaps are remembered, want %d", n, maxGaps)
	}
	const unnamed = maxGaps / 2
	tell := func(username string) Gap {
		r.record(pageBy(username))
		batch := r.take(r.only(), nil)
		_, _ = p.prepare(batch, nil)
		if batch[0].Gap == nil {
			return Gap{}
		}
		return *batch[0].Gap
	}
	for _, test := range []struct {
		username string
		want     Gap
	}{
		{"user 0", Gap{Indeterminate: 1, Unnamed: unnamed}},
		{"user 0", Gap{}},
		{fmt.Sprint("user ", maxGaps-1), Gap{Unnamed: unnamed}},
		{"somebody else", Gap{Unnamed: unnamed}},
		{"somebody else", Gap{}},
		{"hostile", Gap{Indeterminate: 10_000, Unnamed: unnamed}},
	} {
		if got := tell(test.username); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.username, got, test.want)
		}
	}
}

func TestAMarkerIsAnEntryWithoutARequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line    string
		marker  bool
		foreign bool
		want    *Gap
	}{
		{`{"id":"1","time":5,"gap":{"dropped":3,"indeterminate":1}}`, true, false, &Gap{Dropped: 3, Indeterminate: 1}},
		{`{"id":"1","time":5,"method":"GET","path":"/","code":200,"gap":{"background":7}}`, false, false, &Gap{Background: 7}},
		{`{"id":"1","time":5,"method":"GET","path":"/","code":200,"gap":{"dropped":-1}}`, false, false, nil},
		{`{"id":"1","time":5,"method":"GET","path":"/","code":200,"gap":{"dropped":1e30}}`, false, false, nil},
		{`{"id":"1","time":5,"method":"GET","path":"/","code":200,"gap":{"later":1}}`, false, false, nil},
		{`{"id":"1","time":5,"gap":{}}`, false, true, nil},
		{`{"id":"1","time":5,"path":"/","gap":{"dropped":1}}`, false, true, nil},
		{`{"id":"1","time":5}`, false, true, nil},
	} {
		e, err := decodeLine("ada", test.line)
		if (err != nil) != test.foreign || e.OnlyGap() != test.marker || (e.Gap == nil) != (test.want == nil) || test.want != nil && *e.Gap != *test.want {
			t.Errorf("%s: %+v, %v", test.line, e, err)
		}
		if err != nil {
			continue
		}
		var again Entry
		line, _ := json.Marshal(e)
		if err := again.UnmarshalJSON(line); err != nil || again.OnlyGap() != test.marker || strings.Contains(string(line), "method") == test.marker {
			t.Errorf("%s became %s, %v", test.line, line, err)
		}
	}
}

// A user who has lost nothing pays nothing: neither memory nor a byte.
func TestNoGapCostsNothing(t *testing.T) {
	r := testRecorder(16)
	e := pageBy("ada")
	batch := make([]Entry, 0, maxBatch)
	if n := testing.AllocsPerRun(100, func() {
		r.record(e)
		batch = r.take(r.only(), batch[:0])
		settled(r, batch, isWritten)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if line := string(batch[0].appendLine(nil)); strings.Contains(line, "gap") {
		t.Errorf("the line is %s", line)
	}
}

// Of entries that were confirmed long before their server lost them, nobody knows any more whose they were.
func TestEachUserIsToldOfWhatIsUndone(t *testing.T) {
	t.Parallel()
	r := testRecorder(16)
	p := newPreparer(r, keys.Keys{}, Options{Retention: time.Hour}, false)
	r.undo(undone{unnamed: 7}, nil)
	for _, want := range []int{7, 0} {
		r.record(pageBy("ada"))
		batch := r.take(r.only(), nil)
		_, _ = p.prepare(batch, nil)
		if got := batch[0].Gap; (got != nil) != (want > 0) || got != nil && got.Unnamed != want {
			t.Errorf("the entry tells %+v, want %d", got, want)
		}
	}
	r.unnamedSince(t, 2*time.Hour)
	r.record(pageBy("bob"))
	batch := r.take(r.only(), nil)
	if _, _ = p.prepare(batch, nil); batch[0].Gap != nil {
		t.Errorf("a log that began later tells %+v", batch[0].Gap)
	}
}

// unnamedSince has unnamed losses be that old.
func (r *recorder) unnamedSince(t *testing.T, age time.Duration) {
	t.Helper()
	r.queue.gaps.unnamed.last.Store(time.Now().Add(-age).UnixNano())
}
