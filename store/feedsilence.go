package store

import (
	"context"
	"time"
)

// Times of silence.
const (
	silenceInterval = 5 * time.Second // from one question whether any application reports to the next
	// After a start, or when Redis has lost its data, reports may just not have come in yet.
	silenceConfirmed = HeartbeatInterval + silenceInterval
)

// silence is what the feed knows about whether anybody would tell it of requests. It belongs to the
// feed's goroutine.
type silence struct {
	asking  bool
	askedAt time.Time
	heardAt time.Time // when an entry last arrived
	since   time.Time // the first of the answers in a row that nobody reports; zero = there is none
	total   bool      // viewers are told that nobody reports
}

// due reports whether it is time to ask again.
func (s *silence) due(now time.Time) bool {
	return !s.asking && now.Sub(s.askedAt) > silenceInterval
}

// answered takes the answer to the question whether any application reports, and returns whether
// viewers are to be told that none does.
func (s *silence) answered(reporting bool, now time.Time) (total bool) {
	if reporting || now.Sub(s.heardAt) <= Silence {
		s.since = time.Time{}
		return false
	}
	if s.since.IsZero() {
		s.since = now
	}
	return now.Sub(s.since) >= silenceConfirmed
}

// interrupt notes that Redis can't be asked: whatever is known is out of date.
func (s *silence) interrupt() { s.since, s.total = time.Time{}, false }

// listen finds out, in the background, whether any application reports, and how long their lists are.
func (f *feed) listen(now time.Time) {
	f.silence.asking, f.silence.askedAt = true, now
	go func() {
		reporting, shortest, err := f.anyReports()
		f.report(func() {
			f.silence.asking = false
			if err == nil { // otherwise Redis is away, which is another silence
				f.shortest = shortest
				f.setSilence(f.silence.answered(reporting, time.Now()))
			}
		})
	}()
}

// anyReports asks whether an application has reported itself, or anybody's request, lately, and what
// the smallest limit of the lists is. Applications that send no heartbeats, such as django-userlog's,
// are known by the requests.
func (f *feed) anyReports() (reporting bool, shortest int, err error) {
	ctx, cancel := context.WithTimeout(f.context, roundTimeout)
	defer cancel()
	applications, err := readApplications(ctx, f.client, f.keys)
	if err != nil {
		return false, 0, err
	}
	for _, a := range applications {
		reporting = reporting || a.Reporting()
		if a.MaxEntries > 0 && (shortest == 0 || a.MaxEntries < shortest) {
			shortest = a.MaxEntries
		}
	}
	if reporting {
		return true, shortest, nil
	}
	seen, err := readLastSeen(ctx, f.client, f.keys, time.Now().Add(-Silence), 1)
	return len(seen) > 0, shortest, err
}

// hear notes that an entry has arrived.
func (f *feed) hear() {
	f.silence.heardAt = time.Now()
	f.setSilence(f.silence.answered(true, f.silence.heardAt))
}

// setSilence tells every viewer when silence begins or ends.
func (f *feed) setSilence(total bool) {
	if total == f.silence.total {
		return
	}
	f.silence.total = total
	for _, t := range f.topics {
		f.tellSilence(t)
	}
}

// tellSilence gives the viewers of a topic that is live the state that it really has.
func (f *feed) tellSilence(t *topic) {
	switch {
	case !t.live:
	case f.silence.total:
		t.tell(Silent, false, nil)
	default:
		t.tell(Live, false, nil)
	}
}
