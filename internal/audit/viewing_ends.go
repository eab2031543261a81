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
			v.takeOver()
			// An end that can't be written is tried again with the next tick.
			if err := v.writeEnded(context.Background()); err != nil {
				v.logger.Warn("ends of viewings wait to be recorded", "viewings", len(v.ended), "err", err)
			}
		case <-v.stop:
			return
		}
	}
}

// Close ends every viewing, and records that until ctx ends. It returns an error when some ends could not
// be recorded. Nothing can be viewed once Close has begun. Further calls do nothing and return nil.
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

// takeOver moves viewings that are over from the open ones to the ended ones. A look after that begins
// another viewing.
func (v *Viewings) takeOver() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	for viewing, open := range v.open {
		begun := open.seq > 0 // or else its record is being written
		if begun && open.sockets == 0 && now.Sub(open.last) >= ViewingTimeout {
			v.take(viewing, open)
		}
	}
}

// takeAll lets no viewing begin any more, and moves all to the ended ones. It waits for records that are
// being written, until ctx ends.
func (v *Viewings) takeAll(ctx context.Context) {
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
	v.mu.Lock()
	defer v.mu.Unlock()
	for viewing, open := range v.open {
		v.take(viewing, open)
	}
}

// take moves a viewing to the ended ones. The caller holds mu.
func (v *Viewings) take(viewing Viewing, open *openViewing) {
	v.forget(viewing)
	if open.seq == 0 {
		return // its record was not written in time, so it has no end either
	}
	if open.sockets > 0 {
		open.last = time.Now()
	}
	end := viewing.record()
	end.Action, end.Detail = ViewEnded, string(viewing.Action)
	end.Began, end.Duration = open.seq, open.last.Sub(open.first)
	v.ended = append(v.ended, end)
}

// writeEnded records the ends of viewings, until one can't be recorded.
func (v *Viewings) writeEnded(ctx context.Context) error {
	for len(v.ended) > 0 {
		if _, err := v.log.Append(ctx, v.ended[0]); err != nil {
			return fmt.Errorf("record the ends of %d viewings: %w", len(v.ended), err)
		}
		v.ended = v.ended[1:]
	}
	return nil
}
