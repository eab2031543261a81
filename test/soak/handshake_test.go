package soak

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A Redis that hangs before a connection is made has certainly got nothing: nothing is in doubt.
func TestHandshakeWithAHungRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	logs := open(t, client, store.Options{MaxEntries: 10_000})
	server.Pause()
	fill(logs, 250)
	redistest.Eventually(t, "the outage is noticed", func() bool { return !logs.Stats().Connected })
	if s := logs.Stats(); s.Queued != 250 {
		t.Errorf("not all wait: %+v", s)
	}
	server.Resume()
	present := audit(t, logs, client) // on a busy machine the first answers may be late
	if s := logs.Stats(); s.Dropped.Total() != 0 || s.Indeterminate > long(inDoubt(1), 0) {
		t.Errorf("%d are in the list: %+v", present, s)
	}
	summary(t, logs, "hung before the first connection", "present", present)
}
