package middleware

import (
	"cmp"
	"errors"
	"net/http"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"

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

	// BothUsers records a request twice that begins as one user's and ends as another's, such as an agent's who begins to
	// impersonate a customer: once in the log of each. Default: it is the later user's.
	BothUsers bool

	// ExternalPrefix is the beginning of each path that a proxy in front strips, such as "/app": browsers show it, and so
	// do logs. It begins with a slash. Default: none.
	ExternalPrefix string

	// RequestIDHeader is the header that has the request's id in the application's other logs, in the answer or else in the
	// request. Without it, the trace id of a traceparent is taken. Default: "X-Request-Id".
	RequestIDHeader string

	// Annotate may change what is recorded, or add to it in Extra; to not record a request at all,
	// it empties Username. It is called after the handlers ran, in the request's goroutine, and must
	// keep neither argument. Code is then what is known so far: what is sent takes its place, unless Annotate changes it.
	// Default: nil.
	Annotate func(*gin.Context, *store.Entry)
}

// Track returns a middleware that records each request. username says whose request it is, "" for nobody's, which is not
// recorded. It is asked before and after the handlers, and the answer after them wins if it is not "": so a login is the
// user's who logged in, and a logout the user's who logged out. It must not answer the request. [SetUser] wins over it.
// Use Track before the routes are added:
//
//	r.Use(middleware.Track(logs, currentUser, middleware.Options{}))
//
// The recorded status is the one that leaves the engine, also where another middleware in front of Track decides it. An
// upgrade to a websocket and a stream of events are recorded when they begin. [store.Entry.Ended] says where the client went
// away, a time limit ran out, or a panic cut an answer off; the panic goes on its way. Track can't see what a proxy or a
// middleware of net/http in front of the engine changes. It can't see Gin's redirect for a trailing slash, either.
//
// Where several Tracks record to the same store, the outermost records a request, once, with the route of the innermost.
//
// A panic of username, PageName or Annotate costs that request's entry, which is counted, logged, and nothing else.
//
// Track panics if it is given no recorder, no username function, a pattern that is not a regular expression, or a page name
// for no possible route: at start-up, never in a request.
func Track(logs Recorder, username func(*gin.Context) string, options Options) gin.HandlerFunc {
	if username == nil {
		panic("middleware.Track: the username function is nil: pass a func(*gin.Context) string that returns \"\" for nobody")
	}
	if err := checkPageNames(options.PageNames); err != nil {
		panic("middleware.Track: " + err.Error())
	}
	t := &tracker{
		recording: newRecording("middleware.Track", logs, settings{options.Ignore, options.ExternalPrefix, options.RequestIDHeader}),
		identity: identity[*gin.Context]{
			username, newPageNames(options.PageName, options.PageNames), options.Annotate, options.BothUsers, new(atomic.Int32),
		},
		writer: newGinWriter(),
		pool:   &sync.Pool{New: func() any { return new(response) }},
	}
	t.name = runtime.FuncForPC(reflect.ValueOf(t.handle).Pointer()).Name()
	return t.handle
}

type tracker struct {
	recording
	identity[*gin.Context]
	writer ginWriter
	name   string     // of its handler, as Gin calls it
	pool   *sync.Pool // of responses
}

func (t *tracker) handle(c *gin.Context) {
	if t.ignores(c.Request.URL.Path) {
		c.Next()
		return
	}
	nearest, same := t.enclosing(c.Writer)
	if same != nil {
		t.within(same, c)
		return
	}
	r := t.open(c, nearest)
	returned := false
	defer func() {
		// There is no recover here, so that a panic stays exactly what it was.
		t.returned(r, !returned)
	}()
	c.Next()
	returned = true
}

// within lets a tracker outside record the request, and tells it what only this one knows.
func (t *tracker) within(outer *response, c *gin.Context) {
	outer.inner.route = cmp.Or(c.FullPath(), outer.inner.route)
	defer func() {
		outer.inner.route = cmp.Or(c.FullPath(), outer.inner.route)
		outer.inner.username = cmp.Or(t.before(c), outer.inner.username)
	}()
	c.Next()
}

// open begins to watch what is answered.
func (t *tracker) open(c *gin.Context, nearest *response) *response {
	r, _ := t.pool.Get().(*response)
	r.host, r.logs, r.c, r.ctx = t, t.logs, c, c.Request.Context()
	t.arrive(&r.request, c.Request)
	r.notes = &r.own
	if nearest != nil {
		r.notes = nearest.notes
	} else if n := notesBefore(c); n != nil {
		r.own = *n
	}
	r.before, r.route = t.before(c), c.FullPath()
	r.slot.field, r.slot.direct = t.writer.slot(c.Writer)
	if r.slot.field != nil {
		r.slot.install(r)
		if r.slot.direct { // nobody outside expects a writer of its own here
			r.top = ginTop{c.Writer, r}
			c.Writer = &r.top
		}
	} else {
		r.ResponseWriter = c.Writer
	}
	return r
}

// returned is called when the handlers are done.
func (t *tracker) returned(r *response, panicked bool) {
	code, open := r.leave(panicked)
	if !r.outlived {
		r.removeTop()
	}
	switch {
	case !open:
		t.release(r)
	case code != 0, r.outlived, r.hijacked:
		r.finish(code)
	case r.slot.field == nil:
		r.finish(r.statusByGin(panicked))
	case panicked && t.isOutermost(r.c):
		r.finish(0)
	case panicked:
		r.await(0)
	default:
		code, sent := r.ginStatus()
		if sent {
			// Gin has sent an informational header. The server adds the last one by itself.
			r.finish(http.StatusOK)
		} else {
			r.await(code)
		}
	}
}

// removeTop takes back what handlers answered through, and notes whether a recovery inside has stopped them.
func (r *response) removeTop() {
	if r.c.Writer == &r.top {
		r.c.Writer = r.top.ResponseWriter
	} else if r.top.r != nil && r.c.Writer != r.top.ResponseWriter {
		r.slot.direct = false // a middleware inside has left a writer of its own, which holds this one
	}
	if last := r.c.Errors.Last(); last != nil && errors.Is(last.Err, http.ErrAbortHandler) {
		r.brokeOff = true
	}
}

// statusByGin is the status of an answer whose sending can't be seen: what Gin's writer says of it, or 0 after a panic that
// somebody outside may answer.
func (r *response) statusByGin(panicked bool) int {
	code, sent := r.ginStatus()
	if panicked && !sent {
		return 0
	}
	return code
}

// isOutermost reports whether no middleware of Gin stands in front of Track.
func (t *tracker) isOutermost(c *gin.Context) bool {
	names := c.HandlerNames()
	return len(names) > 0 && names[0] == t.name
}

// ginStatus is what Gin's writer says about the status, and whether that has been sent. Handlers may have done anything to
// the context.
func (r *response) ginStatus() (code int, sent bool) {
	defer func() { _ = recover() }()
	return r.c.Writer.Status(), r.c.Writer.Written()
}

// find implements host.
func (t *tracker) find(r *response, code int) (record bool) {
	if r.outlived {
		return r.findByArrival(code)
	}
	return t.identity.find(r.c, r, r.c.FullPath(), code)
}

// release implements host.
func (t *tracker) release(r *response) {
	if r.slot.field == nil || !r.slot.direct || r.hijacked || !r.slot.remove(r) {
		return // something may still hold it
	}
	*r = response{}
	t.pool.Put(r)
}
