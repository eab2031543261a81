package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// run ends viewings that show no sign of life any more, until Close.
func (v *Viewings) run() {
	defer close(v.stopped)
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// An end that can't be recorded now is tried again with the next tick. The store tells of an outage by itself.
			if err := v.sweep(context.Background()); err != nil && v.waiting() > 0 {
				v.logger.Warn("ends of viewings wait to be recorded", "viewings", v.waiting(), "err", err)
			}
		case <-v.stop:
			return
		}
	}
}

// sweep notes which viewings are under way, and records the ends of those that are over.
func (v *Viewings) sweep(ctx context.Context) error {
	v.sweeping.Lock()
	defer v.sweeping.Unlock()
	v.takeOver()
	if v.roster != nil {
		before := v.swept
		v.swept = false
		if _, err := v.roster.note(ctx, v.underWay()); err != nil {
			return err
		}
		v.swept = true
		// In the first round after an outage, other processes may still have to note what they serve.
		if before {
			over, err := v.roster.claim(ctx)
			if err != nil {
				return err
			}
			v.addEnded(over...)
		}
	}
	return v.writeEnded(ctx)
}

// underWay are the viewings that this process serves.
func (v *Viewings) underWay() []rostered {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	var all []rostered
	for viewing, open := range v.open {
		if open.sockets > 0 {
			open.last = now
		}
		if open.seq > 0 { // or else its record is being written
			all = append(all, rostered{Viewing: viewing, began: open.seq, last: open.last})
		}
	}
	return all
}

// addEnded has the ends of viewings recorded.
func (v *Viewings) addEnded(over ...rostered) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range over {
		v.ended = append(v.ended, one.ended())
	}
}

// waiting is how many ends are still to be recorded.
func (v *Viewings) waiting() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.ended)
}

// Close lets nobody look any more. With a roster it notes what was under way, since the viewers go on at another process, or
// here after a restart. The process that serves them next, or the roster's next reader, records the ends. Without one it records that every
// viewing has ended. It returns an error when ctx ended before that was done. Further calls do nothing and return nil.
func (v *Viewings) Close(ctx context.Context) error {
	var err error
	v.closing.Do(func() {
		close(v.stop)
		<-v.stopped
		err = v.takeAll(ctx)
		v.sweeping.Lock()
		defer v.sweeping.Unlock()
		if err == nil {
			err = v.writeEnded(ctx)
		}
	})
	return err
}

// takeOver forgets viewings that are over, and ends them if there is no roster. A look after that begins another viewing.
func (v *Viewings) takeOver() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	for viewing, open := range v.open {
		if open.over(now) {
			v.take(viewing, open)
		}
	}
}

// takeAll lets no viewing begin any more, and notes or ends all. It waits for records that are being written, until ctx
// ends.
func (v *Viewings) takeAll(ctx context.Context) error {
	v.mu.Lock()
	v.closed = true
	all := slices.Collect(maps.Values(v.open))
	v.mu.Unlock()
	for _, open := range all {
		select {
		case <-open.begun:
		case <-ctx.Done():
		}
	}
	var err error
	if v.roster != nil {
		_, err = v.roster.note(ctx, v.underWay())
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for viewing, open := range v.open {
		v.take(viewing, open)
	}
	return err
}

// take forgets a viewing, and ends it if there is no roster. The caller holds mu.
func (v *Viewings) take(viewing Viewing, open *openViewing) {
	v.forget(viewing)
	// Where its record was not written in time, it has no end either. The roster ends those that were noted.
	if open.seq == 0 || v.roster != nil {
		return
	}
	if open.sockets > 0 {
		open.last = time.Now()
	}
	end := viewing.record()
	end.Action, end.Detail = ViewEnded, string(viewing.Action)
	end.Began, end.Duration = open.seq, open.last.Sub(open.first)
	v.ended = append(v.ended, end)
}

// writeEnded records the ends of viewings, until one can't be recorded. The caller holds sweeping.
func (v *Viewings) writeEnded(ctx context.Context) error {
	for {
		v.mu.Lock()
		ended := v.ended
		v.mu.Unlock()
		if len(ended) == 0 {
			return nil
		}
		if _, err := v.log.Append(ctx, ended[0]); err != nil {
			return fmt.Errorf("record the ends of %d viewings: %w", len(ended), err)
		}
		v.mu.Lock()
		v.ended = v.ended[1:]
		v.mu.Unlock()
	}
}
