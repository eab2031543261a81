package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A name that is the same but for case and what was pasted around it leads to the log. Any other is offered, and no log is shown.
func TestWhoIsMeant(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		for _, username := range []string{"kathrin", "ada+test@example.com", "Bob", "bOB", "josé"} {
			s.record(username, "/secret")
		}
		for typed, want := range map[string]string{
			"Kathrin": "kathrin", "\u00a0kathrin\u200b": "kathrin", "Kat <mailto:KATHRIN>.": "kathrin", "ada test@example.com": "ada+test@example.com",
		} {
			for _, page := range []string{"/static", "/live", "/summary"} {
				a := b.get(base + page + "?" + url.Values{"username": {typed}, "show": {"errors"}}.Encode())
				if a.StatusCode != http.StatusSeeOther || a.location() != base+page+"?"+(url.Values{"username": {want}, "show": {"errors"}}).Encode() {
					t.Errorf("%s of %q leads to %d %s", page, typed, a.StatusCode, a.location())
				}
			}
		}
		for typed, want := range map[string][]string{
			"cathrin": {"kathrin"}, "kath": {"kathrin"}, "thri": {"kathrin"}, "bob": {"Bob", "bOB"}, "jose": {"josé"}, "quentin": nil,
		} {
			for _, page := range []string{"/static", "/live"} {
				a := b.get(base + page + "?username=" + typed)
				var names []string
				for _, link := range a.find("#offers a").EachIter() {
					names = append(names, link.Text())
					if href := link.AttrOr("href", ""); href != base+page+"?username="+url.QueryEscape(link.Text()) {
						t.Errorf("%s of %s: an offer leads to %s", page, typed, href)
					}
				}
				slices.Sort(names)
				if a.StatusCode != http.StatusOK || !slices.Equal(names, want) || strings.Contains(a.body, "secret") {
					t.Errorf("%s of %s: %d, offered are %q, want %q", page, typed, a.StatusCode, names, want)
				}
			}
		}
		if a := b.get(base + "/static?username=cathrin"); a.text("#offers-title") != "Users with similar names" || a.find("#offers time-ago").Length() != 1 || a.find("#offers .presence").Length() != 0 {
			t.Errorf("the offers are %q", a.text("#offers"))
		}
		for _, record := range s.audited() {
			if strings.Contains(record, "kathrin") || strings.Contains(record, "Bob") {
				t.Errorf("nothing was shown of this user: %s", record)
			}
		}
	})
}

// A slip needs no reason: who is meant is offered in front of the form.
func TestOffersStandBeforeTheReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	s.record("kathrin", "/secret")
	for _, page := range []string{"/static", "/live"} {
		a := b.get(base + page + "?username=cathrin")
		if a.StatusCode != http.StatusForbidden || a.find("#offers a").AttrOr("href", "") != base+page+"?username=kathrin" || a.find("#reason-form").Length() != 1 {
			t.Errorf("%s: %d %s", page, a.StatusCode, a.body)
		}
	}
	if a := b.get(base + "/static?username=KATHRIN"); a.location() != base+"/static?username=kathrin" {
		t.Errorf("%d leads to %q", a.StatusCode, a.location())
	}
}

// Where the host has a user of exactly this name, nobody else's log opens in her place.
func TestSomebodyElsesCase(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{UserExists: func(_ context.Context, username string) (bool, error) {
		return username == "Ada" || username == "ada", nil
	}})
	b := s.superuser()
	s.record("ada", "/secret")
	a := b.get(base + "/static?username=Ada")
	a.expect(http.StatusOK, "No logs for Ada."+askForName+ifItIs)
	if got := a.texts("#offers a"); !slices.Equal(got, []string{"ada"}) || strings.Contains(a.body, "secret") {
		t.Errorf("offered are %q", got)
	}
	if a := b.get(base + "/static?username=ADA"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a name that nobody has: %d", a.StatusCode)
	}
}

func TestProgramsAreAnsweredWhoIsMeant(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	s.record("kathrin", "/hers")
	program, bearer := s.stranger(), "Bearer "+s.token(root)
	if a := program.get(base+"/api/log?username=+Kathrin", "Authorization", bearer); !strings.Contains(a.body, `"username":"kathrin"`) || !strings.Contains(a.body, "/hers") {
		t.Errorf("but for case: %s", a.body)
	}
	if a := program.get(base+"/api/log?username=cathrin", "Authorization", bearer); a.body != `{"entries":[],"similar":["kathrin"],"username":"cathrin"}` {
		t.Errorf("a similar name: %s", a.body)
	}
	if a := program.get(base+"/api/users?q=cathrin", "Authorization", bearer); !strings.Contains(a.body, `"kathrin"`) || !strings.Contains(a.body, `"near":true`) {
		t.Errorf("a search: %s", a.body)
	}
	if conn, response := program.dial(base+"/live/socket?username=KATHRIN&format=json", "Authorization", bearer, "Origin", ""); conn == nil {
		t.Errorf("the socket: %d", response.StatusCode)
	} else if got := readPath(t, conn); got != "/hers" {
		t.Errorf("the socket's first entry is %q", got)
	}
}

// Where it can't be looked up who is meant, the page does not pretend that nobody is.
func TestWhoIsMeantIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	b := s.superuser()
	s.record("kathrin", "/hers")
	const names, codes = "Similar names could not be looked up.", "Similar names and codes could not be looked up."
	for _, test := range []struct{ typed, forbidden, says, program string }{
		{"cathrin", "zrangebyscore", names, `"similar_lost":true`},
		{"cathrin", "zrangebylex", codes, `"error":`},
		{store.NewReference(), "smembers", codes, `{"entries":[],"username":`},
	} {
		redis.Permit("-" + test.forbidden)
		for _, page := range []string{"/static", "/live"} {
			a := b.get(base + page + "?username=" + test.typed)
			again := a.find("#offers-lost a").AttrOr("href", "")
			if !strings.HasPrefix(a.text("#offers-lost"), test.says) {
				t.Errorf("%s of %s without %s says %q", page, test.typed, test.forbidden, a.text("#offers-lost"))
			}
			if a.StatusCode != http.StatusOK || again != base+page+"?username="+test.typed || a.find("#offers").Length() != 0 || strings.Contains(a.body, "may have expired together") {
				t.Errorf("%s of %s without %s: %d, again is %q: %s", page, test.typed, test.forbidden, a.StatusCode, again, a.text("main"))
			}
		}
		program := s.stranger().get(base+"/api/log?username="+test.typed, "Authorization", "Bearer "+s.token(root))
		if !strings.Contains(program.body, test.program) {
			t.Errorf("a program that asks for %s without %s: %s", test.typed, test.forbidden, program.body)
		}
		redis.Permit("+" + test.forbidden)
		if a := b.get(base + "/static?username=" + test.typed); a.find("#offers-lost").Length() != 0 {
			t.Errorf("%s is still lost: %s", test.typed, a.text("main"))
		}
	}
}

// Where it can't be looked up who is meant, a program is not given the empty log of what was typed.
func TestWhomAProgramMeansIsLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	s.createSuperuser()
	s.record("kathrin", "/hers")
	program, bearer := s.stranger(), "Bearer "+s.token(root)
	for _, sign := range []string{"-", "+"} {
		redis.Permit(sign + "zrangebylex")
		if a := program.get(base+"/api/log?username=Kathrin", "Authorization", bearer); strings.Contains(a.body, "/hers") != (sign == "+") || sign == "-" && a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the API %szrangebylex: %d %s", sign, a.StatusCode, a.body)
		}
		conn, response := program.dial(base+"/live/socket?username=Kathrin&format=json", "Authorization", bearer, "Origin", "")
		if (conn != nil) != (sign == "+") || sign == "-" && response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the socket %szrangebylex: %d", sign, response.StatusCode)
		}
	}
	if got := s.audited(); slices.ContainsFunc(got, func(record string) bool { return strings.Contains(record, "Kathrin") }) {
		t.Errorf("nothing was shown of this user: %q", got)
	}
}
