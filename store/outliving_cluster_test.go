package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestWhatOutlivesALogOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 2)
	storetest.FailuresOutliveTheLog(t, cluster.Client(t))
	options := store.Options{MaxEntries: 10, KeyPrefix: "two:"}
	storetest.FailuresOfTwoProcesses(t, storetest.Open(t, cluster.Client(t), options), storetest.Open(t, cluster.Client(t), options))
	storetest.WhoIsGone(t, cluster.Client(t))
}

// While failures are at their slot's next master already, and the log is not, nobody is shown the log without them.
func TestFailuresAreOnTheirWay(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 2)
	storetest.FailuresOutliveTheLog(t, cluster.Client(t))
	logs := storetest.Open(t, cluster.Client(t), store.Options{MaxEntries: 10})
	whole := storetest.LogOf(t, logs, "ada")
	key := storetest.Keys(logs).Failures("ada")
	slot, from, to := cluster.Slot(key), cluster.Nodes[0], cluster.Nodes[1]
	if cluster.MasterOfSlot(slot) == to {
		from, to = to, from
	}
	do(t, to, "cluster", "setslot", slot, "importing", do(t, from, "cluster", "myid"))
	do(t, from, "cluster", "setslot", slot, "migrating", do(t, to, "cluster", "myid"))
	host, port, _ := strings.Cut(to.Address, ":")
	do(t, from, "migrate", host, port, key, 0, 10_000)
	ada := storetest.Watch(t, logs, "ada", "")
	if ada.Next(); ada.State != store.Lost || len(ada.Entries) != 0 {
		t.Errorf("state %v, %s", ada.State, ada.Paths())
	}
	cluster.Move(to, slot)
	ada.Live(1)
	slices.Reverse(whole)
	ada.Shows(storetest.Paths(whole))
}
