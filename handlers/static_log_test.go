package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// What pages say of names without a log, behind that there is none.
const (
	askForName = " Ask the caller for the username, exactly as it is typed at the login."
	ifItIs     = " If it is this one, a page that they open now appears here."
)

// adaAndBob says that ada and bob exist and nobody else, and fails for whom it can't ask.
func adaAndBob(_ context.Context, username string) (bool, error) {
	if username == "timeout" {
		return false, errors.New("the database does not answer")
	}
	return username == "ada" || username == "bob", nil
}

func TestStaticLogSaysWhatWasFound(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{UserExists: adaAndBob})
		b := s.superuser()
		s.record("ada", "/first", "/second?a=1&b=2")
		s.record("former", "/goodbye")

		found := b.get(base + "/static?username=ada")
		found.expect(http.StatusOK, "Logs found for ada.")
		if got := found.texts("table#log #rows > tr[data-id] > td.url > code"); !slices.Equal(got, []string{"/second?a=1&b=2", "/first"}) {
			t.Errorf("the rows are %q", got)
		}
		if found.find("#rows td.user, #rows a:not(.copies a)").Length() != 0 {
			t.Error("a row has a user column or a link")
		}
		if got := found.texts("#rows > tr:first-child .type, #rows > tr:first-child > td.result"); !slices.Equal(got, []string{"Read (GET)", "Success (200)"}) {
			t.Errorf("type and result are %q", got)
		}
		for username, message := range map[string]string{
			"bob": "No logs for bob." + askForName + ifItIs, "eve": "User eve not found." + askForName, "timeout": "No logs for timeout." + askForName + ifItIs,
			"former": "Logs found for former.", "": "",
		} {
			a := b.get(base + "/static?" + url.Values{"username": {username}}.Encode())
			a.expect(http.StatusOK, message)
			live := b.get(base + "/live?" + url.Values{"username": {username}}.Encode())
			if connects, want := live.find("#live").Length() == 1, username != "eve" && username != ""; connects != want {
				t.Errorf("%q: the live page connects: %t, want %t", username, connects, want)
			}
			if username == "eve" {
				live.expect(http.StatusOK, message)
			}
			if alert := a.find("#messages [role=alert]").Length() == 1; alert != (username == "eve") {
				t.Errorf("%q: alert is %t", username, alert)
			}
			if typed := a.find("#search input[name=username]").AttrOr("value", ""); typed != username {
				t.Errorf("the search form has %q, want %q", typed, username)
			}
		}
	})
}

func TestWithoutTheHostsWordEverybodyMightExist(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin})
	s.stranger().get(base+"/static?username=eve", "X-Host-User", root).expect(http.StatusOK, "No logs for eve."+askForName+ifItIs)
}

func TestStaticLogRefreshes(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/first")
		target := base + "/static?username=ada"
		page := b.get(target)
		section := page.find("#log-section")
		if got := section.AttrOr("hx-get", ""); got != target {
			t.Errorf("the page refreshes from %q", got)
		}
		if got := section.AttrOr("hx-trigger", ""); got != "every 2s" {
			t.Errorf("the page refreshes %q", got)
		}
		etag := page.Header.Get("ETag")
		if sent := section.AttrOr("hx-headers", ""); etag == "" || !strings.Contains(sent, strings.Trim(etag, `W/"`)) {
			t.Errorf("the refresh sends %q, the page is %q", sent, etag)
		}
		refresh := func(etag string, headers ...string) *answer {
			return b.get(target, append([]string{"HX-Request", "true", "If-None-Match", etag}, headers...)...)
		}
		same := refresh(etag)
		if same.StatusCode != http.StatusNotModified || same.body != "" || same.Header.Get("ETag") != etag {
			t.Errorf("nothing has changed: %d %q %q", same.StatusCode, same.Header.Get("ETag"), same.body)
		}
		same.expectTime(t)
		for _, sent := range []string{strings.TrimPrefix(etag, "W/"), `"other", ` + etag, "*"} {
			if same := refresh(sent); same.StatusCode != http.StatusNotModified {
				t.Errorf("If-None-Match: %s is answered with %d", sent, same.StatusCode)
			}
		}
		if page := b.get(target, "If-None-Match", etag); page.StatusCode != http.StatusOK || page.find("main").Length() != 1 {
			t.Errorf("the page itself is answered with %d", page.StatusCode)
		}
		french := refresh(etag, "Accept-Language", "fr")
		if french.StatusCode != http.StatusOK || french.Header.Get("ETag") == etag {
			t.Errorf("in another language: %d %q", french.StatusCode, french.Header.Get("ETag"))
		}

		s.record("ada", "/second")
		changed := refresh(etag)
		changed.expect(http.StatusOK, "Logs found for ada.")
		if changed.find("main, header, title").Length() != 0 || changed.find("#log-section").Length() != 1 {
			t.Errorf("the fragment is not the section alone: %s", changed.body)
		}
		if got := changed.texts("#rows > tr > td.url > code"); !slices.Equal(got, []string{"/second", "/first"}) {
			t.Errorf("the rows are %q", got)
		}
		if again := changed.Header.Get("ETag"); again == etag || again == "" {
			t.Errorf("the ETag is %q, was %q", again, etag)
		}
		for _, a := range []*answer{page, same, changed} {
			if !slices.Contains(a.Header.Values("Vary"), "HX-Request") || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Vary is %q, Cache-Control %q", a.Header.Values("Vary"), a.Header.Get("Cache-Control"))
			}
		}
	})
}

// What shows nothing must not be taken for the same nothing of another user or message.
func TestEmptyLogsHaveETagsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin, UserExists: adaAndBob})
	seen := map[string]string{}
	for _, username := range []string{"ada", "bob", "eve", "\x01", ""} {
		etag := s.stranger().get(base+"/static?"+url.Values{"username": {username}}.Encode(), "X-Host-User", root).Header.Get("ETag")
		if other, taken := seen[etag]; taken {
			t.Errorf("%q and %q have the ETag %q", username, other, etag)
		}
		seen[etag] = username
	}
}

// strange are names that a pattern, a key, a page or a header might take for something else.
var strange = []string{
	"*", "al*", "a:b", "{x}", "{x}y", "Ünï", "<b>", "[a-z]", "a b", " ", `"`, `'`, `\`, "a\\*", "%2A", "../x", "?", "#", "&lt;",
	"log:ada", "userlog:log:ada", "<script>alert(1)</script>", "😀", "\u202eevil", "a+b", "a&everyone=1", strings.Repeat("x", 256),
}

func TestStrangeNamesAreOrdinary(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		for _, username := range append(strange, "ada", "alan", "a") {
			s.record(username, "/of/"+url.PathEscape(username))
		}
		for _, username := range strange {
			target := base + "/static?" + url.Values{"username": {username}}.Encode()
			for _, header := range []string{"", "true"} {
				a := b.get(target, "HX-Request", header)
				if got, want := strings.TrimSpace(a.find("#messages p").Text()), "Logs found for "+printable.Name(username)+"."; got != want || a.StatusCode != http.StatusOK {
					t.Errorf("%q: %d %q", username, a.StatusCode, got)
				}
				if got := a.texts("#rows > tr > td.url > code"); !slices.Equal(got, []string{"/of/" + url.PathEscape(username)}) {
					t.Errorf("%q: the rows are %q", username, got)
				}
				if a.find("#content script, #content b, #content img").Length() != 0 || a.find("script:not([src])").Length() != 0 {
					t.Errorf("%q became markup", username)
				}
			}
			watch := b.get(base + "/live?" + url.Values{"username": {username}}.Encode())
			socket, err := url.Parse(watch.find("#live").AttrOr("hx-ws:connect", ""))
			if err != nil || socket.Path != base+"/live/socket" || socket.Query().Get("username") != username || socket.Query().Has("everyone") {
				t.Errorf("%q: the live page connects to %v, %v", username, socket, err)
			}
		}
		home := b.get(base + "/")
		home.find("#seen a").Each(func(i int, link *goquery.Selection) {
			a := b.get(link.AttrOr("href", ""))
			if a.StatusCode != http.StatusOK || a.find("#messages [role=alert]").Length() != 0 {
				t.Errorf("the link %q of the home page leads to %d", link.AttrOr("href", ""), a.StatusCode)
			}
		})
	})
}

func TestImpossibleNamesAreNotFound(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	s.record("ada", "/secret")
	for _, username := range []string{"a\x00b", "\t", "\x1b[31m", "\x7f", "\u0085", "\xff\xfe", "ada\xff", strings.Repeat("x", 257), strings.Repeat("é", 5<<10)} {
		query := "?" + url.Values{"username": {username}}.Encode()
		for _, page := range []string{"/static", "/live"} {
			a := b.get(base + page + query)
			if message := a.find("#messages [role=alert]").Text(); a.StatusCode != http.StatusOK || !strings.HasSuffix(message, " not found."+askForName) {
				t.Errorf("%s of %.20q: %d %.100q", page, username, a.StatusCode, message)
			}
			if a.find("#rows tr, #live").Length() != 0 || strings.Contains(a.body, "secret") {
				t.Errorf("%s of %.20q shows a log", page, username)
			}
		}
		conn, refused := b.dial(base + "/live/socket" + query)
		if conn != nil || refused.StatusCode != http.StatusBadRequest {
			t.Errorf("a socket for %.20q: %d", username, refused.StatusCode)
		}
	}
}

func TestForeignEntriesAreSkipped(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		s.record("ada", "/ours")
		for _, line := range []string{"", "{", "null", "[]", `"x"`, "\xff\x00", `{"method":"GET"}`, `{"method":1,"path":"/x","code":200}`, strings.Repeat("[", 10_000)} {
			if err := client.RPush(t.Context(), s.logs.KeyPrefix()+"log:ada", line).Err(); err != nil {
				t.Fatal(err)
			}
		}
		django := `{"method":"POST","path":"/django","code":403,"time":1700000000.5}`
		odd := `{"method":"<i>","path":"\u202e</td><script>alert(1)</script>","code":999,"time":-5,"id":"\" onclick=\"x","username":"bob"}`
		if err := client.RPush(t.Context(), s.logs.KeyPrefix()+"log:ada", django, odd).Err(); err != nil {
			t.Fatal(err)
		}
		a := b.get(base + "/static?username=ada")
		a.expect(http.StatusOK, "Logs found for ada.")
		if got := a.texts("#rows > tr[data-id] > td.url > code"); !slices.Equal(got, []string{"/ours", "/django", "%E2%80%AE</td><script>alert(1)</script>"}) {
			t.Errorf("the rows are %q", got)
		}
		if a.find("#rows script, #rows i, #rows [onclick]").Length() != 0 {
			t.Error("an entry became markup")
		}
		if got := a.texts("#rows > tr > td.result"); !slices.Equal(got, []string{"Success (200)", "Not allowed (403)", "Error (999)"}) {
			t.Errorf("the results are %q", got)
		}
	})
}

// expectTime checks that the answer tells what time it is.
func (a *answer) expectTime(t *testing.T) {
	t.Helper()
	if told, err := time.Parse(time.RFC3339, a.Header.Get("Userlog-Time")); err != nil || time.Since(told).Abs() > time.Minute {
		t.Errorf("the time is %q", a.Header.Get("Userlog-Time"))
	}
}
