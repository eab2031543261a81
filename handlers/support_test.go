package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// ask gives the customer of a log a code.
func (s *site) ask(username string) string {
	s.t.Helper()
	support, err := s.logs.SupportCode(s.t.Context(), username, false)
	if err != nil {
		s.t.Fatal(err)
	}
	return support.Code
}

// A code opens the log of somebody who is not logged in, by the same gate as any look. Agent and customer see the same word.
func TestASupportCodeOpensTheVisitorsLog(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{UserExists: func(context.Context, string) (bool, error) {
			return false, nil // of visitors the host knows nothing
		}})
		b, visitor := s.superuser(), store.VisitorName("hers")
		s.logs.Record(store.Entry{Username: visitor, Method: "POST", Path: "/login", Code: 422, Kind: store.KindPage, Page: "Log in", Problem: "wrong password"})
		s.record(visitor, "/help")
		code := s.ask(visitor)
		if a := b.do(http.MethodHead, base+"/live?username="+code, nil); a.location() != "" {
			t.Errorf("asked for the header only, it leads to %s", a.location())
		}
		a := b.get(base + "/live?username=" + code[:3] + "+" + code[3:])
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), base+"/live?username=visitor") {
			t.Fatalf("%d leads to %s", a.StatusCode, a.location())
		}
		customer, err := s.logs.SupportCode(t.Context(), visitor, false)
		if err != nil || customer.Agent != root || customer.Word == "" {
			t.Fatalf("the customer sees %+v, %v", customer, err)
		}
		live := b.get(a.location())
		static := b.get(strings.Replace(a.location(), "/live", "/static", 1))
		for _, page := range []*answer{live, static} {
			if got := page.text("h1"); !strings.Contains(got, "Visitor") || !strings.Contains(got, "not logged in") {
				t.Errorf("the heading is %q", got)
			}
			if got := page.text("#support"); !strings.Contains(got, "You are speaking with "+root+": "+customer.Word) {
				t.Errorf("the agent reads %q", got)
			}
			if left, err := strconv.Atoi(page.find("#support").AttrOr("data-left", "")); err != nil || left < 14*60 || left > 15*60 {
				t.Errorf("the agent reads it for %d s, %v", left, err)
			}
			if got := page.find("#search input[name=username]").AttrOr("value", "none"); got != "" {
				t.Errorf("the search field has %q", got)
			}
		}
		if got := static.text("#now"); !strings.Contains(got, "wrong password") {
			t.Errorf("the headline is %q", got)
		}
		if again := b.get(base + "/static?username=" + code); again.location() != strings.Replace(a.location(), "/live", "/static", 1) {
			t.Errorf("typed again, it leads to %s", again.location())
		}
		if other := s.viewer("victor").get(base + "/live?username=" + code); other.StatusCode != http.StatusOK ||
			!strings.Contains(other.text("#messages"), "Somebody else has used the code") || other.find("#live, #support").Length() > 0 {
			t.Errorf("another agent gets %d: %s", other.StatusCode, other.text("#messages"))
		}
		if records := strings.Join(s.audited(), "\n"); strings.Count(records, "code-used") != 3 || !strings.Contains(records, visitor) {
			t.Errorf("recorded is %q", records)
		}
	})
}

// The code of a user who is logged in opens that user's log.
func TestASupportCodeOpensAUsersLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	s.record("ada", "/cart")
	a := b.get(base + "/summary?username=" + s.ask("ada"))
	if a.location() != base+"/static?username=ada" {
		t.Fatalf("it leads to %s", a.location())
	}
	if a := b.get(a.location()); a.StatusCode != http.StatusForbidden || strings.Contains(a.body, "/cart") || a.find("#reason-form").Length() != 1 {
		t.Errorf("without a reason: %d", a.StatusCode)
	}
}

// What is no code says what to do, opens nothing, and can't be tried out.
func TestWrongSupportCodes(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, visitor := s.superuser(), store.VisitorName("hers")
	s.record(visitor, "/secret")
	s.record("123456", "/his")
	code, wrong := s.ask(visitor), "000000"
	for _, page := range []string{"/static", "/live"} {
		a := b.get(base + page + "?username=" + wrong)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.text("#messages"), "Nobody has the code "+wrong) || a.find("#live, #rows > tr").Length() > 0 {
			t.Errorf("%s: %d %q", page, a.StatusCode, a.text("#messages"))
		}
	}
	if a := b.get(base + "/summary?username=" + wrong); a.StatusCode != http.StatusNotFound {
		t.Errorf("the summary: %d", a.StatusCode)
	}
	if a := s.stranger().get(base + "/static?username=" + code); strings.Contains(a.location(), "visitor") {
		t.Errorf("who is not logged in is led to %s", a.location())
	}
	tries := 0
	for b.get(base+"/static?username="+wrong).StatusCode == http.StatusOK {
		if tries++; tries > 50 {
			t.Fatal("codes can be tried out for ever")
		}
	}
	if a := b.get(base + "/static?username=" + code); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("then the right one is answered with %d", a.StatusCode)
	}
	if a := b.get(base + "/static?username=123456"); a.StatusCode != http.StatusOK || a.find("#rows > tr").Length() != 1 {
		t.Errorf("a user who is called so: %d", a.StatusCode)
	}
	b = s.viewer("vera")
	if a := b.get(base + "/static?username=" + code); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another agent is answered with %d", a.StatusCode)
	}
	s.client.Del(t.Context(), s.logs.KeyPrefix()+"log:"+visitor)
	for _, page := range []string{"/static", "/live"} {
		if a := b.get(base + page + "?username=" + visitor); !strings.Contains(a.text("#messages"), "The log of this visitor has expired") {
			t.Errorf("%s of an expired log: %q", page, a.text("#messages"))
		}
	}
}

// Where the host can't say whether there is a user of that name, or says so of every name, codes can't be tried out either.
func TestSupportCodesAreCountedWhateverTheHostSays(t *testing.T) {
	t.Parallel()
	for name, exists := range map[string]func(context.Context, string) (bool, error){
		"away": func(context.Context, string) (bool, error) { return false, errors.New("the directory is away") },
		"all":  func(context.Context, string) (bool, error) { return true, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{UserExists: exists})
			b, visitor := s.superuser(), store.VisitorName("hers")
			s.record(visitor, "/secret")
			code, tries := s.ask(visitor), 0
			for b.get(base+"/static?username=000000&code=1").StatusCode == http.StatusOK {
				if tries++; tries > 50 {
					t.Fatal("codes can be tried out for ever")
				}
			}
			for _, query := range []string{code, code + "&code=1"} {
				if a := b.get(base + "/static?username=" + query); a.StatusCode != http.StatusTooManyRequests {
					t.Errorf("then %s is answered with %d", query, a.StatusCode)
				}
			}
		})
	}
}

// A number may be the code of a caller and the name of a user. Then the agent chooses, and sees nobody before.
func TestANumberThatIsACodeAndAName(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, visitor := s.superuser(), store.VisitorName("hers")
	s.record(visitor, "/hers")
	code := s.ask(visitor)
	s.record(code, "/his")
	for _, page := range []string{"/static", "/live"} {
		a := b.get(base + page + "?username=" + code)
		links := a.find("#offers a")
		if links.Length() != 2 || a.find("#rows > tr, #live").Length() > 0 || !strings.Contains(a.text("#messages"), "the name of a user as well") {
			t.Fatalf("%s offers %q: %q", page, links.Text(), a.text("#messages"))
		}
		hers := b.get(links.Eq(0).AttrOr("href", ""))
		if !strings.HasPrefix(hers.location(), base+page+"?username=visitor") {
			t.Errorf("the code leads to %s", hers.location())
		}
		if his := b.get(links.Eq(1).AttrOr("href", "")); his.StatusCode != http.StatusOK || !strings.Contains(his.text("h1"), code) {
			t.Errorf("the name leads to %d %q", his.StatusCode, his.text("h1"))
		}
	}
}

// A link of another site's page uses no code, also where the agent clicks on it: she is asked whether a caller has told her. A link to a user whose name is a number is just that.
func TestAnotherSitesPageUsesNoCode(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, visitor := s.superuser(), store.VisitorName("hers")
	s.record(visitor, "/hers")
	code := s.ask(visitor)
	for _, site := range []string{"cross-site", "same-site"} {
		for _, target := range []string{"/static?username=" + code, "/static?code=1&username=" + code, "/live?username=" + code} {
			a := b.get(base+target, "Sec-Fetch-Site", site, "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1")
			if a.StatusCode != http.StatusOK || a.find("#offers a").Length() != 2 || !strings.Contains(a.text("#messages"), "Another site") {
				t.Errorf("from a %s page, %s answers %d: %q", site, target, a.StatusCode, a.text("#messages"))
			}
		}
	}
	s.record("123456", "/his")
	if a := b.get(base+"/static?username=123456", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"); a.find("#offers a").Length() > 0 || a.find("#rows > tr").Length() == 0 {
		t.Errorf("a user's log: %q", a.text("#messages"))
	}
	if a := b.get(base+"/static?username="+code, "Sec-Fetch-Site", "same-origin"); !strings.HasPrefix(a.location(), base+"/static?username=visitor") {
		t.Errorf("then the code leads to %s", a.location())
	}
}

// After the login, each log says where the other one is.
func TestAVisitorsLogLeadsToTheUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b, visitor := s.superuser(), store.VisitorName("hers")
	s.record(visitor, "/help")
	s.logs.Join(visitor, store.Entry{Username: `ad"a<b>`, Method: "POST", Path: "/login", Code: 303, Kind: store.KindPage})
	redistest.Eventually(t, "the logs are joined", func() bool {
		log, err := s.logs.Log(t.Context(), `ad"a<b>`)
		return err == nil && len(log.Entries) == 2
	})
	became := b.get(base + "/static?username=" + visitor).find("#rows .became")
	if became.Length() != 1 || became.Text() != `has logged in as ad"a<b>` {
		t.Fatalf("the visitor's log says %q", became.Text())
	}
	if now := b.get(base + "/static?username=" + visitor).find("#now .became"); now.Text() != `Has logged in as ad"a<b>` {
		t.Errorf("the headline says %q", now.Text())
	}
	user := b.get(base + "/" + strings.Replace(became.Find("a").AttrOr("href", ""), "live", "static", 1))
	was := user.find("#rows .visitor")
	if was.Length() != 1 || was.Find("a").AttrOr("href", "") != "live?username="+strings.Replace(visitor, ":", "%3A", 1) {
		t.Errorf("the user's log says %q", was.Text())
	}
	summary := b.get(base + "/summary?username=" + visitor)
	if !strings.Contains(summary.body, "has logged in as `ad\"a<b>`") || !strings.HasPrefix(summary.body, "`Visitor ") {
		t.Errorf("the summary is %s", summary.body)
	}
}

// Where Redis is away, nothing is said of a code.
func TestASupportCodeWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := newSite(t, server.Client(t), handlers.Options{})
	b := s.superuser()
	code := s.ask("ada")
	server.Kill()
	if a := b.get(base + "/static?username=" + code); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the answer is %d", a.StatusCode)
	}
}
