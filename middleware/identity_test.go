package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// sessions stands in for a session middleware: the cookie names a session, which handlers change.
type sessions map[string]string

func (s sessions) user(c *gin.Context) string {
	id, _ := c.Cookie("session")
	return s[id]
}

// member is a site with a login that keeps its users in sessions.
func member(s sessions, track gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(track)
	r.POST("/login", func(c *gin.Context) { s["1"] = c.PostForm("name"); c.Redirect(http.StatusSeeOther, "/") })
	r.POST("/logout", func(c *gin.Context) { delete(s, "1"); c.Redirect(http.StatusSeeOther, "/") })
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "home") })
	return r
}

// send sends a form with the session's cookie.
func send(h http.Handler, target, form string) {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "session=1")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// lines are username and path of what was recorded.
func (m *memory) lines() []string {
	lines := []string{}
	for _, e := range m.all() {
		lines = append(lines, e.Username+" "+e.Path)
	}
	return lines
}

func TestALoginAndALogoutAreTheUsers(t *testing.T) {
	tests := []struct {
		name      string
		bothUsers bool
		want      []string
	}{
		{"the later user's", false, []string{"ada /login", "bob /login", "bob /logout"}},
		{"both users'", true, []string{"ada /login", "bob /login", "ada /login", "bob /logout"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logs, s := &memory{}, sessions{}
			r := member(s, middleware.Track(logs, s.user, middleware.Options{BothUsers: test.bothUsers}))
			send(r, "/login", "name=ada")
			send(r, "/login", "name=bob")
			send(r, "/logout", "")
			send(r, "/logout", "")
			if got := logs.lines(); !slices.Equal(got, test.want) {
				t.Errorf("recorded %q, want %q", got, test.want)
			}
		})
	}
}

func TestSetUserWinsOverTheUsernameFunction(t *testing.T) {
	r := answers()
	tests := []struct {
		name   string
		before gin.HandlerFunc // in front of Track, or nil
		handle gin.HandlerFunc
		want   []string
	}{
		{"a login", nil, func(c *gin.Context) { middleware.SetUser(c, "bob") }, []string{"bob /x"}},
		{"nobody", nil, func(c *gin.Context) { middleware.SetUser(c, "") }, []string{}},
		{"the last call", nil, func(c *gin.Context) { middleware.SetUser(c, "bob"); middleware.SetUser(c, "eve") }, []string{"eve /x"}},
		{"in front of Track", func(c *gin.Context) { middleware.SetUser(c, "bob") }, func(*gin.Context) {}, []string{"bob /x"}},
		{"before the context forgets", nil, func(c *gin.Context) {
			middleware.SetUser(c, "bob")
			c.Request.URL.Path = "/plain"
			r.HandleContext(c)
		}, []string{"bob /x"}},
		{"in an engine inside", nil, gin.WrapH(inner(func(c *gin.Context) { middleware.SetUser(c, "bob") })), []string{"bob /x"}},
		{"skipped in an engine inside", nil, gin.WrapH(inner(middleware.Skip)), []string{}},
		{"skipped in front of Track", middleware.Skip, func(*gin.Context) {}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logs := &memory{}
			r := gin.New()
			if test.before != nil {
				r.Use(test.before)
			}
			r.Use(middleware.Track(logs, header, middleware.Options{}))
			r.GET("/x", test.handle)
			r.ServeHTTP(httptest.NewRecorder(), request("GET", "/x", "ada"))
			if got := logs.lines(); !slices.Equal(got, test.want) {
				t.Errorf("recorded %q, want %q", got, test.want)
			}
		})
	}
}

// inner is an engine whose every answer comes from one handler.
func inner(handle gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.NoRoute(handle)
	return r
}

func TestActorAndProblemAreRecorded(t *testing.T) {
	logs := &memory{}
	r := answers(handlesErrors, middleware.Track(logs, header, middleware.Options{}))
	r.GET("/declined", func(c *gin.Context) {
		middleware.SetActor(c, "bob")
		middleware.Problem(c, "card expired")
		middleware.Problem(c, "card declined")
		c.JSON(http.StatusOK, gin.H{"success": false})
	})
	r.GET("/rejected", func(c *gin.Context) {
		middleware.Problem(c, "no such size")
		_ = c.Error(http.ErrNotSupported)
	})
	r.GET("/fine", func(c *gin.Context) { middleware.Problem(c, "x"); middleware.Problem(c, "") })
	for _, target := range []string{"/declined", "/rejected", "/fine"} {
		r.ServeHTTP(httptest.NewRecorder(), request("GET", target, "ada"))
	}
	entries := logs.all()
	if e := entries[0]; e.Actor != "bob" || e.Problem != "card declined" || e.Code != 200 || !e.Failed() || e.Username != "ada" {
		t.Errorf("declined: %+v", e)
	}
	if e := entries[1]; e.Problem != "no such size" || e.Code != 422 || e.Actor != "" {
		t.Errorf("rejected: %+v", e)
	}
	if e := entries[2]; e.Problem != "" || e.Failed() {
		t.Errorf("fine: %+v", e)
	}
}

// counter is a recorder that counts panics of the host's functions.
type counter struct {
	memory
	panics []any
}

func (c *counter) HostPanicked(value any) { c.panics = append(c.panics, value) }

func TestAPanicOfTheHostsFunctionsIsCounted(t *testing.T) {
	logs := &counter{}
	r := site(middleware.Track(logs, func(c *gin.Context) string { return c.MustGet("user").(string) }, middleware.Options{}))
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/orders/7", "ada"))
	if len(logs.panics) != 1 || len(logs.all()) != 0 {
		t.Errorf("counted %v, recorded %+v", logs.panics, logs.all())
	}
}

// A session that a middleware behind Track opens is not there before it: asking then must cost nothing for good.
func TestTheUserIsAskedBeforeOnlyWhereThatWorks(t *testing.T) {
	logs, asked := &counter{}, 0
	r := gin.New()
	r.Use(middleware.Track(logs, func(c *gin.Context) string {
		asked++
		return c.MustGet("user").(string)
	}, middleware.Options{}))
	r.Use(func(c *gin.Context) { c.Set("user", "ada") })
	r.GET("/", func(*gin.Context) {})
	const requests = 150
	for range requests {
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	if len(logs.all()) != requests || len(logs.panics) != 0 {
		t.Errorf("recorded %d of %d, counted %v", len(logs.all()), requests, logs.panics)
	}
	if asked >= 2*requests {
		t.Errorf("asked %d times in %d requests", asked, requests)
	}
}

// Two applications in one process may record to stores of their own.
func TestTwoStoresHaveOneEntryEach(t *testing.T) {
	outer, inside := &memory{}, &memory{}
	r := answers(middleware.Track(outer, header, middleware.Options{}), middleware.Track(inside, header, middleware.Options{}))
	r.GET("/declined", func(c *gin.Context) { middleware.Problem(c, "card declined") })
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/declined", "ada"))
	for name, logs := range map[string]*memory{"outer": outer, "inside": inside} {
		if entries := logs.all(); len(entries) != 1 || entries[0].Problem != "card declined" || entries[0].Code != 200 {
			t.Errorf("%s recorded %+v", name, entries)
		}
	}
}

// What the outer tracker can't know of the user, the inner one may.
func TestAnInnerTrackNamesTheUserThatTheOuterDoesNotKnow(t *testing.T) {
	logs := &memory{}
	r := answers(middleware.Track(logs, func(*gin.Context) string { return "" }, middleware.Options{}))
	api := r.Group("/api", middleware.Track(logs, header, middleware.Options{}))
	api.GET("/orders", func(c *gin.Context) { c.String(http.StatusOK, "orders") })
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/api/orders", "ada"))
	if got := logs.lines(); !slices.Equal(got, []string{"ada /api/orders"}) {
		t.Errorf("recorded %q", got)
	}
}

// An error handler outside Track is where many applications know what went wrong.
func TestAnErrorHandlerOutsideSaysWhatWentWrong(t *testing.T) {
	logs := &memory{}
	outside := func(c *gin.Context) {
		c.Next()
		if last := c.Errors.Last(); last != nil {
			middleware.Problem(c, last.Error())
			middleware.SetActor(c, "bob")
			c.JSON(http.StatusUnprocessableEntity, gin.H{})
		}
	}
	r := answers(outside, middleware.Track(logs, header, middleware.Options{}))
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/error", "ada"))
	if e := logs.all()[0]; e.Problem != "declined" || e.Actor != "bob" || e.Code != 422 {
		t.Errorf("recorded %+v", e)
	}
}

// copied is the writer of a middleware that runs handlers with a copy of the context.
type copied struct{ gin.ResponseWriter }

// A handler may go on with a copy of its context when Gin serves another request with the context itself.
func TestALateNoteIsNotAnothersRequest(t *testing.T) {
	logs := &memory{}
	r := gin.New()
	r.Use(middleware.Track(logs, header, middleware.Options{}))
	var late *gin.Context
	r.GET("/login", func(c *gin.Context) {
		late = c.Copy()
		late.Writer = &copied{c.Writer}
		c.String(http.StatusOK, "late")
	})
	r.GET("/other", func(c *gin.Context) {
		middleware.SetUser(late, "eve")
		middleware.Problem(late, "declined")
		middleware.Skip(late)
		c.String(http.StatusOK, "other")
	})
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/login", ""))
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/other", "bob"))
	if entries := logs.all(); len(entries) != 1 || entries[0].Username != "bob" || entries[0].Problem != "" {
		t.Errorf("recorded %+v", entries)
	}
}

// An inner Track may return when the outer one serves another request.
func TestALateInnerTrackTellsNothingOfAnothersRequest(t *testing.T) {
	logs := &memory{}
	track := middleware.Track(logs, header, middleware.Options{})
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	slow := gin.New()
	slow.GET("/slow", track, func(*gin.Context) { close(begun); <-goOn })
	r := gin.New()
	r.Use(track)
	r.GET("/slow", func(c *gin.Context) {
		w, asked := &copied{c.Writer}, c.Request
		go func() { defer close(done); slow.ServeHTTP(w, asked) }()
		<-begun
		c.String(http.StatusOK, "later")
	})
	r.GET("/public", func(c *gin.Context) {
		close(goOn)
		<-done
		c.String(http.StatusOK, "public")
	})
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/slow", "ada"))
	r.ServeHTTP(httptest.NewRecorder(), request("GET", "/public", ""))
	for _, e := range logs.all() {
		if e.Path != "/slow" {
			t.Errorf("recorded %+v", e)
		}
	}
}
