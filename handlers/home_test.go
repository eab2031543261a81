package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestHomeShowsWhoIsThereAndWhoIsInTrouble(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/")
	s.logs.Record(store.Entry{Username: "grace", Method: "POST", Path: "/pay", Code: 422, Time: time.Now().Add(-2 * time.Minute)})
	redistest.Eventually(t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
	home := b.get(base + "/")
	if got := home.texts("#seen td.user, #seen td.state"); fmt.Sprint(got) != "[ada active now grace idle]" {
		t.Errorf("on the site: %q", got)
	}
	if got := home.texts("#trouble td.user, #trouble td.result"); fmt.Sprint(got) != "[grace Rejected (422)]" {
		t.Errorf("in trouble: %q", got)
	}
}

// A loop of redirects fails nowhere, and is trouble all the same.
func TestHomeLooksForHints(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for range 4 {
		s.logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/account", Code: 302, Location: "/account", Kind: store.KindPage})
	}
	s.record("bob", "/")
	redistest.Eventually(t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
	home := b.get(base + "/")
	if got := home.texts("#trouble td.user, #trouble td.result"); fmt.Sprint(got) != "[ada A loop of redirects]" {
		t.Errorf("in trouble: %q", got)
	}
}

// A log that can't be read does not keep home from seeing in others what is solved.
func TestHomeWithoutALog(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{Identify: hostLogin})
	for _, username := range []string{"ada", "bob!"} {
		for _, code := range []int{500, 200} {
			s.logs.Record(store.Entry{Username: username, Method: "POST", Path: "/pay", Code: code})
		}
	}
	shows := func(ada, bob string, partial bool) func() bool {
		return func() bool {
			home := s.stranger().get(base+"/", "X-Host-User", root)
			rows := home.texts("#trouble td.user, #trouble td.result")
			return slices.Contains([]string{fmt.Sprint([]string{"bob!", bob, "ada", ada}), fmt.Sprint([]string{"ada", ada, "bob!", bob})}, fmt.Sprint(rows)) &&
				strings.Contains(home.body, "Users may be missing here") == partial
		}
	}
	const failed, solved = "Error (500)", "Error (500) solved"
	redistest.Eventually(t, "both are solved", shows(solved, solved, false))
	redis.Permit("resetkeys", "~*[^!]")
	redistest.Eventually(t, "one is still seen to be solved", shows(solved, failed, true))
}

func TestHomeIsSentAgainOnlyWhenItLooksDifferent(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/")
	whole := b.get(base + "/")
	tag := whole.Header.Get("ETag")
	refresh := func(tag string) *answer { return b.get(base+"/", "HX-Request", "true", "If-None-Match", tag) }
	// Reports of the application come in the meantime, and change the page.
	redistest.Eventually(t, "nothing has changed", func() bool {
		again := refresh(tag)
		again.expectTime(t)
		if again.StatusCode == http.StatusNotModified {
			return again.body == ""
		}
		tag = again.Header.Get("ETag")
		return false
	})
	s.record("grace", "/")
	part := refresh("W/" + tag)
	if part.StatusCode != http.StatusOK || part.find("html > head > title").Length() != 0 || part.find("#lists #seen tbody tr").Length() != 2 {
		t.Errorf("%d\n%s", part.StatusCode, part.body)
	}
	if got := part.find("#lists").AttrOr("hx-headers", ""); got != fmt.Sprintf(`{"If-None-Match":%q}`, part.Header.Get("ETag")) || part.Header.Get("ETag") == tag {
		t.Errorf("the next refresh says %s, its ETag is %s", got, part.Header.Get("ETag"))
	}
}

func TestMoreThanCanBeSuggestedIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	for i := range 10 {
		s.record(fmt.Sprint("user", i), "/")
	}
	b.awaitText(base+"/users?q=us", "p", "10 users") // at first, names are still being read
	s.record("user10", "/")
	b.awaitText(base+"/users?q=us", "p", "The first 10 users. Type more to see fewer.")
	if n := b.get(base + "/users?q=us").find("[role=option]").Length(); n != 10 {
		t.Errorf("of eleven, %d are suggested", n)
	}
}

// Where a master of a Cluster is away, the admin shows the users of the others, and says that some may be missing.
func TestHomeWithoutAMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := newSite(t, cluster.Client(t), handlers.Options{Identify: hostLogin, IdentifyToken: hostLogin})
	b := s.stranger()
	key := func(username string) string { return s.logs.KeyPrefix() + "log:" + username }
	gone := cluster.Master(s.logs.KeyPrefix() + "log:user0")
	var away, there string
	for n := 0; away == "" || there == ""; n++ {
		username := fmt.Sprint("user", n)
		if cluster.Master(key(username)) == gone {
			away = username
		} else {
			there = username
		}
	}
	s.logs.Record(store.Entry{Username: away, Path: "/", Code: 200})
	s.logs.Record(store.Entry{Username: there, Path: "/", Code: 200})
	shows := func(path string, usernames ...string) bool {
		page := b.get(path, "X-Host-User", root).text("body")
		for _, username := range usernames {
			if !strings.Contains(page, username) {
				return false
			}
		}
		return strings.Contains(page, "Users may be missing here") == (len(usernames) == 1)
	}
	redistest.Eventually(t, "both users are shown", func() bool { return shows(base+"/", away, there) && shows(base+"/users?q=user", away, there) })
	typed := "a" + there // a similar name, of which another master would know whether somebody has it
	for letter := 'b'; cluster.Master(key(typed)) == gone; letter++ {
		typed = string(letter) + there
	}
	similar := func() string { return b.get(base+"/api/users?q="+typed, "X-Host-User", root).body }
	if got := similar(); !strings.Contains(got, `"near":true`) || strings.Contains(got, "partial") {
		t.Errorf("a program that asks for a similar name is told %s", got)
	}
	cluster.Replica(gone).Kill()
	gone.Kill()
	redistest.Eventually(t, "one is missing, and the page says so", func() bool { return shows(base+"/", there) && shows(base+"/users?q=user", there) })
	if got := similar(); strings.Contains(got, `"near"`) || !strings.Contains(got, `"partial":true`) || !strings.Contains(got, there) {
		t.Errorf("a program that asks for a similar name while one is missing is told %s", got)
	}
}
