package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// sending are options of an admin whose messages go somewhere.
func sending() handlers.Options {
	return handlers.Options{Destinations: func() []string { return []string{"pager", "support"} }}
}

// A superuser makes rules by the forms of the page, and removes them. The audit log has each change.
func TestRulesAreChangedOnTheirPage(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, sending())
		b := s.superuser()
		page := b.get(base + "/rules")
		if page.StatusCode != http.StatusOK || page.find("#rules").Length() != 0 || page.text("#destinations tbody tr:first-child") != "pager – Nothing was sent within a week" {
			t.Errorf("at first: %d, %q", page.StatusCode, page.text("main"))
		}
		for _, fields := range [][]string{{"kind", "many-fail", "count", " 5 "}, {"kind", "user-fails", "username", "<b>\u202e"}} {
			a := b.post(base+"/rules/add", form(fields...))
			if page = b.get(a.location()); page.text("#messages") != "The rule is made. It tells of what fails from now on." {
				t.Errorf("%q: %d, %q", fields, a.StatusCode, page.text("#messages"))
			}
		}
		if got := page.text("#rules tbody tr:first-child .name"); got != "More than 5 users fail on the same page within 5 minutes" {
			t.Errorf("the first rule is %q", got)
		}
		if got := page.text("#rules tbody tr:last-child .name"); got != "A request of <b>[U+202E] fails" {
			t.Errorf("the second rule is %q", got)
		}
		if got := page.text(".warning"); !strings.HasPrefix(got, "No program watches the rules at the moment") {
			t.Errorf("where nobody watches: %q", got)
		}
		client.Set(t.Context(), "userlog:{webhook}:leader", "x", 0)
		if page = b.get(base + "/rules"); page.find(".warning").Length() != 0 {
			t.Errorf("where somebody watches: %q", page.text(".warning"))
		}
		id := page.find("#rules tbody tr:first-child [name=id]").AttrOr("value", "")
		if a := b.post(base+"/rules/remove", form("id", id)); b.get(a.location()).text("#messages") != "The rule is removed." {
			t.Errorf("removed: %d", a.StatusCode)
		}
		all := s.records()
		if made, removed := all[len(all)-2], all[len(all)-1]; made.Action != audit.RuleMade || made.Subject == "" || removed.Action != audit.RuleRemoved || removed.Actor != root || !strings.HasPrefix(removed.Detail, "more than 5 users") {
			t.Errorf("written down are %+v and %+v", made, removed)
		}
	})
}

// The page says how sending goes to each destination.
func TestRulesPageSaysWhatArrives(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, sending())
	b := s.superuser()
	client.HSet(t.Context(), "userlog:{webhook}:state", "pager:sent", "1790000000000", "support:failed", "3", "gone:failed", "9")
	page := b.get(base + "/rules")
	if got := page.text("#destinations tbody"); got != "pager 2026-09-21 14:13:20 UTC Messages arrive support – Messages do not arrive. The page Health says what to do." {
		t.Errorf("the page says %q", got)
	}
	client.HSet(t.Context(), "userlog:{webhook}:state", "pager:failed", "1", "support:failed", "2")
	const again = " The last attempt failed; it is tried again."
	if got := b.get(base + "/rules").text("#destinations tbody"); got != "pager 2026-09-21 14:13:20 UTC"+again+" support –"+again {
		t.Errorf("while messages are tried again, the page says %q", got)
	}
}

// What can't be is refused, with what was typed.
func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), sending())
	b := s.superuser()
	b.post(base+"/rules/add", form("kind", "user-fails", "username", "ada"))
	written := len(s.audited())
	for _, c := range []struct {
		path, kind, count, username, says string
		status                            int
	}{
		{"add", "many-fail", "0", "", "This number of users can’t be used.", 422},
		{"add", "many-fail", "1001", "", "This number of users can’t be used.", 422},
		{"add", "many-fail", "many", "", "This number of users can’t be used.", 422},
		{"add", "user-fails", "", "", "Nobody can have this username.", 422},
		{"add", "user-fails", "", "a\nb", "Nobody can have this username.", 422},
		{"add", "user-fails", "", "ada", "There is such a rule already.", 422},
		{"add", "other", "", "", "", 404},
		{"add", "", "", "", "", 404},
		{"remove", "", "", "", "This rule is not there any more.", 422},
	} {
		a := b.post(base+"/rules/"+c.path, form("kind", c.kind, "count", c.count, "username", c.username, "id", "nosuch"))
		if a.StatusCode != c.status || !strings.HasPrefix(a.text("#messages"), c.says) {
			t.Errorf("%+v: %d, %q", c, a.StatusCode, a.text("#messages"))
		}
		if typed := a.find("#count").AttrOr("value", ""); c.kind == "many-fail" && typed != c.count {
			t.Errorf("%+v: the form has %q", c, typed)
		}
	}
	if got := len(s.audited()); got != written {
		t.Errorf("%d records were written", got-written)
	}
	s.loseAuditLog()
	if a := b.post(base+"/rules/add", form("kind", "many-fail", "count", "7")); a.StatusCode != http.StatusServiceUnavailable || b.get(base+"/rules").find("#rules tbody tr").Length() != 1 {
		t.Errorf("without the audit log: %d", a.StatusCode)
	}
}

// Where messages go nowhere, there is no page, and nobody is led to it. Viewers are not, either.
func TestRulesAreThereForWhomTheyAre(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	s := newSite(t, client, sending())
	if chief, viewer := s.superuser(), s.viewer("vera"); chief.get(base+"/").find("nav a[href$='/rules']").Length() != 1 || viewer.get(base+"/").find("nav a[href$='/rules']").Length() != 0 {
		t.Error("not superusers alone are led there")
	}
	without := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	if b := without.superuser(); b.get(base+"/").find("nav a[href$='/rules']").Length() != 0 || b.get(base+"/rules").StatusCode != http.StatusNotFound {
		t.Error("there is a page without destinations")
	}
}
