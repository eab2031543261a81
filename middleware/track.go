package middleware

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// Recorder takes what is recorded; a *store.Store is one. Record must not block.
type Recorder interface {
	Record(store.Entry)
}

// Options configure [Track]. The zero value records every request of every identified user.
type Options struct {
	// Ignore are regular expressions (RE2); requests whose path one of them matches are not
	// recorded. They are searched for anywhere in the decoded path, without the query: begin with ^
	// to anchor. Default: none.
	Ignore []string

	// PageName says what the page or action that was asked for is called, such as "Order details":
	// support agents read that instead of a path. "" leaves it to PageNames. It is called as Annotate
	// is, and must not keep its argument. A name is cut at store.MaxString bytes. Default: nil.
	PageName func(*gin.Context) string

	// PageNames are names by Gin's route template, as in "/orders/:id": "Order details", or by
	// method and template where they differ, as in "POST /checkout": "Pay". Default: none, and pages
	// are shown by their paths.
	PageNames map[string]string

	// Annotate may change what is recorded, or add to it in Extra; to not record a request at all,
	// it empties Username. It is called after the handlers ran, in the request's goroutine, and must
	// keep neither argument. Default: nil.
	Annotate func(*gin.Context, *store.Entry)
}

// Track returns a middleware that records each request when its response is finished. username says
// whose request it is, "" for nobody's, which is not recorded; it is asked after the handlers ran,
// so that a login is already the user's who logged in. Use it before the routes are added:
//
//	r.Use(middleware.Track(logs, currentUser, middleware.Options{}))
//
// It works for every handler: a panic is recorded as 500 and goes on its way, on whichever side of
// gin.Recovery Track stands; an upgrade to a websocket is recorded as 101 at the moment it happens.
// A panic of username, PageName or Annotate costs that request's entry, which is then counted with the
// invalid usernames, and nothing else.
//
// Track panics if it is given no recorder, no username function, or a pattern that is not a regular
// expression: at start-up, never in a request.
func Track(logs Recorder, username func(*gin.Context) string, options Options) gin.HandlerFunc {
	if username == nil {
		panic("middleware.Track: the username function is nil: pass a func(*gin.Context) string that returns \"\" for nobody")
	}
	t := &tracker{
		recording: newRecording("middleware.Track", logs, options.Ignore),
		identity:  identity[*gin.Context]{username, newPageNames(options.PageName, options.PageNames), options.Annotate},
	}
	return t.handle
}

// Skip keeps the current request from being recorded, whatever Track's options say. The admin's own
// pages use it.
func Skip(c *gin.Context) { c.Set(skipKey, true) }

// skipKey is the key of [Skip] in a context. It is a string, because up to Gin 1.10 all are.
const skipKey = "github.com/gin-userlog/userlog/middleware.skip"

type tracker struct {
	recording
	identity[*gin.Context]
}

func (t *tracker) handle(c *gin.Context) {
	if t.ignores(c.Request.URL.Path) {
		c.Next()
		return
	}
	request := arrive(c.Request)
	if upgrades(c.Request) {
		t.handleUpgrade(c, request)
		return
	}
	returned := false
	defer func() {
		// There is no recover here, so that a panic stays exactly what it was.
		if !returned {
			t.record(c, request, http.StatusInternalServerError)
		}
	}()
	c.Next()
	returned = true
	t.record(c, request, 0)
}

// handleUpgrade is handle for a request that asks to change the protocol. Its handler returns when
// the socket closes, hours later, so it is recorded when the connection is taken over.
func (t *tracker) handleUpgrade(c *gin.Context, request arrived) {
	w := &ginUpgradeWriter{ResponseWriter: c.Writer, upgraded: func() { t.record(c, request, http.StatusSwitchingProtocols) }}
	c.Writer = w
	returned := false
	defer func() {
		if !returned && !w.taken {
			t.record(c, request, http.StatusInternalServerError)
		}
	}()
	c.Next()
	returned = true
	if !w.taken {
		t.record(c, request, 0)
	}
}

// record hands over the entry of a request that is finished; code 0 stands for the status that was
// sent. Whatever handlers have done to the context, it does not panic.
func (t *tracker) record(c *gin.Context, request arrived, code int) {
	defer t.recoverPanic()
	if skipped, _ := c.Get(skipKey); skipped == true {
		return
	}
	if code == 0 {
		code = c.Writer.Status()
	}
	e := request.entry(c.Writer.Header(), code)
	e.Route = c.FullPath()
	if t.identify(c, &e) {
		t.logs.Record(e)
	}
}

// ginUpgradeWriter notices when a handler takes the connection over.
type ginUpgradeWriter struct {
	gin.ResponseWriter
	upgraded func()
	taken    bool
}

// Hijack implements http.Hijacker.
func (w *ginUpgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.ResponseWriter.Hijack()
	if err == nil && !w.taken {
		w.taken = true
		w.upgraded()
	}
	return conn, buffered, err
}

// Unwrap is for http.ResponseController.
func (w *ginUpgradeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
