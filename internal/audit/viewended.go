package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// run ends views that nobody looks at any more, until Close.
func (v *Viewings) run() {
	defer close(v.stopped)
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			v.takeOver()
			// What can't be written is tried again with the next tick.
			if err := v.writeEnded(context.Background()); err != nil {
				v.logger.Warn("ends of views wait to be recorded", "views", len(v.ended), "err", err)
			}
		case <-v.stop:
			return
		}
	}
}

// Close ends every view, and records that until ctx ends; it returns an error when some could not
// be. Nothing can be viewed once Close has begun. Further calls do nothing and return nil.
func (v *Viewings) Close(ctx context.Context) error {
	var err error
	v.closing.Do(func() {
		close(v.stop)
		<-v.stopped
		v.takeAll(ctx)
		err = v.writeEnded(ctx)
	})
	return err
}

// takeOver moves views that are over from those that are under way to those that ended. Who looks
// again from then on begins another one.
func (v *Viewings) takeOver() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	for viewing, seen := range v.views {
		begun := seen.seq > 0 // or else its record is being written
		if begun && seen.sockets == 0 && now.Sub(seen.last) >= ViewTimeout {
			v.take(viewing, seen)
		}
	}
}

// takeAll lets no view begin any more, and moves all to those that ended. It waits for records that
// are being written, until ctx ends.
func (v *Viewings) takeAll(ctx context.Context) {
	v.mu.Lock()
	v.closed = true
	views := slices.Collect(maps.Values(v.views))
	v.mu.Unlock()
	for _, seen := range views {
		select {
		case <-seen.begun:
		case <-ctx.Done():
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for viewing, seen := range v.views {
		v.take(viewing, seen)
	}
}

// take moves a view to those that ended. The caller holds mu.
func (v *Viewings) take(viewing Viewing, seen *view) {
	v.forget(viewing)
	if seen.seq == 0 {
		return // its record was not written in time, so it has no end either
	}
	if seen.sockets > 0 {
		seen.last = time.Now()
	}
	end := viewing.record()
	end.Action, end.Detail = ViewEnded, string(viewing.Action)
	end.Began, end.Duration = seen.seq, seen.last.Sub(seen.first)
	v.ended = append(v.ended, end)
}

// writeEnded records the views that ended, until one can't be.
func (v *Viewings) writeEnded(ctx context.Context) error {
	for len(v.ended) > 0 {
		if _, err := v.log.Append(ctx, v.ended[0]); err != nil {
			return fmt.Errorf("record the ends of %d views: %w", len(v.ended), err)
		}
		v.ended = v.ended[1:]
	}
	return nil
}
