package handlers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// reportInterval is how often pages that refresh themselves ask whether any application reports.
const reportInterval = 5 * time.Second

// reportsMayBeLate is for how long nobody may have been found to report before pages say so. After Redis has come back empty, reports are
// merely late.
const reportsMayBeLate = store.HeartbeatInterval + reportInterval

// reportWatch knows whether no application reports, for pages that refresh themselves. Live pages know it from the feed, by the same rule.
// Its methods may be called from several goroutines.
type reportWatch struct {
	periodic[bool] // whether pages are to be told that none reports
	logs           *store.Store

	sinceMu sync.Mutex
	late    time.Duration // [reportsMayBeLate], but for tests
	since   time.Time     // the first of the answers in a row that none reports; zero = there is none
}

func newReportWatch(logs *store.Store) *reportWatch {
	w := &reportWatch{logs: logs, late: reportsMayBeLate}
	w.interval, w.ask = reportInterval, w.check
	w.patient = true // a distant Redis is asked for several things, one after the other
	return w
}

// check asks whether pages are to be told that no application reports. With an error that is not known.
func (w *reportWatch) check(ctx context.Context) (silent bool, err error) {
	reporting, err := w.anyReports(ctx)
	if err != nil {
		return false, err
	}
	w.sinceMu.Lock()
	defer w.sinceMu.Unlock()
	switch {
	case reporting:
		w.since = time.Time{}
		return false, nil
	case w.since.IsZero():
		w.since = time.Now()
	}
	return time.Since(w.since) >= w.late, nil
}

// anyReports reports whether an application has reported itself, or a request, within [store.Silence].
func (w *reportWatch) anyReports(ctx context.Context) (bool, error) {
	applications, err := w.logs.Applications(ctx)
	for _, a := range applications {
		if a.Reporting() {
			return true, nil
		}
	}
	seen, seenErr := w.logs.LastSeen(ctx, 1)
	if len(seen) > 0 && w.logs.Now().Sub(seen[0].At) <= store.Silence {
		return true, nil
	}
	return false, errors.Join(err, seenErr)
}

// feed is the state of a log in a page that refreshes itself: [store.Silent] or [store.Off] where nothing new can arrive. A request of
// the last minute in the log counts as a report, also of an application that sends none.
func (s *site) feed(ctx context.Context, set store.Switches, newestFirst ...store.Entry) store.State {
	heard := len(newestFirst) > 0 && s.logs.Now().Sub(newestFirst[0].Time).Abs() <= store.Silence
	switch {
	case s.reporting.now(ctx) && !heard:
		return store.Silent
	case set.NoRecord:
		return store.Off
	}
	return store.Live
}
