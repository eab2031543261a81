package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A host may set one type for all its answers, in front of the admin: each of ours has its own all the same.
func TestAHostsContentTypeIsNotOurs(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	alone := newSite(t, client, sending())
	mounted := newSite(t, client, sending())
	mounted.engine = gin.New()
	mounted.engine.Use(func(c *gin.Context) { c.Header("Content-Type", "application/json") })
	mounted.engine.NoRoute(mounted.admin.NotFound)
	mounted.admin.Mount(mounted.engine.Group(base))
	mounted.server.Config.Handler = mounted.engine
	b, bearer := alone.superuser(), "Bearer "+alone.token(root)
	there := b.at(mounted)
	types := map[string]int{}
	for _, route := range alone.engine.Routes() {
		if route.Method == http.MethodPost {
			continue
		}
		for _, headers := range [][]string{{}, {"HX-Request", "true"}, {"Authorization", bearer}, {"Upgrade", "websocket"}, {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"}} {
			target := targetOf(route) + "?username=ada&format=csv"
			want, got := b.do(route.Method, target, nil, headers...), there.do(route.Method, target, nil, headers...)
			if got.StatusCode != want.StatusCode || got.Header.Get("Content-Type") != want.Header.Get("Content-Type") {
				t.Errorf("%s %s %v: %d, %q instead of %d, %q", route.Method, target, headers,
					got.StatusCode, got.Header.Get("Content-Type"), want.StatusCode, want.Header.Get("Content-Type"))
			}
			kind, _, _ := strings.Cut(got.Header.Get("Content-Type"), ";")
			types[kind]++
		}
	}
	page := b.get(base + "/")
	for _, file := range []string{page.find("link[rel=stylesheet]").AttrOr("href", ""), page.find("script[src]").AttrOr("src", "")} {
		kind, _, _ := strings.Cut(there.get(file).Header.Get("Content-Type"), ";")
		types[kind]++
	}
	for _, kind := range []string{"text/html", "text/plain", "text/csv", "text/css", "text/javascript", "application/json"} {
		if types[kind] == 0 {
			t.Errorf("no answer of type %s was seen, only %v", kind, types)
		}
	}
	if lost := there.get("/nothing-here"); !strings.HasPrefix(lost.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page for what does not exist is %q", lost.Header.Get("Content-Type"))
	}
}
