package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A failure that later pages have pushed out of the log is told by all that tell of the user.
func TestFailuresOutliveTheLogEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.logs.Record(store.Entry{Username: "ada", Method: http.MethodPost, Path: "/pay", From: "/checkout", Code: 422, Kind: store.KindPage})
	for n := range 40 {
		s.record("ada", fmt.Sprintf("/products/%d", n))
	}
	const said, row = "15 older requests are not kept.", "/pay"
	if home := b.get(base + "/"); !strings.Contains(home.text("main"), "Rejected (422)") {
		t.Errorf("home: %s", home.text("main"))
	}
	page := b.get(base + "/static?username=ada").text("tbody")
	if cut := strings.Index(page, said); cut < 0 || !strings.Contains(page[cut:], row) || strings.Contains(page[:cut], row) {
		t.Errorf("the static log: %s", page)
	}
	if summary := b.get(base + "/summary?username=ada").body; !strings.Contains(summary, said) || !strings.Contains(summary, row) {
		t.Errorf("the summary: %s", summary)
	}
	var log struct{ Entries []store.Entry }
	if err := json.Unmarshal([]byte(s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+s.token("root")).body), &log); err != nil {
		t.Fatal(err)
	}
	if n := len(log.Entries); n != 26 || log.Entries[25].Path != row || log.Entries[24].Gap == nil || log.Entries[24].Gap.NotKept != 15 {
		t.Errorf("the API: %+v", log.Entries)
	}
}
