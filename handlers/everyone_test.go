package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestEveryoneKeepsItsFilterInTheURL(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	redistest.Eventually(t, "the application reports", func() bool {
		applications, err := s.logs.Applications(t.Context())
		return err == nil && len(applications) == 1
	})
	page := b.get(base + "/live/everyone?show=errors&q=%2Fpay%26&app=%3Cshop%3E")
	connect, err := url.Parse(page.find("#live").AttrOr("hx-ws:connect", ""))
	if err != nil || connect.RawQuery != "app=%3Cshop%3E&everyone=1&lang=en&page=1&q=%2Fpay%26&show=errors" {
		t.Errorf("it connects to %v, %v", connect, err)
	}
	form := page.find("form#everyone-filter[method=get][action='" + base + "/live/everyone']")
	if got := form.Find("[name=show] [selected]").AttrOr("value", "") + form.Find("[name=q]").AttrOr("value", "") + form.Find("[name=app] [selected]").Text(); got != "errors/pay&<shop>" {
		t.Errorf("the form has %q", got)
	}
	// Any, the one that was asked for, and the one that reports.
	if n := form.Find("[name=app] option").Length(); n != 3 || page.find("a[href='"+base+"/live/everyone'].button").Length() != 1 {
		t.Errorf("%d applications to choose from, or no way back", n)
	}
	all := b.get(base + "/live/everyone?show=nonsense&q=&app=")
	if connect := all.find("#live").AttrOr("hx-ws:connect", ""); connect != base+"/live/socket?everyone=1&lang=en&page=1" {
		t.Errorf("without a filter it connects to %q", connect)
	}
}

// Everyone's log can be followed where it can't be read which applications there are. Those that may be missing are spoken of.
func TestEveryoneWithoutTheApplications(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s := newSite(t, redis.Client(t), handlers.Options{})
	b := s.superuser()
	redistest.Eventually(t, "the application reports", func() bool {
		applications, err := s.logs.Applications(t.Context())
		return err == nil && len(applications) == 1
	})
	for forbidden, applications := range map[string]int{"": 3, "pttl": 2, "smembers": 2} { // any, the one that was asked for, and the one that reports
		if forbidden != "" {
			redis.Permit("-" + forbidden)
		}
		page := b.get(base + "/live/everyone?app=shop")
		if page.StatusCode != http.StatusOK || page.find("#live").Length() != 1 || page.find("[name=app] option").Length() != applications {
			t.Errorf("without %q: %d, %s", forbidden, page.StatusCode, page.text("main"))
		}
		if says := strings.Contains(page.body, "Applications may be missing here"); says != (forbidden != "") {
			t.Errorf("without %q, the page says that some may be missing: %v", forbidden, says)
		}
		redis.Permit("+@all")
	}
}

func TestTheSocketOfEveryoneSendsWhatMatches(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	conn, _ := b.dial(base + "/live/socket?everyone=1&format=json&show=errors&q=pay&app=shop")
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for _, e := range []store.Entry{
		{Path: "/pay", Code: 200, Application: "shop"},
		{Path: "/cart", Code: 500, Application: "shop"},
		{Path: "/pay", Code: 500, Application: "blog"},
		{Path: "/PAY/2", Code: 500, Application: "shop"},
	} {
		e.Username, e.Method = "ada", "POST"
		s.logs.Record(e)
	}
	var message struct {
		Type, Path, App string
		Code            int
	}
	if err := conn.ReadJSON(&message); err != nil || !slices.Equal([]any{"entry", "/PAY/2", "shop", 500}, []any{message.Type, message.Path, message.App, message.Code}) {
		t.Errorf("%+v, %v", message, err)
	}
}
