package middleware_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// memory records into a slice.
type memory struct {
	mu      sync.Mutex
	entries []store.Entry
}

func (m *memory) Record(e store.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = append(m.entries, e)
}

func (m *memory) all() []store.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries
}

// await returns what was recorded when there are n entries.
func (m *memory) await(t *testing.T, n int) []store.Entry {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(m.all()) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d entries, want %d", len(m.all()), n)
		}
	}
	return m.all()
}

// The words for a browser are recorded, unless the host does not want them.
func TestTheClientIsRecorded(t *testing.T) {
	for _, off := range []bool{false, true} {
		m := &memory{}
		r := site(middleware.Track(m, header, middleware.Options{NoClient: off}))
		request := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
		request.Header.Set("X-User", "ada")
		request.Header.Set("User-Agent", "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0")
		r.ServeHTTP(httptest.NewRecorder(), request)
		want := "Firefox, Android, phone"
		if off {
			want = ""
		}
		if got := m.await(t, 1)[0].Client; got != want {
			t.Errorf("off is %t: the client is %q", off, got)
		}
	}
}

func header(c *gin.Context) string { return c.GetHeader("X-User") }

func quiet() gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) })
}

// site is a Gin application with a route for every kind of handler.
func site(use ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(use...)
	r.GET("/orders/:id", func(c *gin.Context) { c.String(http.StatusOK, "order") })
	r.HEAD("/orders/:id", func(c *gin.Context) { c.Status(http.StatusOK) })
	r.POST("/pay", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/orders/7") })
	r.GET("/forbidden", func(c *gin.Context) { c.AbortWithStatus(http.StatusForbidden) }, func(*gin.Context) { panic("not reached") })
	r.GET("/panic", func(*gin.Context) { panic("broken") })
	r.GET("/late-panic", func(c *gin.Context) { c.String(http.StatusOK, "half"); c.Writer.Flush(); panic("broken") })
	r.GET("/nothing", func(*gin.Context) {})
	r.GET("/stream", func(c *gin.Context) {
		for range 3 {
			io.WriteString(c.Writer, "x")
			c.Writer.Flush()
		}
	})
	return r
}

func request(method, target, user string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("X-User", user)
	return r
}

func TestTrackRecordsEveryKindOfRequest(t *testing.T) {
	tests := []struct {
		method, target, route string
		code                  int
		body                  string
		ended                 store.End
	}{
		{"GET", "/orders/7?page=2", "/orders/:id", 200, "order", ""},
		{"HEAD", "/orders/7", "/orders/:id", 200, "", ""},
		{"POST", "/pay", "/pay", 303, "", ""},
		{"GET", "/forbidden", "/forbidden", 403, "", ""},
		{"GET", "/panic", "/panic", 500, "", ""},
		{"GET", "/late-panic", "/late-panic", 200, "half", store.EndBrokeOff},
		{"GET", "/nothing", "/nothing", 200, "", ""},
		{"GET", "/stream", "/stream", 200, "xxx", ""},
		{"GET", "/missing?q=%3Cb%3E", "", 404, "404 page not found", ""},
	}
	for _, order := range []string{"inside Recovery", "outside Recovery"} {
		for _, test := range tests {
			t.Run(order+test.target, func(t *testing.T) {
				logs := &memory{}
				track := middleware.Track(logs, header, middleware.Options{})
				use := []gin.HandlerFunc{quiet(), track}
				if order == "outside Recovery" {
					use = []gin.HandlerFunc{track, quiet()}
				}
				w := httptest.NewRecorder()
				site(use...).ServeHTTP(w, request(test.method, test.target, "ada"))
				if len(logs.all()) != 1 {
					t.Fatalf("recorded %+v", logs.all())
				}
				e := logs.all()[0]
				if e.Username != "ada" || e.Method != test.method || e.Path != test.target || e.Code != test.code || e.Route != test.route || e.Ended != test.ended {
					t.Errorf("recorded %+v", e)
				}
				if e.Time.IsZero() || e.Duration < 0 {
					t.Errorf("time %v, duration %v", e.Time, e.Duration)
				}
				if !strings.HasPrefix(w.Body.String(), test.body) {
					t.Errorf("the body became %q", w.Body.String())
				}
			})
		}
	}
}

func TestTrackLetsAPanicPass(t *testing.T) {
	for _, value := range []any{"broken", http.ErrAbortHandler, errors.New("broken")} {
		logs := &memory{}
		r := gin.New()
		r.Use(middleware.Track(logs, header, middleware.Options{}))
		r.GET("/", func(*gin.Context) { panic(value) })
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("the panic %v became %v", value, got)
				}
			}()
			r.ServeHTTP(httptest.NewRecorder(), request("GET", "/", "ada"))
		}()
		if entries := logs.all(); len(entries) != 1 || entries[0].Code != 0 || entries[0].Ended != store.EndBrokeOff {
			t.Errorf("recorded %+v", entries)
		}
	}
}

func TestTrackAsksWhoAfterTheHandlers(t *testing.T) {
	logs := &memory{}
	r := gin.New()
	r.Use(middleware.Track(logs, func(c *gin.Context) string { return c.GetString("user") }, middleware.Options{}))
	r.POST("/login", func(c *gin.Context) { c.Set("user", "ada") })
	r.GET("/public", func(*gin.Context) {})
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/public", ""))
	r.ServeHTTP(httptest.NewRecorder(), request("POST", "/login", ""))
	if entries := logs.all(); len(entries) != 1 || entries[0].Username != "ada" || entries[0].Path != "/login" {
		t.Errorf("recorded %+v", entries)
	}
}

func TestTrackOptions(t *testing.T) {
	logs := &memory{}
	r := site(middleware.Track(logs, header, middleware.Options{
		Ignore: []string{"^/nothing$", `\.css$`},
		Annotate: func(c *gin.Context, e *store.Entry) {
			if c.Request.URL.Path == "/pay" {
				e.Username = ""
				return
			}
			e.Extra = map[string]string{"plan": "pro"}
			e.Path = "/renamed"
		},
	}))
	r.GET("/skipped", middleware.Skip)
	for _, target := range []string{"/nothing", "/a.css?v=2", "/skipped", "/orders/7"} {
		r.ServeHTTP(httptest.NewRecorder(), request("GET", target, "ada"))
	}
	r.ServeHTTP(httptest.NewRecorder(), request("POST", "/pay", "ada"))
	if entries := logs.all(); len(entries) != 1 || entries[0].Path != "/renamed" || entries[0].Extra["plan"] != "pro" {
		t.Errorf("recorded %+v", entries)
	}
}

func TestTrackRecordsRequestIDAndAbsoluteTargets(t *testing.T) {
	logs := &memory{}
	r := site(middleware.Track(logs, header, middleware.Options{}))
	r.GET("/id", func(c *gin.Context) { c.Header("X-Request-Id", "ours") })
	for _, target := range []string{"/id", "/nothing"} {
		asked := request("GET", target, "ada")
		asked.Header.Set("X-Request-Id", "theirs")
		r.ServeHTTP(httptest.NewRecorder(), asked)
	}
	absolute := request("GET", "/nothing", "ada")
	absolute.RequestURI = "http://user:hunter2@host/nothing?a=b"
	r.ServeHTTP(httptest.NewRecorder(), absolute)
	entries := logs.all()
	if len(entries) != 3 || entries[0].RequestID != "ours" || entries[1].RequestID != "theirs" || entries[2].Path != "/nothing?a=b" {
		t.Errorf("recorded %+v", entries)
	}
}

func TestAPanicOfTheHostsFunctionsCostsOnlyTheEntry(t *testing.T) {
	broken := func(*gin.Context) string { panic("no session") }
	annotate := func(*gin.Context, *store.Entry) { panic("no plan") }
	for _, track := range []func(middleware.Recorder) gin.HandlerFunc{
		func(logs middleware.Recorder) gin.HandlerFunc {
			return middleware.Track(logs, broken, middleware.Options{})
		},
		func(logs middleware.Recorder) gin.HandlerFunc {
			return middleware.Track(logs, header, middleware.Options{Annotate: annotate})
		},
	} {
		logs := &memory{}
		w := httptest.NewRecorder()
		site(track(logs)).ServeHTTP(w, request("GET", "/orders/7", "ada"))
		if w.Code != 200 || w.Body.String() != "order" {
			t.Errorf("the response became %d %q", w.Code, w.Body)
		}
		if entries := logs.all(); len(entries) != 1 || entries[0].Username != "" {
			t.Errorf("not handed over to be counted: %+v", entries)
		}
	}
}

func TestTrackRecordsTheRequestThatCameIn(t *testing.T) {
	logs := &memory{}
	r := site(middleware.Track(logs, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.GET("/forwarded", func(c *gin.Context) {
		c.Request.URL.Path, c.Request.RequestURI, c.Request.Method = "/internal", "", "PUT"
		c.Request.Header.Set("X-Request-Id", "changed")
	})
	r.GET("/gone", func(c *gin.Context) { c.Status(http.StatusNoContent); c.Request = nil })
	forwarded := request("GET", "/forwarded?a=b", "ada")
	forwarded.Header.Set("X-Request-Id", "sent")
	r.ServeHTTP(httptest.NewRecorder(), forwarded)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request("GET", "/gone", "ada"))
	entries := logs.all()
	if len(entries) != 2 || entries[0].Method != "GET" || entries[0].Path != "/forwarded?a=b" || entries[0].RequestID != "sent" {
		t.Errorf("recorded %+v", entries)
	}
	if w.Code != http.StatusNoContent || len(entries) != 2 || entries[1].Path != "/gone" {
		t.Errorf("a handler that lets go of its request: status %d, recorded %+v", w.Code, entries)
	}
}

func TestTrackRefusesToBeBuiltWrongly(t *testing.T) {
	var none *store.Store
	tests := map[string]func(){
		"no store to record to":       func() { middleware.Track(nil, header, middleware.Options{}) },
		"there is no store to record": func() { middleware.Track(none, header, middleware.Options{}) },
		"username function is nil":    func() { middleware.Track(&memory{}, nil, middleware.Options{}) },
		`"[" in Ignore`:               func() { middleware.Track(&memory{}, header, middleware.Options{Ignore: []string{"["}}) },
	}
	for want, build := range tests {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("got %q, want a panic that says %s", got, want)
				}
			}()
			build()
		}()
	}
}

// silent is the log of a server whose panics are meant.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }
