package store_test

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestAnApplicationThatStoppedReportingIsNotReporting(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	logs := storetest.Open(t, client, store.Options{})
	logs.Announce()
	found := storetest.Reporting(t, logs, 1)
	key := storetest.Keys(logs).Application(found[0].ID)
	if err := client.PExpire(t.Context(), key, 58*time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if found := storetest.Reporting(t, logs, 1); found[0].Reporting() || found[0].Age < 2*time.Minute {
		t.Errorf("silent for two minutes: %+v", found)
	}
	if err := client.Set(t.Context(), key, "garbage", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	storetest.Reporting(t, logs, 0)
}

func TestAnApplicationThatLostEntriesStaysListed(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	reader := storetest.Open(t, client, store.Options{})
	lossy := storetest.Open(t, client, store.Options{})
	lossy.Record(storetest.Entry("a\nb", 1))
	lossy.Record(storetest.Entry("ada", 1))
	storetest.Written(t, lossy)
	if err := lossy.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := storetest.Reporting(t, reader, 1); found[0].Stats.Dropped.InvalidUsername != 1 || found[0].Stats.Written != 1 {
		t.Errorf("listed: %+v", found)
	}
}
