package feed

import (
	"context"
	"time"
)

// silenceInterval is the time from one question whether any application reports to the next.
const silenceInterval = 5 * time.Second

// silence is what the feed knows about whether anybody would tell it of requests. It belongs to the
// feed's goroutine.
type silence struct {
	tolerated time.Duration // without a report, before an application counts as gone
	confirmed time.Duration // after a start, or when Redis has lost its data, reports may not have come in yet for so long

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
	if reporting || now.Sub(s.heardAt) <= s.tolerated {
		s.since = time.Time{}
		return false
	}
	if s.since.IsZero() {
		s.since = now
	}
	return now.Sub(s.since) >= s.confirmed
}

// interrupt notes that Redis can't be asked: whatever is known is out of date.
func (s *silence) interrupt() { s.since, s.total = time.Time{}, false }

// listen finds out, in the background, what applications have said of themselves.
func (f *Feed) listen(now time.Time) {
	f.silence.asking, f.silence.askedAt = true, now
	known := f.reports
	go func() {
		ctx, cancel := context.WithTimeout(f.context, roundTimeout)
		defer cancel()
		reports, err := f.options.Reports(ctx, known)
		f.report(func() {
			f.silence.asking = false
			if err == nil { // otherwise Redis is away, which is another silence
				f.reports = reports
				f.setOff(reports.Off)
				f.setSilence(f.silence.answered(reports.Reporting, time.Now()))
			}
			f.setUnpublished(f.reports.Unpublished || f.reports.NoPublish, time.Now()) // as long as nothing else is known
		})
	}()
}

// hear notes that an entry has arrived.
func (f *Feed) hear() {
	f.silence.heardAt = time.Now()
	f.setSilence(f.silence.answered(true, f.silence.heardAt))
}

// setSilence tells every viewer when silence begins or ends.
func (f *Feed) setSilence(total bool) {
	if total == f.silence.total {
		return
	}
	f.silence.total = total
	for _, t := range f.topics {
		f.tellSilence(t)
	}
}

// tellSilence gives the viewers of a topic that is live the state that it really has.
func (f *Feed) tellSilence(t *topic) {
	switch {
	case !t.live || t.lost:
	case f.silence.total:
		t.tell(Silent, nil)
	default:
		t.tell(t.state(), nil)
	}
}
