package feed

import (
	"testing"
	"time"
)

// A Cluster has users in the index a moment later than their logs. So a slot that is heard is not read before the index has whoever
// was recorded until then.
func TestEveryoneIsReadWhenTheIndexHasEverybody(t *testing.T) {
	t.Parallel()
	everyone := newTopic(Everyone, Options{})
	everyone.slots = newSlots([]uint16{1})
	c := &connection{heardAt: time.Now()}
	heard := time.Now()
	c.readNext(everyone)
	if soon := heard.Add(indexLag - time.Millisecond); c.isDue(soon) {
		t.Error("the slot is read at once")
	}
	if late := time.Now().Add(indexLag); !c.isDue(late) {
		t.Error("the slot is not read")
	}
	c.unheard = 1
	if late := time.Now().Add(indexLag); c.isDue(late) {
		t.Error("the slot is read before all others of its master are heard")
	}
}
