package storetest

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
)

var heartbeats = []test{
	{"ApplicationsReportThemselves", testApplicationsReportThemselves},
	{"ApplicationsReportTheirLastHour", testApplicationsReportTheirLastHour},
}

func testApplicationsReportThemselves(t *testing.T, connect Connect) {
	began := time.Now().Truncate(time.Millisecond)
	client := connect(t)
	reader := Open(t, client, store.Options{})
	shop := Open(t, client, store.Options{Application: "shop", Version: "v1.2.3"})
	blog := Open(t, client, store.Options{Application: "blog"})
	if found := Reporting(t, reader, 0); len(found) != 0 {
		t.Fatalf("before anything was recorded: %+v", found)
	}
	shop.Announce() // nobody makes a request
	blog.Record(Entry("ada", 1))
	found := Reporting(t, reader, 2)
	if found[0].Name != "blog" || found[1].Name != "shop" || found[1].Version != "v1.2.3" || found[0].Host == "" {
		t.Errorf("listed: %+v", found)
	}
	for _, a := range found {
		if !a.Reporting() || a.Age < 0 || a.Started.Before(began) {
			t.Errorf("times: %+v", a)
		}
	}
	if found[0].Stats.Accepted != 1 || found[1].Stats.Accepted != 0 {
		t.Errorf("stats: %+v", found)
	}
	if err := shop.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := Reporting(t, reader, 1); found[0].Name != "blog" {
		t.Errorf("after the shop was closed: %+v", found)
	}
}

func testApplicationsReportTheirLastHour(t *testing.T, connect Connect) {
	client := connect(t)
	reader := Open(t, client, store.Options{})
	logs := Open(t, client, store.Options{MaxEntries: 40})
	logs.Record(Entry("a\nb", 1)) // what has lost an entry reports once more as it closes: with all that follows
	for n, code := range []int{200, 304, 404, 422, 500} {
		e := Entry("ada", n)
		e.Code, e.Time = code, time.Now().Add(-10*time.Minute)
		logs.Record(e)
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := Reporting(t, reader, 1)
	want := store.Minute{Requests: 5, ClientErrors: 2, ServerErrors: 1}
	if hour := found[0].LastHour; hour[49] != want && hour[48] != want { // a minute may have begun meanwhile
		t.Errorf("ten minutes ago: %v", hour)
	}
	if found[0].MaxEntries != 40 {
		t.Errorf("its logs have %d entries", found[0].MaxEntries)
	}
}
