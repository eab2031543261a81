package store_test

import (
	"regexp"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// published is how often a node has published on the channel of a slot.
func published(t *testing.T, node *redistest.Server) string {
	t.Helper()
	stats, err := node.Client(t).Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`cmdstat_spublish:calls=([0-9]+)`).FindStringSubmatch(stats); found != nil {
		return found[1]
	}
	return "0"
}

// On a Cluster nothing is published that nobody hears, and all that somebody hears: from the first entry behind the list that she
// has read.
func TestOnlyWhatIsHeardIsPublished(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	logs, viewer := storetest.Open(t, cluster.Client(t), store.Options{}), storetest.Open(t, cluster.Client(t), store.Options{})
	master := cluster.Master(storetest.Keys(logs).Log("ada"))
	storetest.Record(logs, "ada", 0, 5)
	storetest.Written(t, logs)
	if got := published(t, master); got != "0" {
		t.Errorf("%s entries were published for nobody", got)
	}
	ada := storetest.Watch(t, viewer, "ada", "")
	ada.Live(5)
	probes := published(t, master)
	storetest.Record(logs, "ada", 5, 8)
	ada.Live(8)
	ada.Shows(storetest.Numbers(0, 8))
	if got := published(t, master); got == probes {
		t.Error("nothing was published")
	}
	if got := master.Client(t).LLen(t.Context(), storetest.Keys(logs).Log("ada")).Val(); got != 8 {
		t.Errorf("%d entries in the list", got)
	}
}

// Where the script may not ask who hears, it publishes.
func TestWithoutPermissionToAskEverythingIsPublished(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	for _, node := range cluster.Nodes {
		do(t, node, "acl", "setuser", "old", "on", "nopass", "~*", "&*", "+@all", "-pubsub")
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), Username: "old", Password: "any"})
	t.Cleanup(func() { client.Close() })
	logs, viewer := storetest.Open(t, client, store.Options{}), storetest.Open(t, cluster.Client(t), store.Options{})
	storetest.Record(logs, "ada", 0, 3)
	storetest.Written(t, logs)
	if got := published(t, cluster.Master(storetest.Keys(logs).Log("ada"))); got != "3" {
		t.Errorf("%s entries were published", got)
	}
	ada := storetest.Watch(t, viewer, "ada", "")
	ada.Live(3)
	storetest.Record(logs, "ada", 3, 5)
	ada.Live(5)
}
