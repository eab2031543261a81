package feed

import (
	"testing"
	"time"
)

// A master that has not heard that another has taken over is not believed, unless the Cluster was made anew.
func TestAnOutdatedMaster(t *testing.T) {
	t.Parallel()
	f := New(Options{})
	defer f.Close()
	now := time.Now()
	f.owners[7] = ownership{epoch: 3, at: now}
	for _, test := range []struct {
		slot  uint16
		epoch uint64
		after time.Duration
		want  bool
	}{
		{7, 2, time.Second, true}, {7, 3, time.Second, false}, {7, 4, time.Second, false}, {8, 1, time.Second, false}, {7, 2, time.Hour, false},
	} {
		if got := f.isOutdated(test.slot, test.epoch, now.Add(test.after)); got != test.want {
			t.Errorf("slot %d, epoch %d, %s later: %v", test.slot, test.epoch, test.after, got)
		}
	}
}
