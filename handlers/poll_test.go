package handlers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// recordAPoll records three pages of ada, one of which failed, and a page that polls once a second since then.
func (s *site) recordAPoll(times int) {
	s.t.Helper()
	begun := time.Now().Add(-time.Duration(times+10) * time.Second)
	for i, e := range []store.Entry{{Path: "/orders", Code: 200}, {Path: "/orders/7", Code: 200}, {Path: "/boom", Code: 500}, {Path: "/dash", Code: 200}} {
		e.Username, e.Method, e.Kind, e.Time = "ada", "GET", store.KindPage, begun.Add(time.Duration(i)*time.Second)
		s.logs.Record(e)
	}
	for i := range times {
		s.logs.Record(store.Entry{
			Username: "ada", Method: "GET", Path: fmt.Sprintf("/poll?t=%d", i), Kind: store.KindFetch, Code: 200, From: "/dash",
			Time: begun.Add(time.Duration(i+5) * time.Second),
		})
	}
	redistest.Eventually(s.t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
}

// However long a page polls, what the person did before is there, and the poll is one line with a count.
func TestAPollPushesNothingOut(t *testing.T) {
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.recordAPoll(300)

		log := b.get(base + "/static?username=ada")
		if got := log.texts("#rows > tr[data-id] > td.url > code"); !slices.Equal(got, []string{"/dash", "/boom", "/orders/7", "/orders"}) {
			t.Errorf("the rows are %q", got)
		}
		if parts := log.texts("#rows ul.parts > li"); len(parts) != 1 || !strings.Contains(parts[0], "× 300") || !strings.Contains(parts[0], "again and again") {
			t.Errorf("the parts are %q", parts)
		}
		if now := log.text("#now"); !strings.Contains(now, "/dash") {
			t.Errorf("Now is %q", now)
		}
		if home := b.get(base + "/").text("main"); !strings.Contains(home, "ada Error (500)") {
			t.Errorf("home says %q", home)
		}

		var answer struct{ Entries []store.Entry }
		a := s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+s.token(root))
		if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
			t.Fatal(err)
		}
		n := len(answer.Entries)
		if n != store.DefaultMaxEntries+4 || answer.Entries[n-1].Path != "/orders" || answer.Entries[0].Repeats != 300 {
			t.Errorf("a program is told of %d entries, from %+v to %+v", n, answer.Entries[n-1], answer.Entries[0])
		}
	})
}
