package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// customers are the host's, whose usernames are numbers. Search knows them by names and orders.
type customers struct{ fail error }

const hostile = `<script>alert("x")</script>`

var adaLovelace = handlers.Person{
	Username: "42", Name: "Ada Lovelace", Detail: "Gold, London", Facts: []handlers.Fact{
		{Label: "Order", Text: "4711", URL: "https://crm.example.com/orders/4711"}, {Label: hostile, Text: hostile, URL: "https://evil.example.com/"},
	},
}

func (c customers) Search(_ context.Context, query string) ([]handlers.Person, error) {
	if query == "4711" || strings.Contains("ada lovelace", strings.ToLower(query)) {
		return []handlers.Person{{Username: "77", Name: "Ada Lovelace the younger"}, adaLovelace}, c.fail
	}
	return nil, c.fail
}

func (c customers) Lookup(_ context.Context, usernames ...string) (map[string]handlers.Person, error) {
	known := make(map[string]handlers.Person)
	for _, username := range usernames {
		if username == "42" {
			known[username] = adaLovelace
		}
	}
	return known, c.fail
}

// countedCustomers counts how often it is asked who users are.
type countedCustomers struct {
	customers
	lookups *atomic.Int32
}

func (c countedCustomers) Lookup(ctx context.Context, usernames ...string) (map[string]handlers.Person, error) {
	c.lookups.Add(1)
	return c.customers.Lookup(ctx, usernames...)
}

func TestTheDirectoryIsNotAskedForALookThatIsRefused(t *testing.T) {
	t.Parallel()
	var lookups atomic.Int32
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true, Directory: countedCustomers{lookups: &lookups}})
	b := s.superuser()
	s.record("42", "/secret")
	for _, page := range []string{"/static", "/live", "/summary"} {
		if a := b.get(base + page + "?username=42"); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", page, a.StatusCode)
		}
	}
	if n := lookups.Load(); n != 0 {
		t.Errorf("the directory was asked %d times", n)
	}
	b.post(base+"/reason", url.Values{"username": {"42"}, "reason": {"ticket 12"}, "next": {base + "/static?username=42"}})
	b.get(base+"/static?username=42").expect(http.StatusOK, "Logs found for 42.")
	if n := lookups.Load(); n == 0 {
		t.Error("the directory was not asked for a look that is allowed")
	}
}

func TestTheDirectorySaysWhoUsersAre(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Directory: customers{}, FactHosts: []string{"crm.example.com"}})
	b := s.superuser()
	s.logs.Record(store.Entry{Username: "42", Method: "GET", Path: "/broken", Code: 500})
	redistest.Eventually(t, "the entry is written", func() bool { return s.logs.Stats().Written == 1 })
	for _, query := range []string{"lovelace", "4711"} {
		a := b.get(base + "/users?q=" + query)
		var got []string
		for _, option := range a.find("[role=option]").EachIter() {
			got = append(got, option.AttrOr("data-username", "")+" "+option.Find(".name").Text()+" "+option.Find(".presence").AttrOr("data-presence", ""))
		}
		if want := []string{"42 Ada Lovelace active", "77 Ada Lovelace the younger unseen"}; !slices.Equal(got, want) {
			t.Errorf("%s: suggested are %q", query, got)
		}
	}
	for _, page := range []string{"/static", "/live"} {
		a := b.get(base + page + "?username=42")
		if got := a.texts("#person strong, #person > span, #person dt, #person dd"); !slices.Equal(got, []string{"Ada Lovelace", "Gold, London", "Order", "4711", hostile, hostile}) {
			t.Errorf("%s: the person is %q", page, got)
		}
		if links := a.find("#person a"); links.Length() != 1 || links.AttrOr("href", "") != "https://crm.example.com/orders/4711" || links.AttrOr("rel", "") != "noopener noreferrer" {
			t.Errorf("%s: %d links, the first leads to %s", page, links.Length(), links.AttrOr("href", ""))
		}
		if a.find("#person script").Length() != 0 {
			t.Errorf("%s: a fact became markup", page)
		}
		offered := b.get(base + page + "?username=4711")
		if got := offered.texts("#offers a"); !slices.Equal(got, []string{"42", "77"}) || !strings.Contains(offered.text("#offers"), "Ada Lovelace") {
			t.Errorf("%s of an order: offered are %q", page, got)
		}
		b.get(base+page+"?username=43").expect(http.StatusOK, "User 43 not found."+askForName)
	}
	home := b.get(base + "/")
	if got := home.texts("#seen .name, #trouble .name"); !slices.Equal(got, []string{"Ada Lovelace", "Ada Lovelace"}) {
		t.Errorf("the home page names %q", got)
	}
	if a := b.get(base + "/summary?username=42"); !strings.Contains(a.body, "`Ada Lovelace`, `Gold, London`, `Order` `4711`") || strings.Contains(a.body, "crm.example.com") {
		t.Errorf("the summary is %s", a.body)
	}
	if a := b.get(base + "/names?username=42&username=43"); a.body != `{"lost":false,"names":{"42":"Ada Lovelace"}}` {
		t.Errorf("the names of everyone's page: %s", a.body)
	}
	if names := b.get(base+"/live/everyone").find("#rows").AttrOr("data-names", ""); names != base+"/names" {
		t.Errorf("the page of everyone asks %q", names)
	}
	program, bearer := s.stranger(), "Bearer "+s.token(root)
	if a := program.get(base+"/api/users?q=4711", "Authorization", bearer); !strings.Contains(a.body, `"name":"Ada Lovelace","detail":"Gold, London"},{"username":"77","name"`) {
		t.Errorf("the API: %s", a.body)
	}
}

// Whatever becomes of the directory, logs are shown, and the page says so.
func TestADirectoryThatIsLost(t *testing.T) {
	t.Parallel()
	const lost = "The application does not say who its users are at the moment"
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Directory: customers{fail: errors.New("no database")}})
	b := s.superuser()
	s.record("42", "/hers")
	s.record("kathrin", "/hers")
	for _, page := range []string{"/", "/users?q=42", "/static?username=42", "/live?username=42", "/summary?username=42", "/static?username=4"} {
		a := b.get(base + page)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, lost) {
			t.Errorf("%s: %d, it is not said", page, a.StatusCode)
		}
	}
	if a := b.get(base + "/static?username=42"); !strings.Contains(a.body, "/hers") {
		t.Error("the log is not shown")
	}
	if a := b.get(base+"/api/users?q=cathrin", "Authorization", "Bearer "+s.token(root)); strings.Contains(a.body, `"near"`) || !strings.Contains(a.body, `"kathrin"`) || !strings.Contains(a.body, `"directory_lost":true`) {
		t.Errorf("a program that asks for a similar name is told %s", a.body)
	}
	if a := b.get(base + "/names?username=42"); a.body != `{"lost":true,"names":{}}` {
		t.Errorf("names: %s", a.body)
	}
}

func TestOneDirectoryOnly(t *testing.T) {
	t.Parallel()
	logs := newSite(t, redistest.Start(t).Client(t), handlers.Options{}).logs
	for name, options := range map[string]handlers.Options{
		"UserExists": {Directory: customers{}, UserExists: adaAndBob}, "fact host": {FactHosts: []string{"https://crm.example.com/"}},
	} {
		if _, err := handlers.New(logs, options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
