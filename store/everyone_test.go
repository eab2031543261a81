package store_test

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

// What another user did before, by Redis' clock, is no reason for a gap.
func TestResumeEveryoneWhereOthersWereEarlier(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := redistest.Patient(t, server.Client(t))
	application := storetest.Open(t, client, store.Options{})
	storetest.Record(application, "bob", 0, 2)
	storetest.Written(t, application)
	first := storetest.Watch(t, storetest.Open(t, client, store.Options{}), "", "")
	first.Live(2)
	earlier := time.Second
	redistest.Eventually(t, "that was a while ago", func() bool {
		left := client.PTTL(t.Context(), storetest.Keys(application).Log("bob")).Val()
		return time.Hour-left > earlier
	})
	storetest.Record(application, "ada", 2, 3)
	first.Live(3)
	again := storetest.Watch(t, storetest.Open(t, client, store.Options{}), "", first.Entries[2].Cursor())
	again.Next()
	again.Shows("")
}

// What was written while the connection was away is found whatever the clocks of those say who wrote it.
func TestEveryoneIsFollowedWithoutClocks(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{}), storetest.Open(t, client, store.Options{})
	applications.Record(storetest.EntryAt("bob", 0, -2*time.Minute))
	storetest.Written(t, applications)
	v := storetest.Watch(t, logs, "", "")
	v.Live(1)
	applications.Record(storetest.EntryAt("ada", 1, time.Minute)) // the newest that is known
	v.Live(2)
	cut()
	v.Until(func() bool { return v.State == store.Lost })
	applications.Record(storetest.EntryAt("bob", 2, 0))
	applications.Record(storetest.EntryAt("eve", 3, -10*time.Minute)) // had to wait, and was not seen before
	storetest.Written(t, applications)
	mend()
	v.Live(4)
	applications.Record(storetest.EntryAt("bob", 4, 0))
	v.Live(5)
	v.Shows("0 1 3 2 4")
}

// A list that was cut off while the connection was away leaves a gap, and only one.
func TestEveryoneHasAGapWhereAListWasCutOff(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client, cut, mend := severable(t, server)
	applications, logs := storetest.Open(t, redistest.Patient(t, server.Client(t)), store.Options{}), storetest.Open(t, client, store.Options{})
	v := storetest.Watch(t, logs, "", "")
	v.Live(0)
	storetest.Record(applications, "ada", 0, 2)
	storetest.Record(applications, "bob", 2, 4)
	v.Live(4)
	cut()
	v.Until(func() bool { return v.State == store.Lost })
	storetest.Record(applications, "bob", 4, 64)
	storetest.Written(t, applications)
	mend()
	v.Live(4 + 25)
	if want := "0 1 2 3 " + storetest.Numbers(39, 64); v.Gaps != 1 || v.Paths() != want {
		t.Errorf("shown, with %d gaps: %s", v.Gaps, v.Paths())
	}
	second := storetest.Watch(t, logs, "", v.Entries[3].Cursor())
	if u := second.Next(); !u.Gap {
		t.Errorf("who comes back over the gap is shown %s", second.Paths())
	}
	fresh := storetest.Watch(t, logs, "", "")
	fresh.Next()
	fresh.Shows("0 1 " + storetest.Numbers(39, 64))
}
