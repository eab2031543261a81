package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// tell records a request that failed, and returns the code that its user was told.
func (s *site) tell(username, path string) (code string) {
	s.t.Helper()
	code = store.NewReference()
	s.logs.Record(store.Entry{Username: username, Method: "POST", Path: path, Code: 500, Kind: store.KindPage, Reference: code})
	redistest.Eventually(s.t, "the code leads somewhere", func() bool {
		found, err := s.logs.ByReference(s.t.Context(), code)
		return err == nil && len(found) > 0
	})
	return code
}

// A code that a customer reads from an error page opens the line of that request, by the same gate as any look.
func TestACodeOpensItsLine(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/before")
		code := s.tell("ada", "/pay")
		s.record("ada", "/after")
		if len(s.audited()) > 1 { // the login
			t.Errorf("before anybody looked: %q", s.audited())
		}
		for _, page := range []string{"/static", "/live", "/summary"} {
			for _, typed := range []string{code, strings.ToLower(code[:3] + " " + code[3:])} {
				a := b.get(base + page + "?username=" + url.QueryEscape(typed))
				if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.location(), base+"/static?line=") || !strings.HasSuffix(a.location(), "&username=ada#line") {
					t.Fatalf("%s: %d leads to %s", page, a.StatusCode, a.location())
				}
			}
		}
		a := b.get(strings.TrimSuffix(b.get(base+"/static?username="+code).location(), "#line"))
		row := a.find("#rows > tr[aria-current=true]")
		if row.Length() != 1 || !strings.Contains(row.Text(), "/pay") || row.Find("details[open]").Length() != 1 || row.Find("#line").Length() != 1 || !strings.Contains(row.Text(), code) {
			t.Errorf("pointed out is %q", row.Text())
		}
		if refresh := a.find("#log-section").AttrOr("hx-get", ""); !strings.Contains(refresh, "&line=") {
			t.Errorf("a refresh asks for %s, and points nothing out", refresh)
		}
		if records := strings.Join(s.audited(), "\n"); strings.Count(records, "ada") != 1 {
			t.Errorf("the look is recorded as %q", records)
		}
		b.get(base+"/static?username=ada&line=gone").expect(http.StatusOK, "The request that the link leads to is no longer in this log. See below what came after it, or ask the caller to do it again.")
	})
}

// Without a reason nothing is shown, and who has stated one gets to the line.
func TestACodeNeedsAReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	code := s.tell("ada", "/secret")
	line := strings.TrimSuffix(b.get(base+"/static?username="+code).location(), "#line")
	a := b.get(line)
	if a.StatusCode != http.StatusForbidden || strings.Contains(a.body, "/secret") || a.find("#reason-form").Length() != 1 {
		t.Fatalf("without a reason: %d %s", a.StatusCode, a.body)
	}
	var fields []string
	for _, field := range a.find("#reason-form input[type=hidden]").EachIter() {
		fields = append(fields, field.AttrOr("name", ""), field.AttrOr("value", ""))
	}
	stated := b.post(base+"/reason", form(append(fields, "reason", "ticket 7")...))
	if b.get(stated.location()).find("#rows > tr[aria-current]").Length() != 1 {
		t.Errorf("the reason leads to %s", stated.location())
	}
	if stranger := s.stranger().get(base + "/static?username=" + code); strings.Contains(stranger.location(), "ada") {
		t.Errorf("who is not logged in is led to %s", stranger.location())
	}
}

// Wrong codes say what to do, show nobody's log, and are counted: whoever tries them out gets to few.
func TestWrongCodes(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true})
	b := s.superuser()
	s.record("reeve", "/hers") // whose name is no code, but might be one
	code := s.tell("ada", "/secret")
	swapped := code[:4] + code[5:] + code[4:5]
	for swapped == code {
		code = s.tell("ada", "/secret")
		swapped = code[:4] + code[5:] + code[4:5]
	}
	for typed, want := range map[string]string{
		store.NewReference(): "may have expired together with its log", swapped: "a character is wrong, or two are swapped",
	} {
		for _, page := range []string{"/static", "/live"} {
			a := b.get(base + page + "?username=" + typed)
			if a.StatusCode != http.StatusOK || !strings.Contains(a.text("#messages"), typed) || !strings.Contains(a.text("#messages"), want) || a.find("#rows > tr, #reason-form").Length() > 0 {
				t.Errorf("%s of %s: %d %q", page, typed, a.StatusCode, a.text("#messages"))
			}
		}
		if a := b.get(base + "/summary?username=" + typed); a.StatusCode != http.StatusNotFound {
			t.Errorf("the summary of %s: %d", typed, a.StatusCode)
		}
	}
	if strings.Contains(strings.Join(s.audited(), "\n"), "ada") {
		t.Errorf("somebody is said to have been looked at: %q", s.audited())
	}
	for n := 0; b.get(base+"/static?username="+store.NewReference()).StatusCode != http.StatusTooManyRequests; n++ {
		if n > 1_000 {
			t.Fatal("codes can be tried out for ever")
		}
	}
}

// Many names have the form of a code. A user who is called so is waited for as anybody else.
func TestANameThatMightBeACode(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{UserExists: func(_ context.Context, username string) (bool, error) {
		return username == "user22" || username == "AB1234", nil
	}})
	b := s.superuser()
	for _, username := range []string{"user22", "AB1234"} {
		if a := b.get(base + "/live?username=" + username); a.find("#live").Length() != 1 {
			t.Errorf("%s is not waited for: %q", username, a.text("#messages"))
		}
		if a := b.get(base + "/static?username=" + username); strings.Contains(a.text("#messages"), "code") {
			t.Errorf("%s is taken for a code: %q", username, a.text("#messages"))
		}
	}
}

// Two requests may have the same code. Then who is meant is for the agent to say.
func TestACodeOfTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	code := s.tell("ada", "/secret")
	s.logs.Record(store.Entry{Username: "bob", Method: "GET", Path: "/secret", Code: 500, Reference: code})
	redistest.Eventually(t, "both are offered", func() bool {
		a := b.get(base + "/static?username=" + code)
		if strings.Contains(a.body, "/secret") {
			t.Fatal("a log is shown")
		}
		if age := a.find("#offers time-ago"); age.Length() > 0 {
			t.Fatalf("it is not known when they were seen, and they are offered with %q", age.Text())
		}
		return strings.Join(a.texts("#offers a"), " ") == "ada bob"
	})
}
