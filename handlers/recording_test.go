package handlers_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// switched are the switches that are set.
func (s *site) switched() store.Switches {
	s.t.Helper()
	set, err := s.logs.Switches(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return set
}

// A superuser changes what is recorded by the form of the page, and sees what is set and who does not follow yet.
func TestRecordingIsChangedOnItsPage(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/") // so that there is an application
		a := b.post(base+"/recording", form("recording", "off", "publishing", "off", "sample", " 10 ", "ignore", "^/a,b$\r\n\r\n  x y \r\n"))
		if a = b.get(a.location()); a.text("#messages") != "The change has been made. Applications follow within 15 seconds." {
			t.Errorf("answered %d, %q", a.StatusCode, a.text("#messages"))
		}
		if set := s.switched(); !set.NoRecord || !set.NoPublish || set.Sample != 10 || !slices.Equal(set.Ignore, []string{"^/a,b$", "x y"}) {
			t.Errorf("set is %+v", set)
		}
		page := b.get(base + "/recording")
		for selector, want := range map[string]string{"#record [selected]": "Off", "#publish [selected]": "Off", "#ignore": "^/a,b$\nx y"} {
			if got := page.text(selector); got != strings.Join(strings.Fields(want), " ") {
				t.Errorf("%s is %q, want %q", selector, got, want)
			}
		}
		if n := page.find("#sample").AttrOr("value", ""); n != "10" || page.find("#behind li").Length() != 1 {
			t.Errorf("one of %s, and not following %q", n, page.text("#behind"))
		}
		const want = `recording: on → off; publishing: on → off; sampling: all → 1 of 10; ignore: nothing → "^/a,b$" "x y"`
		if all := s.records(); all[len(all)-1].Detail != want || all[len(all)-1].Actor != root || all[len(all)-1].Action != audit.RecordingChanged {
			t.Errorf("written down is %+v", all[len(all)-1])
		}
	})
}

// What can't be is refused, with what was typed. What a form does not have stays.
func TestRecordingThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	before := store.Switches{NoRecord: true, Sample: 3, Ignore: []string{"x"}}
	if err := s.logs.SetSwitches(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	before, written := s.switched(), len(s.audited())
	const number, patterns = "This number of requests can’t be used.", "These patterns can’t be used."
	for _, c := range []struct{ name, value, says string }{
		{"sample", "0", number},
		{"sample", "-1", number},
		{"sample", "10001", number},
		{"sample", "many", number},
		{"sample", "", number},
		{"ignore", "(", patterns},
		{"ignore", "x{900}\ny{900}\nz{900}", patterns},
		{"ignore", strings.Repeat("a\n", 5_000), patterns},
		{"ignore", strings.Repeat("a", 5_000), patterns},
		{"ignore", "\xff", patterns},
	} {
		a := b.post(base+"/recording", form(c.name, c.value))
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(a.text("#messages"), c.says) {
			t.Errorf("%s=%.20q: %d, %q", c.name, c.value, a.StatusCode, a.text("#messages"))
		}
		if typed := strings.TrimSpace(c.value); c.name == "ignore" && len(typed) < 100 && typed != "\xff" && a.find("#ignore").Text() != typed {
			t.Errorf("the form has %q", a.find("#ignore").Text())
		}
	}
	for _, nothing := range []string{"on ", "", "1"} {
		b.post(base+"/recording", form("recording", nothing))
	}
	if set := s.switched(); !set.Set.Equal(before.Set) || len(s.audited()) != written {
		t.Errorf("set is %+v, and written down %q", set, s.audited()[written:])
	}
}

// The page is there where what is set can't be read, and puts it right. Without the audit log nothing changes.
func TestRecordingThatCannotBeReadIsSetAnew(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, handlers.Options{})
	b, key := s.superuser(), s.logs.KeyPrefix()+"switches"
	client.Set(t.Context(), key, "garbage", 0)
	if a := b.get(base + "/recording"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.text("#messages"), "The switches can’t be read") {
		t.Errorf("answered %d, %q", a.StatusCode, a.text("#messages"))
	}
	if b.post(base+"/recording", form("recording", "off")); !s.switched().NoRecord {
		t.Errorf("set is %+v", s.switched())
	}
	s.loseAuditLog()
	if a := b.post(base+"/recording", form("recording", "on")); a.StatusCode != http.StatusServiceUnavailable || !s.switched().NoRecord {
		t.Errorf("without the audit log: %d, set is %+v", a.StatusCode, s.switched())
	}
	client.Del(t.Context(), key)
	client.LPush(t.Context(), key, "x")
	if a := b.get(base + "/recording"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("somebody's list: %d", a.StatusCode)
	}
}

// Where recording is switched off, pages and programs say so, instead of nothing. A user who can't be is told of all the same.
func TestPagesSayThatRecordingIsOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, token := s.superuser(), s.token(root)
	s.record("ada", "/")
	const says = "Recording is switched off, so nothing new appears here."
	told := func() (all []bool) {
		for _, path := range []string{"/static?username=ada", "/static?username=bob", "/"} {
			all = append(all, strings.Contains(b.get(base+path).body, says), strings.Contains(b.get(base+path, "HX-Request", "true").body, says))
		}
		for _, path := range []string{"/api/log?username=ada", "/api/users"} {
			all = append(all, strings.Contains(s.stranger().get(base+path, "Authorization", "Bearer "+token).body, `"recording_off":true`))
		}
		return all
	}
	etag := b.get(base + "/static?username=ada").Header.Get("ETag")
	if got := told(); slices.Contains(got, true) {
		t.Errorf("while it is on: %v", got)
	}
	b.post(base+"/recording", form("recording", "off"))
	if got := told(); slices.Contains(got, false) {
		t.Errorf("while it is off: %v", got)
	}
	if a := b.get(base+"/static?username=ada", "HX-Request", "true", "If-None-Match", etag); a.StatusCode != http.StatusOK {
		t.Errorf("a page that was open gets %d", a.StatusCode)
	}
	b.post(base+"/recording", form("recording", "on"))
	if got := told(); slices.Contains(got, true) {
		t.Errorf("while it is on again: %v", got)
	}
}

// A change that was made is shown, also where reports of applications can't be read. What may be missing is said.
func TestRecordingWithoutTheApplications(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/") // so that there is an application
	const says = "A part of the log store can’t be reached. Applications may be missing here until it is back."
	if page := b.get(base + "/recording"); strings.Contains(page.body, says) {
		t.Errorf("while all is well, the page says %q", page.text("main"))
	}
	redis.Permit("-smembers")
	a := b.post(base+"/recording", form("recording", "off"))
	if a = b.get(a.location()); a.StatusCode != http.StatusOK || a.text("#record [selected]") != "Off" || !strings.HasPrefix(a.text("#messages"), "The change has been made.") {
		t.Errorf("answered %d, %q", a.StatusCode, a.text("main"))
	}
	if got := a.text("section[aria-labelledby=behind-title]"); got != "Not following yet "+says {
		t.Errorf("the page says %q", got)
	}
}

// watched are the users who are recorded although others are not.
func (s *site) watched() []string {
	s.t.Helper()
	users, err := s.logs.Client().ZRange(s.t.Context(), s.logs.KeyPrefix()+"watched", 0, -1).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	return users
}

// Each way to a user's log has her recorded, if it lets in. No other does.
func TestALookHasTheUserRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b, token := s.superuser(), s.token(root)
	if b.post(base+"/recording", form("watch-only", "on")); !s.switched().WatchOnly {
		t.Fatal("it could not be switched on")
	}
	for name, w := range waysToALog {
		w.ask(b, token) // without a reason
		if got := s.watched(); len(got) > 0 {
			t.Errorf("%s has %q recorded, though it is refused", name, got)
		}
	}
	n := 0
	for name, w := range waysToALog {
		n++
		user := "user" + strconv.Itoa(n)
		w.target = strings.Replace(w.target, "username=ada", "username="+user, 1)
		s.setReason(user, time.Now().Add(time.Hour))
		s.setReason("", time.Now().Add(time.Hour))
		w.ask(b, token)
		if got, want := slices.Contains(s.watched(), user), strings.Contains(w.target, user) && !w.unlisted; got != want {
			t.Errorf("%s has her recorded: %v, want %v", name, got, want)
		}
	}
}

// Pages say that few are recorded, and when recording begins.
func TestPagesSayThatFewAreRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, token := s.superuser(), s.token(root)
	s.record("ada", "/")
	pages := map[string]string{
		"/static?username=ada": "Recording of ada begins within 15 seconds", "/live?username=ada": "Recording of ada begins within 15 seconds",
		"/": "others may be missing here", "/live/everyone": "others may be missing here",
	}
	for path := range pages {
		if b.get(base+path).find("#watch-only").Length() != 0 {
			t.Errorf("%s says so where all are recorded", path)
		}
	}
	etag := b.get(base + "/static?username=ada").Header.Get("ETag")
	if got := s.watched(); len(got) > 0 {
		t.Errorf("where all are recorded, %q is noted", got)
	}
	b.post(base+"/recording", form("watch-only", "on"))
	for path, want := range pages {
		if got := b.get(base + path).text("#watch-only"); !strings.Contains(got, want) {
			t.Errorf("%s says %q", path, got)
		}
	}
	if a := b.get(base+"/static?username=ada", "HX-Request", "true", "If-None-Match", etag); a.find("#watch-only").Length() != 1 {
		t.Errorf("a page that was open gets %d, %q", a.StatusCode, a.text("#watch-only"))
	}
	if a := s.stranger().get(base+"/api/log?username=ada", "Authorization", "Bearer "+token); !strings.Contains(a.body, `"watch_only":true`) {
		t.Errorf("a program is told %s", a.body)
	}
	for path, want := range map[string]string{"/live?username=ada&after=none": pages["/live?username=ada"], "/live/everyone?after=none": pages["/live/everyone"]} {
		if got := b.get(base+path, "HX-Request", "true").text("#watch-only"); !strings.Contains(got, want) {
			t.Errorf("a page that was open asks for %s, and is told %q", path, got)
		}
	}
	b.post(base+"/recording", form("recording", "off"))
	for path := range pages {
		if b.get(base+path).find("#watch-only").Length() != 0 {
			t.Errorf("%s says so where nobody is recorded", path)
		}
	}
}

// Another site's form changes nothing, nor does one of a viewer.
func TestRecordingIsNotChangedByOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	chief, viewer := s.superuser(), s.viewer("vera")
	for what, a := range map[string]*answer{
		"another site": chief.post(base+"/recording", form("recording", "off"), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"),
		"a viewer":     viewer.post(base+"/recording", form("recording", "off")),
		"a stranger":   s.stranger().post(base+"/recording", form("recording", "off")),
	} {
		if set := s.switched(); set.NoRecord || !set.Set.IsZero() {
			t.Errorf("%s changed it, with %d: %+v", what, a.StatusCode, set)
		}
	}
	if a := viewer.get(base + "/"); a.find("nav a[href$='/recording']").Length() != 0 {
		t.Error("a viewer is led to the page")
	}
}
