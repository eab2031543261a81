package store_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// The rules of docs/hardening.md are enough on a Cluster, for those who record and for those who watch.
func TestTheACLOfTheDocsOnACluster(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/hardening.md")
	if err != nil {
		t.Fatal(err)
	}
	more := regexp.MustCompile("An application there may also do `([^`]*)`").FindSubmatch(page)
	if more == nil {
		t.Fatal("docs/hardening.md does not say what applications may do on a Cluster")
	}
	cluster := redistest.StartCluster(t, 3)
	as := func(user, more string) *redis.ClusterClient {
		found := regexp.MustCompile(`(?m)^user ` + user + ` (.*)$`).FindSubmatch(page)
		if found == nil {
			t.Fatalf("docs/hardening.md has no rules of %s", user)
		}
		command := []any{"acl", "setuser", user}
		for rule := range strings.FieldsSeq(string(found[1]) + " " + more) {
			command = append(command, rule)
		}
		for _, node := range cluster.Nodes {
			do(t, node, command...)
			_ = node.Client(t).Do(t.Context(), "acl", "setuser", user, "+client|setinfo").Err() // which is unknown before 7.2
		}
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), Username: user, Password: "change-me"})
		t.Cleanup(func() { client.Close() })
		return client
	}
	application := storetest.Open(t, as("userlog-application", string(more[1])), store.Options{})
	logs := storetest.Open(t, as("userlog-admin", ""), store.Options{})
	ada, all := storetest.Watch(t, logs, "ada", ""), storetest.Watch(t, logs, "", "")
	ada.Live(0)
	all.Live(0)
	storetest.Record(application, "ada", 0, 2)
	storetest.Written(t, application)
	told := storetest.Entry("bob", 2)
	told.Reference = store.NewReference()
	application.Record(told)
	failed := storetest.Entry("eve", 0)
	failed.Code = 500
	application.Record(failed)
	kept := storetest.Keys(logs).Failures("eve")
	redistest.Eventually(t, "the failure is kept", func() bool { return logs.Client().Exists(t.Context(), kept).Val() == 1 })
	ada.Live(2)
	all.Live(4)
	redistest.Eventually(t, "a request is found by its reference", func() bool {
		found, err := logs.ByReference(t.Context(), told.Reference)
		return err == nil && len(found) == 1 && found[0].Username == "bob"
	})
	if seen, err := logs.LastSeen(t.Context(), 10); err != nil {
		t.Errorf("who was seen: %v, %v", seen, err)
	}
	slot := cluster.Slot(storetest.Keys(logs).Log("ada"))
	cluster.Move(cluster.Nodes[(slot*3/16384+1)%3], slot) // is found by the feed's own questions
	storetest.Record(application, "ada", 3, 4)
	ada.Live(3)
	for _, node := range cluster.Nodes {
		entries, err := node.Client(t).ACLLog(t.Context(), 10).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			t.Errorf("%s refused %s %s %s", node.Address, e.Username, e.Reason, e.Object)
		}
	}
}
