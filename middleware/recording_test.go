package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// A proxy that strips a prefix keeps it from the application, but not from the browser.
func TestPathsHaveTheExternalPrefix(t *testing.T) {
	tests := []struct{ prefix, target, referer, location, path, from, leads string }{
		{"/app", "/orders?page=2", "http://shop/app/", "/orders/7", "/app/orders?page=2", "/app/", "/app/orders/7"},
		{"/app/", "/", "", "/app/orders/7", "/app/", "", "/app/orders/7"},
		{"/app", "/", "", "/app", "/app/", "", "/app"},
		{"/app", "/", "", "/app?a=b", "/app/", "", "/app?a=b"},
		{"/app", "/", "", "/apple", "/app/", "", "/app/apple"},
		{"/app", "/", "", "http://shop/orders", "/app/", "", "/app/orders"},
		{"/app", "/", "", "http://elsewhere/orders", "/app/", "", ""},
		{"", "/orders", "http://shop/app/", "/orders/7", "/orders", "/app/", "/orders/7"},
	}
	for _, test := range tests {
		logs := &memory{}
		r := gin.New()
		r.Use(middleware.Track(logs, header, middleware.Options{ExternalPrefix: test.prefix}))
		r.NoRoute(func(c *gin.Context) { c.Redirect(http.StatusSeeOther, test.location) })
		asked := request("GET", test.target, "ada")
		asked.Host = "shop"
		asked.Header.Set("Referer", test.referer)
		r.ServeHTTP(httptest.NewRecorder(), asked)
		if e := logs.all()[0]; e.Path != test.path || e.From != test.from || e.Location != test.leads {
			t.Errorf("%+v: recorded path %q, from %q, location %q", test, e.Path, e.From, e.Location)
		}
	}
}

// What a client may send in the place of a path is no reason to fail, nor a path below the prefix.
func TestTargetsThatAreNoPathsHaveNoPrefix(t *testing.T) {
	for _, target := range []string{"*", "host:443", "mailto:ada@", "mailto:ada@host"} {
		logs := &memory{}
		r := gin.New()
		r.Use(middleware.Track(logs, header, middleware.Options{ExternalPrefix: "/app"}))
		r.NoRoute(func(c *gin.Context) { c.Status(http.StatusNotFound) })
		asked := request("GET", "/", "ada")
		asked.RequestURI = target
		r.ServeHTTP(httptest.NewRecorder(), asked)
		if e := logs.all()[0]; strings.HasPrefix(e.Path, "/app") {
			t.Errorf("%q: recorded path %q", target, e.Path)
		}
	}
}

func TestTheRequestIDIsFound(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	tests := []struct {
		name, option string
		sent, answer http.Header
		want         string
	}{
		{"none", "", nil, nil, ""},
		{"sent", "", http.Header{"X-Request-Id": {"theirs"}}, nil, "theirs"},
		{"answered", "", http.Header{"X-Request-Id": {"theirs"}}, http.Header{"X-Request-Id": {"ours"}}, "ours"},
		{"a trace", "", http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}}, nil, trace},
		{"a trace of a later version", "", http.Header{"Traceparent": {"cc-" + trace + "-00f067aa0ba902b7-01-more"}}, nil, trace},
		{"a trace beside an id", "", http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}, "X-Request-Id": {"theirs"}}, nil, "theirs"},
		{"a trace beside an id that is answered", "", http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}}, http.Header{"X-Request-Id": {"ours"}}, "ours"},
		{"no trace", "", http.Header{"Traceparent": {"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01"}}, nil, ""},
		{"nonsense", "", http.Header{"Traceparent": {"00-" + strings.Repeat("x", 32) + "-00f067aa0ba902b7-01"}}, nil, ""},
		{"too short", "", http.Header{"Traceparent": {"00-" + trace}}, nil, ""},
		{"another header", "x-correlation-id", http.Header{"X-Correlation-Id": {"c"}, "X-Request-Id": {"r"}}, nil, "c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logs := &memory{}
			r := gin.New()
			r.Use(middleware.Track(logs, header, middleware.Options{RequestIDHeader: test.option}))
			r.GET("/", func(c *gin.Context) {
				for name := range test.answer {
					c.Header(name, test.answer.Get(name))
				}
			})
			asked := request("GET", "/", "ada")
			for name := range test.sent {
				asked.Header[name] = test.sent[name]
			}
			r.ServeHTTP(httptest.NewRecorder(), asked)
			if got := logs.all()[0].RequestID; got != test.want {
				t.Errorf("request id %q, want %q", got, test.want)
			}
		})
	}
}

func TestOptionsThatCanNotBeMeantArePanics(t *testing.T) {
	tests := map[string]middleware.Options{
		`"app" in ExternalPrefix`:        {ExternalPrefix: "app"},
		`"//app" in ExternalPrefix`:      {ExternalPrefix: "//app"},
		`"/app?a" in ExternalPrefix`:     {ExternalPrefix: "/app?a"},
		"write the method in capitals":   {PageNames: map[string]string{"get /a/:id": "A"}},
		"Gin writes a parameter":         {PageNames: map[string]string{"/a/{id}": "A"}},
		`"a/:id" in PageNames`:           {PageNames: map[string]string{"a/:id": "A"}},
		`"GET  /a" in PageNames can mat`: {PageNames: map[string]string{"GET  /a": "A"}},
	}
	for want, options := range tests {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("got %q, want a panic that says %s", got, want)
				}
			}()
			middleware.Track(&memory{}, header, options)
		}()
	}
}

func TestCheckPageNames(t *testing.T) {
	r := site()
	if err := middleware.CheckPageNames(r, map[string]string{"/orders/:id": "Order", "POST /pay": "Pay", "HEAD /orders/:id": "Check"}); err != nil {
		t.Error(err)
	}
	err := middleware.CheckPageNames(r, map[string]string{"/orders/:order": "Order", "GET /pay": "Pay", "/orders/:id": "Order"})
	if err == nil || !strings.Contains(err.Error(), `"/orders/:order"`) || !strings.Contains(err.Error(), `"GET /pay"`) || strings.Contains(err.Error(), `"/orders/:id" in`) {
		t.Errorf("got %v", err)
	}
}
