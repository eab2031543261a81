package store_test

import (
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
