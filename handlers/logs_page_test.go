package handlers_test

import (
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// The menu and the search lead to the page of logs that the reader chose last, and to the live one at first.
func TestTheMenuLeadsWhereTheReaderWas(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	leads := func() string {
		a := b.get(base + "/")
		if search := a.find("#search").AttrOr("action", ""); search != a.find("header nav a:nth-child(2)").AttrOr("href", "") {
			t.Errorf("the search leads to %s, and the menu does not", search)
		}
		return a.find("header nav a:nth-child(2)").AttrOr("href", "")
	}
	clicks := []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate"}
	for i, step := range []struct {
		path    string
		headers []string
		want    string
	}{
		{"/", nil, "/live"},
		{"/static?username=ada", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, "/live"},
		{"/static?username=ada", nil, "/live"},
		{"/static?line=1&username=ada", clicks, "/live"},
		{"/static?username=ada", clicks, "/static"},
		{"/static?username=ada", append([]string{"HX-Request", "true"}, clicks...), "/static"},
		{"/live", clicks, "/static"},
		{"/live?username=ada", clicks, "/live"},
	} {
		b.get(base+step.path, step.headers...)
		if got := leads(); got != base+step.want {
			t.Errorf("%d: after %s the menu leads to %s", i, step.path, got)
		}
	}
}
