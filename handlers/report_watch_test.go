package handlers_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// Where nothing new can arrive, pages that refresh themselves don't say that all is well. An agent sees no list of applications.
func TestPagesThatRefreshThemselvesTellSilence(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		root, b := s.superuser(), s.viewer("vera")
		s.leaveBehind(store.Entry{Username: "ada", Path: "/pay", Code: 422, Time: time.Now().Add(-5 * time.Minute)})
		pages := []string{base + "/", base + "/static?username=ada"}
		tags := make(map[string]string)
		for _, page := range pages {
			tags[page] = b.isSaid(page, "refreshing", "Refreshes by itself")
		}
		s.admin.BelieveSilence()
		for _, page := range pages {
			tags[page] = b.learns(page, tags[page], "nobody", "No application is reporting")
		}
		home := b.get(pages[0])
		if got := home.texts("#lists .message, #lists .nobody, #seen td.user, #seen td.state"); fmt.Sprint(got) !=
			"[No application has reported for a minute. Check that the site runs and that it writes to this log store. ada ]" {
			t.Errorf("home says %q", got)
		}

		// django-userlog sends no reports.
		line := fmt.Sprintf(`{"method":"GET","path":"/","code":200,"time":%d}`, time.Now().Unix())
		if err := client.RPush(t.Context(), s.logs.KeyPrefix()+"log:django", line).Err(); err != nil {
			t.Fatal(err)
		}
		b.isSaid(base+"/static?username=django", "refreshing", "Refreshes by itself")

		s.record("bob", "/")
		for _, page := range pages {
			redistest.Eventually(t, "it reports", func() bool { return b.get(page).Header.Get("Userlog-State") == "refreshing" })
			tags[page] = b.isSaid(page, "refreshing", "Refreshes by itself")
		}
		root.post(base+"/recording", form("recording", "off"))
		for _, page := range pages {
			b.learns(page, tags[page], "off", "Recording is off")
		}
	})
}

// leaveBehind has an application record an entry, and stop. No report of another can be read.
func (s *site) leaveBehind(entry store.Entry) {
	s.t.Helper()
	if err := s.client.Set(s.t.Context(), s.logs.KeyPrefix()+"applications", "of another program", 0).Err(); err != nil {
		s.t.Fatal(err)
	}
	logs, err := store.New(s.client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	logs.Record(entry)
	if err := logs.Close(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// isSaid checks what a page says of its connection, and returns its ETag. So does a refresh without news say.
func (b *browser) isSaid(target, state, words string) (etag string) {
	b.t.Helper()
	page := b.get(target)
	if got := page.find("#connection").AttrOr("data-state", ""); got != state || page.text("#connection") != words || page.Header.Get("Userlog-State") != state {
		b.t.Errorf("%s: %q, %q, %q", target, got, page.text("#connection"), page.Header.Get("Userlog-State"))
	}
	etag = page.Header.Get("ETag")
	if same := b.get(target, "HX-Request", "true", "If-None-Match", etag); same.StatusCode == http.StatusNotModified && same.Header.Get("Userlog-State") != state {
		b.t.Errorf("%s: a refresh without news says %q", target, same.Header.Get("Userlog-State"))
	}
	return etag
}

// learns is isSaid for a page that has said something else, with this ETag.
func (b *browser) learns(target, before, state, words string) (etag string) {
	b.t.Helper()
	if a := b.get(target, "HX-Request", "true", "If-None-Match", before); a.StatusCode != http.StatusOK || a.Header.Get("Userlog-State") != state {
		b.t.Errorf("%s: the refresh is answered with %d, %q", target, a.StatusCode, a.Header.Get("Userlog-State"))
	}
	return b.isSaid(target, state, words)
}
