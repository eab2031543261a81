package middleware_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// answers is a Gin application whose handlers answer in every way that there is.
func answers(use ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(use...)
	r.GET("/plain", func(c *gin.Context) { c.String(http.StatusOK, "plain") })
	r.GET("/bare", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	r.GET("/error", func(c *gin.Context) { _ = c.Error(errors.New("declined")) })
	r.GET("/broken", func(c *gin.Context) { c.AbortWithError(http.StatusInternalServerError, errors.New("declined")) })
	r.GET("/refused", func(c *gin.Context) { c.AbortWithError(http.StatusConflict, errors.New("declined")) })
	r.GET("/explained", func(c *gin.Context) {
		_ = c.Error(errors.New("declined"))
		c.JSON(http.StatusUnprocessableEntity, gin.H{"error": "declined"})
	})
	r.GET("/said", func(c *gin.Context) {
		_ = c.Error(errors.New("declined"))
		c.JSON(http.StatusBadGateway, gin.H{"error": "declined"})
	})
	r.GET("/panic", func(*gin.Context) { panic("broken") })
	r.GET("/abort", func(*gin.Context) { panic(http.ErrAbortHandler) })
	r.GET("/late-panic", func(c *gin.Context) { c.String(http.StatusOK, "half"); c.Writer.Flush(); panic("broken") })
	r.GET("/late-abort", func(c *gin.Context) {
		c.String(http.StatusOK, "half")
		c.Writer.Flush()
		panic(http.ErrAbortHandler)
	})
	r.GET("/hints", func(c *gin.Context) {
		c.Writer.WriteHeader(http.StatusEarlyHints)
		c.Writer.WriteHeaderNow()
		c.String(http.StatusOK, "hinted")
	})
	r.GET("/hinted", func(c *gin.Context) {
		c.Writer.WriteHeader(http.StatusEarlyHints)
		c.Writer.WriteHeaderNow()
	})
	r.GET("/promised", func(c *gin.Context) { c.Status(http.StatusEarlyHints) })
	r.GET("/hijack", func(c *gin.Context) {
		conn, _, err := c.Writer.Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	r.GET("/forward", func(c *gin.Context) { c.Request.URL.Path = "/plain"; r.HandleContext(c) })
	return r
}

// handlesErrors is what many applications have outermost: it answers for handlers that only note an error.
func handlesErrors(c *gin.Context) {
	c.Next()
	if len(c.Errors) > 0 && !c.Writer.Written() {
		c.JSON(http.StatusUnprocessableEntity, gin.H{"error": c.Errors.Last().Error()})
	}
}

// redirectsErrors is one that answers without a body.
func redirectsErrors(c *gin.Context) {
	c.Next()
	if len(c.Errors) > 0 {
		c.Header("Location", "/sorry")
		c.Status(http.StatusSeeOther)
	}
}

// explainsErrors is one that writes a body for errors, also behind a status that has been sent.
func explainsErrors(code int) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		if last := c.Errors.Last(); last != nil {
			c.JSON(code, gin.H{"error": last.Error()})
		}
	}
}

func recoversAs(code int) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(code) })
}

// recoversInNetHTTP answers 500 where it still can, as those of chi and others do.
func recoversInNetHTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func recoversSilently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		next.ServeHTTP(w, r)
	})
}

// recorded is what a test expects of an entry.
type recorded struct {
	code  int
	ended store.End
	route string
}

func (want recorded) check(t *testing.T, entries []store.Entry) {
	t.Helper()
	if len(entries) != 1 {
		t.Fatalf("recorded %d entries: %+v", len(entries), entries)
	}
	if got := (recorded{entries[0].Code, entries[0].Ended, entries[0].Route}); got != want {
		t.Errorf("recorded %+v, want %+v", got, want)
	}
	if entries[0].Username != "ada" {
		t.Errorf("recorded for %q", entries[0].Username)
	}
}

// answerTest is a site, and what a client and a log get of it.
type answerTest struct {
	name, target string
	build        func(*memory) http.Handler
	sent         int // 0: the connection ends without an answer
	want         recorded
}

// needsServer reports whether only a server ends the request.
func (a *answerTest) needsServer() bool {
	return a.target == "/late-abort" || strings.Contains(a.name, "last, and a logger outside") || strings.Contains(a.name, "swallows") || strings.Contains(a.name, "engine outside")
}

// keepsBack is a middleware that sends an answer only when it is complete, such as a cache.
func keepsBack(c *gin.Context) {
	server := c.Writer
	back := &backWriter{ResponseWriter: server, code: http.StatusOK}
	c.Writer = back
	c.Next()
	c.Writer = server
	server.WriteHeader(back.code)
	_, _ = server.WriteString(back.body)
}

type backWriter struct {
	gin.ResponseWriter
	code int
	body string
}

func (w *backWriter) Status() int                       { return w.code }
func (w *backWriter) Written() bool                     { return true }
func (w *backWriter) WriteHeader(code int)              { w.code = code }
func (w *backWriter) WriteHeaderNow()                   {}
func (w *backWriter) Write(b []byte) (int, error)       { w.body += string(b); return len(b), nil }
func (w *backWriter) WriteString(s string) (int, error) { w.body += s; return len(s), nil }

// swallows is a writer that a middleware leaves behind, and that no longer writes.
type swallows struct{ gin.ResponseWriter }

func (w *swallows) Write(b []byte) (int, error) { return len(b), nil }

func TestTheStatusThatIsSentIsRecorded(t *testing.T) {
	track := func(logs *memory) gin.HandlerFunc { return middleware.Track(logs, header, middleware.Options{}) }
	tests := []answerTest{
		{"plain", "/plain", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, "", "/plain"}},
		{"bare", "/bare", func(m *memory) http.Handler { return answers(track(m)) }, 204, recorded{204, "", "/bare"}},
		{"no route", "/none", func(m *memory) http.Handler { return answers(track(m)) }, 404, recorded{404, "", ""}},
		{"an error handler outside", "/error", func(m *memory) http.Handler { return answers(handlesErrors, track(m)) }, 422, recorded{422, "", "/error"}},
		{"an error handler outside that redirects", "/error", func(m *memory) http.Handler { return answers(redirectsErrors, track(m)) }, 303, recorded{303, "", "/error"}},
		{"an error handler inside", "/error", func(m *memory) http.Handler { return answers(track(m), handlesErrors) }, 422, recorded{422, "", "/error"}},
		{"an error handler inside that explains a status", "/broken", func(m *memory) http.Handler { return answers(track(m), explainsErrors(500)) }, 500, recorded{500, "", "/broken"}},
		{"an error handler inside that says another status", "/broken", func(m *memory) http.Handler { return answers(track(m), explainsErrors(503)) }, 500, recorded{500, "", "/broken"}},
		{"an error handler inside that says a worse status", "/refused", func(m *memory) http.Handler { return answers(track(m), explainsErrors(500)) }, 409, recorded{409, "", "/refused"}},
		{"an error handler inside that says it again", "/said", func(m *memory) http.Handler { return answers(track(m), explainsErrors(502)) }, 502, recorded{502, "", "/said"}},
		{"an error handler inside that says a worse status behind a body", "/explained", func(m *memory) http.Handler { return answers(track(m), explainsErrors(500)) }, 422, recorded{422, "", "/explained"}},
		{"Recovery outside", "/panic", func(m *memory) http.Handler { return answers(recoversAs(503), track(m)) }, 503, recorded{503, "", "/panic"}},
		{"Recovery inside", "/panic", func(m *memory) http.Handler { return answers(track(m), recoversAs(503)) }, 503, recorded{503, "", "/panic"}},
		{"Recovery inside, panic after 200", "/late-panic", func(m *memory) http.Handler { return answers(track(m), recoversAs(503)) }, 200, recorded{200, store.EndBrokeOff, "/late-panic"}},
		{"Recovery inside, abort after 200", "/late-abort", func(m *memory) http.Handler { return answers(track(m), recoversAs(503)) }, 200, recorded{200, store.EndBrokeOff, "/late-abort"}},
		{"a writer that a middleware inside leaves, and an error handler outside", "/error", func(m *memory) http.Handler {
			return answers(handlesErrors, track(m), func(c *gin.Context) { c.Writer = &wrapped{c.Writer}; c.Next() })
		}, 422, recorded{422, "", "/error"}},
		{"no Recovery", "/panic", func(m *memory) http.Handler { return answers(track(m)) }, 0, recorded{0, store.EndBrokeOff, "/panic"}},
		{"no Recovery but a logger outside", "/panic", func(m *memory) http.Handler {
			return answers(gin.LoggerWithWriter(io.Discard), track(m))
		}, 0, recorded{0, store.EndBrokeOff, "/panic"}},
		{"Recovery outside, panic after 200", "/late-panic", func(m *memory) http.Handler { return answers(recoversAs(503), track(m)) }, 200, recorded{200, store.EndBrokeOff, "/late-panic"}},
		{"Recovery outside, abort after 200", "/late-abort", func(m *memory) http.Handler { return answers(recoversAs(503), track(m)) }, 200, recorded{200, store.EndBrokeOff, "/late-abort"}},
		{"no Recovery, abort after 200", "/late-abort", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, store.EndBrokeOff, "/late-abort"}},
		{"hints, then 200", "/hints", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, "", "/hints"}},
		{"hints, then nothing", "/hinted", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, "", "/hinted"}},
		{"hints that Gin sends last", "/promised", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, "", "/promised"}},
		{"hints that Gin sends last, and a logger outside", "/promised", func(m *memory) http.Handler {
			return answers(gin.LoggerWithWriter(io.Discard), track(m))
		}, 200, recorded{200, "", "/promised"}},
		{"hijack without Upgrade", "/hijack", func(m *memory) http.Handler { return answers(track(m)) }, 204, recorded{0, store.EndUnknown, "/hijack"}},
		{"HandleContext", "/forward", func(m *memory) http.Handler { return answers(track(m)) }, 200, recorded{200, "", "/plain"}},
		{"HandleContext from NoRoute", "/none", func(m *memory) http.Handler {
			r := answers(track(m))
			r.NoRoute(func(c *gin.Context) { c.Request.URL.Path = "/plain"; r.HandleContext(c) })
			return r
		}, 200, recorded{200, "", "/plain"}},
		{"twice", "/plain", func(m *memory) http.Handler { return answers(track(m), track(m)) }, 200, recorded{200, "", "/plain"}},
		{"engine and group", "/admin/users", func(m *memory) http.Handler {
			r := answers(track(m))
			r.Group("/admin", track(m)).GET("/users", func(c *gin.Context) { c.Status(http.StatusAccepted) })
			return r
		}, 202, recorded{202, "", "/admin/users"}},
		{"an engine in an engine", "/plain", func(m *memory) http.Handler {
			outer := gin.New()
			outer.Use(track(m))
			outer.GET("/*any", gin.WrapH(answers(track(m))))
			return outer
		}, 200, recorded{200, "", "/plain"}},
		{"an engine in an engine with an error handler", "/error", func(m *memory) http.Handler {
			outer := gin.New()
			outer.Use(track(m))
			outer.GET("/*any", gin.WrapH(answers(handlesErrors, track(m))))
			return outer
		}, 422, recorded{422, "", "/error"}},
		{"TrackHTTP around", "/plain", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(track(m)))
		}, 200, recorded{200, "", "/plain"}},
		{"TrackHTTP around bare", "/bare", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(track(m)))
		}, 204, recorded{204, "", "/bare"}},
		{"TrackHTTP around, Recovery inside, panic after 200", "/late-panic", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(track(m), recoversAs(503)))
		}, 200, recorded{200, store.EndBrokeOff, "/late-panic"}},
		{"TrackHTTP around, Recovery outside of Track, panic after 200", "/late-panic", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(recoversAs(503), track(m)))
		}, 200, recorded{200, store.EndBrokeOff, "/late-panic"}},
		{"TrackHTTP around, Recovery inside, abort after 200", "/late-abort", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(track(m), recoversAs(503)))
		}, 200, recorded{200, store.EndBrokeOff, "/late-abort"}},
		{"TrackHTTP around, Recovery inside", "/panic", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(answers(track(m), recoversAs(503)))
		}, 503, recorded{503, "", "/panic"}},
		{"an engine in an engine, Recovery inside, panic after 200", "/late-panic", func(m *memory) http.Handler {
			outer := gin.New()
			outer.Use(track(m))
			outer.GET("/*any", gin.WrapH(answers(recoversAs(503), track(m))))
			return outer
		}, 200, recorded{200, store.EndBrokeOff, "/late-panic"}},
		{"TrackHTTP around a recovery of net/http, panic after 200", "/late-panic", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(recoversInNetHTTP(answers()))
		}, 200, recorded{200, store.EndBrokeOff, ""}},
		{"a recovery of net/http between two TrackHTTPs, that says nothing", "/late-panic", func(m *memory) http.Handler {
			around := middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})
			return around(recoversSilently(around(answers())))
		}, 200, recorded{200, store.EndBrokeOff, ""}},
		{"TrackHTTP around, twice", "/plain", func(m *memory) http.Handler {
			around := middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})
			return around(around(answers()))
		}, 200, recorded{200, "", ""}},
		{"a middleware that wraps the writer outside", "/bare", func(m *memory) http.Handler {
			return answers(func(c *gin.Context) { c.Writer = &wrapped{c.Writer}; c.Next() }, track(m))
		}, 204, recorded{204, "", "/bare"}},
		{"a middleware that wraps the writer, and an error handler outside", "/error", func(m *memory) http.Handler {
			return answers(handlesErrors, func(c *gin.Context) { c.Writer = &wrapped{c.Writer}; c.Next() }, track(m))
		}, 422, recorded{422, "", "/error"}},
		{"a middleware outside that keeps the answer back", "/bare", func(m *memory) http.Handler { return answers(keepsBack, track(m)) }, 204, recorded{204, "", "/bare"}},
		{"a middleware outside that panics afterwards, and nobody recovers", "/bare", func(m *memory) http.Handler {
			return answers(func(c *gin.Context) { c.Next(); panic(http.ErrAbortHandler) }, track(m))
		}, 0, recorded{0, store.EndBrokeOff, "/bare"}},
		{"a middleware outside that cancels the context of a panic", "/panic", func(m *memory) http.Handler {
			return answers(recoversAs(503), func(c *gin.Context) {
				ctx, cancel := context.WithCancel(c.Request.Context())
				defer cancel()
				c.Request = c.Request.WithContext(ctx)
				c.Next()
			}, track(m))
		}, 503, recorded{503, "", "/panic"}},
		{"a middleware inside that swallows what Gin sends last", "/none", func(m *memory) http.Handler {
			return answers(track(m), func(c *gin.Context) { c.Writer = &swallows{c.Writer}; c.Next() })
		}, 200, recorded{200, "", ""}},
		{"Recovery in an engine outside", "/panic", func(m *memory) http.Handler {
			outer := gin.New()
			outer.Use(recoversAs(503))
			outer.GET("/*any", gin.WrapH(answers(track(m))))
			return outer
		}, 503, recorded{0, store.EndBrokeOff, "/panic"}},
		{"http.TimeoutHandler between TrackHTTP and Track", "/bare", func(m *memory) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(http.TimeoutHandler(answers(track(m)), time.Minute, ""))
		}, 204, recorded{204, "", "/bare"}},
		{"one Track in two engines, of which one has Recovery outside", "/panic", func(m *memory) http.Handler {
			one := track(m)
			func() {
				defer func() { _ = recover() }()
				answers(one).ServeHTTP(httptest.NewRecorder(), request("GET", "/panic", "")) // nobody's, so not recorded
			}()
			return answers(recoversAs(503), one)
		}, 503, recorded{503, "", "/panic"}},
		{"a middleware that wraps the writer between two Tracks", "/plain", func(m *memory) http.Handler {
			return answers(track(m), func(c *gin.Context) { c.Writer = &wrapped{c.Writer}; c.Next() }, track(m))
		}, 200, recorded{200, "", "/plain"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logs := &memory{}
			server := httptest.NewUnstartedServer(test.build(logs))
			server.Config.ErrorLog = silent()
			server.Start()
			defer server.Close()
			server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			if status, _ := get(t, server.Client(), server.URL+test.target); status != test.sent {
				t.Errorf("the client got %d", status)
			}
			test.want.check(t, logs.await(t, 1))
		})
		if test.sent == 0 || test.target == "/hijack" || test.needsServer() {
			continue // a recorder can't hijack, and recovers from nothing
		}
		t.Run(test.name+", without a server", func(t *testing.T) {
			t.Parallel()
			logs := &memory{}
			w := httptest.NewRecorder()
			test.build(logs).ServeHTTP(w, request("GET", test.target, "ada"))
			test.want.check(t, logs.all())
		})
	}
}

// wrapped is the writer of a middleware, such as one that compresses.
type wrapped struct{ gin.ResponseWriter }

// A time limit outside cuts an answer off that the handlers believe to have given.
func TestATimeLimitIsRecorded(t *testing.T) {
	slow := func(c *gin.Context) {
		c.String(http.StatusOK, "too late")
		<-c.Request.Context().Done()
	}
	tests := []struct {
		name   string
		wrap   func(http.Handler) http.Handler
		config func(*http.Server)
		handle gin.HandlerFunc
		sent   int
		want   recorded
	}{
		{"http.TimeoutHandler", func(h http.Handler) http.Handler { return http.TimeoutHandler(h, 30*time.Millisecond, "") }, nil, slow, 503, recorded{503, store.EndTimedOut, "/slow"}},
		{"http.TimeoutHandler, answered too late", func(h http.Handler) http.Handler { return http.TimeoutHandler(h, 30*time.Millisecond, "") }, nil, func(c *gin.Context) {
			<-c.Request.Context().Done()
			c.String(http.StatusGatewayTimeout, "too late")
		}, 503, recorded{503, store.EndTimedOut, "/slow"}},
		{"http.TimeoutHandler, in time", func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Minute, "") }, nil, func(c *gin.Context) {
			c.String(http.StatusTeapot, "in time")
		}, 418, recorded{418, "", "/slow"}},
		{"a limit of the application, answered by it", nil, nil, func(c *gin.Context) {
			ctx, cancel := context.WithTimeout(c.Request.Context(), time.Millisecond)
			defer cancel()
			<-ctx.Done()
			c.String(http.StatusGatewayTimeout, "a slow backend")
		}, 504, recorded{504, "", "/slow"}},
		{"WriteTimeout", nil, func(s *http.Server) { s.WriteTimeout = 30 * time.Millisecond }, func(c *gin.Context) {
			afterLimit(c.Request)
			c.String(http.StatusOK, "too late")
		}, 0, recorded{0, store.EndTimedOut, "/slow"}},
		{"WriteTimeout, after all was sent", nil, func(s *http.Server) { s.WriteTimeout = time.Second }, func(c *gin.Context) {
			c.Header("Content-Length", "4")
			c.String(http.StatusOK, "sent")
			c.Writer.Flush()
			afterLimit(c.Request)
		}, 200, recorded{200, "", "/slow"}},
		{"WriteTimeout that the handler lifts", nil, func(s *http.Server) { s.WriteTimeout = 30 * time.Millisecond }, func(c *gin.Context) {
			if err := http.NewResponseController(c.Writer).SetWriteDeadline(time.Time{}); err != nil {
				panic(err)
			}
			afterLimit(c.Request)
			c.String(http.StatusOK, "in time")
		}, 200, recorded{200, "", "/slow"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logs := &memory{}
			r := answers(middleware.Track(logs, header, middleware.Options{}))
			r.GET("/slow", test.handle)
			var handler http.Handler = r
			if test.wrap != nil {
				handler = test.wrap(r)
			}
			server := httptest.NewUnstartedServer(handler)
			if test.config != nil {
				test.config(server.Config)
			}
			server.Start()
			defer server.Close()
			if status, _ := get(t, server.Client(), server.URL+"/slow"); status != test.sent {
				t.Errorf("the client got %d", status)
			}
			test.want.check(t, logs.await(t, 1))
		})
	}
}

// afterLimit returns when the time that the server has for an answer is over.
func afterLimit(r *http.Request) {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	<-time.After(2 * server.WriteTimeout)
}

// A client that goes away is no failure of the site.
func TestAClientThatGivesUpIsRecorded(t *testing.T) {
	waits := func(c *gin.Context) {
		<-c.Request.Context().Done()
		c.String(http.StatusInternalServerError, "context canceled")
	}
	never := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(never.Close)
	backend, err := url.Parse(never.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(backend)
	proxy.ErrorLog = silent()
	tests := []struct {
		name   string
		length string // of a body, of which nothing is sent. The server reads up to 256 KB before it answers.
		handle gin.HandlerFunc
		want   recorded
	}{
		{"a handler that waits for its context", "0", waits, recorded{0, store.EndGaveUp, "/slow"}},
		{"a handler that panics then", "0", func(c *gin.Context) { <-c.Request.Context().Done(); panic(http.ErrAbortHandler) }, recorded{0, store.EndGaveUp, "/slow"}},
		{"a reverse proxy", "0", gin.WrapH(proxy), recorded{0, store.EndGaveUp, "/slow"}},
		{"half of a request", "9", func(c *gin.Context) {
			if _, err := io.ReadAll(c.Request.Body); err != nil {
				c.String(http.StatusBadRequest, "half of a request")
			}
		}, recorded{0, store.EndGaveUp, "/slow"}},
		{"half of an answer to a request that nobody has read", "1000000", func(c *gin.Context) {
			for c.Request.Context().Err() == nil {
				c.String(http.StatusOK, "half")
				c.Writer.Flush()
			}
		}, recorded{200, store.EndGaveUp, "/slow"}},
		{"half of an answer", "0", func(c *gin.Context) {
			c.String(http.StatusOK, "half")
			c.Writer.Flush()
			<-c.Request.Context().Done()
		}, recorded{200, store.EndGaveUp, "/slow"}},
		{"all of an answer", "0", func(c *gin.Context) {
			c.Header("Content-Length", "3")
			c.String(http.StatusOK, "all")
			c.Writer.Flush()
			<-c.Request.Context().Done()
		}, recorded{200, "", "/slow"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logs := &memory{}
			r := answers(recoversAs(500), middleware.Track(logs, header, middleware.Options{}))
			begun := make(chan struct{})
			r.GET("/slow", func(c *gin.Context) { close(begun); test.handle(c) })
			server := httptest.NewUnstartedServer(r)
			server.Config.ErrorLog = silent()
			server.Start()
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET /slow HTTP/1.1\r\nHost: shop\r\nX-User: ada\r\nContent-Length: %s\r\n\r\n", test.length)
			<-begun
			if test.want.code != 0 {
				if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			conn.Close()
			entries := logs.await(t, 1)
			test.want.check(t, entries)
			if entries[0].Failed() {
				t.Error("counts as a failure of the site")
			}
		})
	}
}

// A server cancels a request whose body comes too slowly, and says that the client has gone. The client gets the answer all the same. Where
// the handler has set its own limit and lifts it, nobody waits for the body, and how the request ended is not known so well.
func TestABodyThatComesTooLateIsNoClientThatGivesUp(t *testing.T) {
	for name, limit := range map[string]time.Duration{"the server's limit": 0, "the handler's limit": lateBody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkALateBody(t, limit)
		})
	}
}

// lateBody is long enough for a busy client to send what comes before a body.
const lateBody = 500 * time.Millisecond

// checkALateBody sends half a body. A limit of 0 leaves the server's.
func checkALateBody(t *testing.T, limit time.Duration) {
	t.Helper()
	logs := &memory{}
	r := answers(middleware.Track(logs, header, middleware.Options{}))
	r.POST("/slow", func(c *gin.Context) {
		control := http.NewResponseController(c.Writer)
		if limit > 0 && control.SetReadDeadline(time.Now().Add(limit)) != nil {
			panic("there is no limit to set")
		}
		if _, err := io.ReadAll(c.Request.Body); err == nil {
			panic("the body is there")
		}
		if limit > 0 && control.SetReadDeadline(time.Time{}) != nil {
			panic("there is no limit to lift")
		}
		c.String(http.StatusRequestTimeout, "too slow")
	})
	server := httptest.NewUnstartedServer(r)
	if server.Config.ReadTimeout = lateBody; limit > 0 {
		server.Config.ReadTimeout = time.Minute
	}
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /slow HTTP/1.1\r\nHost: shop\r\nX-User: ada\r\nContent-Length: 1000000\r\n\r\nhalf")
	if status, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(status, " 408 ") {
		t.Errorf("the client got %q, %v", status, err)
	}
	want := recorded{408, "", "/slow"}
	if limit > 0 {
		want = recorded{0, store.EndGaveUp, "/slow"}
	}
	want.check(t, logs.await(t, 1))
}

// The site cancels its requests when it shuts down. That is not the customer who gives up.
func TestAShutdownIsNotAClientThatGivesUp(t *testing.T) {
	logs := &memory{}
	base, stop := context.WithCancel(t.Context())
	r := answers(middleware.Track(logs, header, middleware.Options{}))
	r.GET("/slow", func(c *gin.Context) {
		stop()
		<-c.Request.Context().Done()
		c.String(http.StatusServiceUnavailable, "stopping")
	})
	server := httptest.NewUnstartedServer(r)
	server.Config.BaseContext = func(net.Listener) context.Context { return base }
	server.Start()
	defer server.Close()
	if status, _ := get(t, server.Client(), server.URL+"/slow"); status != 503 {
		t.Errorf("the client got %d", status)
	}
	recorded{503, "", "/slow"}.check(t, logs.await(t, 1))
}

// A stream of events lasts as long as its page.
func TestAStreamIsRecordedWhenItBegins(t *testing.T) {
	for name, around := range map[string]func(*memory, *gin.Engine) http.Handler{
		"Track": func(_ *memory, r *gin.Engine) http.Handler { return r },
		"TrackHTTP": func(m *memory, r *gin.Engine) http.Handler {
			return middleware.TrackHTTP(m, httpUser, middleware.HTTPOptions{})(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logs := &memory{}
			r := answers(middleware.Track(logs, header, middleware.Options{}))
			ended := make(chan struct{})
			r.GET("/events", func(c *gin.Context) {
				defer close(ended)
				c.Stream(func(io.Writer) bool {
					c.SSEvent("tick", "1")
					return c.Request.Context().Err() == nil
				})
			})
			server := httptest.NewServer(around(logs, r))
			defer server.Close()
			asked := request("GET", server.URL+"/events", "ada")
			asked.RequestURI = ""
			ctx, cancel := context.WithCancel(t.Context())
			response, err := server.Client().Do(asked.WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			want := recorded{200, "", "/events"}
			want.check(t, logs.await(t, 1))
			select {
			case <-ended:
				t.Error("the stream had ended by then")
			default:
			}
			cancel()
			response.Body.Close()
			<-ended
			want.check(t, logs.all())
		})
	}
}

// A handler may keep what it answers through, and write to it when its request is over.
func TestAStatusAfterTheRequestIsHarmless(t *testing.T) {
	m := &memory{}
	var kept gin.ResponseWriter
	r := answers(middleware.Track(m, header, middleware.Options{}))
	r.GET("/kept", func(c *gin.Context) { kept = c.Writer; c.String(http.StatusOK, "kept") })
	r.ServeHTTP(httptest.NewRecorder(), request(http.MethodGet, "/kept", "ada"))
	recorded{200, "", "/kept"}.check(t, m.await(t, 1))
	r.GET("/next", func(c *gin.Context) { c.String(http.StatusOK, "next") })
	for n := range 20 { // the pool of responses gives back the one that was used last, as a rule
		kept.WriteHeader(http.StatusInternalServerError)
		r.ServeHTTP(httptest.NewRecorder(), request(http.MethodGet, "/next", "ada"))
		recorded{200, "", "/next"}.check(t, m.await(t, n+2)[n+1:])
	}
	recorded{200, "", "/kept"}.check(t, m.all()[:1])
}
