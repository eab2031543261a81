package middleware

import (
	"cmp"
	"errors"
	"net/http"
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

	// NoClient leaves out which browser sent a request: see [store.Entry.Client]. Default: it is recorded.
	NoClient bool

	// Visitors says whether those are recorded who are not logged in. Default: they are not, and get no cookie.
	Visitors Visitors

	// Annotate may change what is recorded, or add to it in Extra; to not record a request at all,
	// it empties Username. It is called after the handlers ran, in the request's goroutine, and must
	// keep neither argument. Code is then what is known so far: what is sent takes its place, unless Annotate changes it.
	// Default: nil.
	Annotate func(*gin.Context, *store.Entry)
}

// Track returns a middleware that records each request. username returns the name of the user who made it, or "" for nobody. Requests
// of nobody are not recorded. username is asked before and after the handlers, and the second answer wins if it is not "". So a login
// belongs to the user who logged in, and a logout to the user who logged out. username must not answer the request. [SetUser] wins
// over it. Use Track before the routes are added:
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
		recording: newRecording("middleware.Track", logs, settings{options.Ignore, options.ExternalPrefix, options.RequestIDHeader, options.NoClient, options.Visitors}),
		identity: identity[*gin.Context]{
			username, newPageNames(options.PageName, options.PageNames), options.Annotate, options.BothUsers, new(atomic.Int32),
		},
		writer: newGinWriter(),
		pool:   &sync.Pool{New: func() any { return new(response) }},
	}
	return t.handle
}

type tracker struct {
	recording
	identity[*gin.Context]
	writer ginWriter
	pool   *sync.Pool // of responses
}

func (t *tracker) handle(c *gin.Context) {
	if t.ignores(c.Request.URL.Path) {
		c.Next()
		return
	}
	r, _ := t.pool.Get().(*response)
	nearest, same := r.locate(t, c)
	if same != nil {
		t.pool.Put(r)
		t.within(same, c)
		return
	}
	t.open(r, c, nearest)
	returned := false
	defer func() {
		// There is no recover here, so that a panic stays exactly what it was.
		t.handlersReturned(r, !returned)
	}()
	c.Next()
	returned = true
}

// within lets a tracker outside record the request, and tells it what only this one knows.
func (t *tracker) within(outer *response, c *gin.Context) {
	request := c.Request
	outer.learn(request, nested{route: c.FullPath()})
	remove, returned := outer.putInnerTop(c), false
	defer func() {
		remove()
		outer.learn(request, nested{c.FullPath(), t.ask(c), !returned, isAborted(c)})
	}()
	c.Next()
	returned = true
}

// learn keeps what a tracker inside knows, unless its request is over and r is another's by now.
func (r *response) learn(request *http.Request, n nested) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.belongs(request) {
		r.inner.route, r.inner.username = cmp.Or(n.route, r.inner.route), cmp.Or(n.username, r.inner.username)
		r.brokeOff = r.brokeOff || n.brokeOff || n.panicked && r.code != 0 // a recovery between can't say so to the client
	}
}

// open begins to watch what is answered.
func (t *tracker) open(r *response, c *gin.Context, nearest *response) {
	r.host, r.logs, r.c = t, t.logs, c
	r.accept(&t.recording, c.Request, nearest)
	if r.first = t.writer.isFirst(c); !r.first && nearest == nil {
		if n := notesBefore(c); n != nil {
			r.notes = *n
			r.noted.Store(true)
		}
	}
	r.before, r.route, r.visitor = t.before(c), c.FullPath(), t.visitors.arrive(c.Request)
	switch {
	case r.ginSlot.field == nil:
		r.ResponseWriter = c.Writer
	case r.ginSlot.direct: // nobody outside expects a writer of its own here
		r.ginSlot.install(r)
		r.top = ginTop{c.Writer, r}
		c.Writer = &r.top
	default:
		r.ginSlot.install(r)
	}
	r.answer = r.Header() // not later: where the status has been sent, net/http copies it for who asks
}

// locate finds where Gin keeps the server's writer, and the trackers outside, as enclosing does.
func (r *response) locate(t *tracker, c *gin.Context) (nearest, same *response) {
	if r.last.fits(c.Writer) {
		if !r.last.notifies {
			nearest, same = t.announcedIn(c.Request)
		}
		r.ginSlot.field, r.ginSlot.direct = r.last.field, true
		return nearest, same
	}
	nearest, same = t.enclosing(c, c.Writer, c.Request)
	//lint:ignore bodyclose a ResponseWriter has no body to close
	r.ginSlot.field, r.ginSlot.direct = t.writer.slot(c.Writer)
	r.last = habit{}
	if r.ginSlot.direct {
		r.last.learn(c.Writer, r.ginSlot.field)
	}
	return nearest, same
}

// accept begins a request.
func (r *response) accept(of *recording, request *http.Request, nearest *response) {
	of.arrive(&r.request, request)
	r.ctx, r.header, r.body, r.outermost, r.visitors = request.Context(), request.Header, request.Body, r, of.visitors
	if nearest != nil {
		r.outermost = nearest.outermost
	}
}

// handlersReturned ends a request whose handlers are done, or waits for the status that somebody outside may send.
func (t *tracker) handlersReturned(r *response, panicked bool) {
	code, open := r.leave(panicked)
	if r.outlived {
		if open {
			r.finish(code)
		}
		return
	}
	tidy := r.removeTop()
	first := r.isFirst()
	switch {
	case !open:
		t.release(r)
	case r.ginSlot.field == nil:
		r.finish(r.statusByGin(panicked))
	case panicked && first:
		r.aborted = true
		r.finish(code)
	case panicked && (code == 0 || !r.flushed):
		r.await(code)
	case code != 0, r.hijacked:
		r.finish(code)
	case r.informed && r.ginSlot.direct:
		r.finish(http.StatusOK) // the server sends the final status by itself, after the informational ones
	default:
		code, _ := r.ginStatus()
		switch certain := tidy && first; {
		case certain && r.isFinal(code):
			r.finish(code) // Gin sends it next, whatever stands outside the engine
		case certain && code < http.StatusOK:
			r.finish(http.StatusOK) // Gin sends an informational status, and the server adds the final one by itself
		default:
			r.await(code)
		}
	}
}

// removeTop takes back what handlers answered through, and notes whether a recovery inside has stopped them. It returns false
// if a middleware has left a writer of its own, which Gin then answers through.
func (r *response) removeTop() (tidy bool) {
	if isAborted(r.c) {
		r.brokeOff = true
	}
	if r.c.Writer == &r.top {
		r.c.Writer = r.top.ResponseWriter
	}
	r.ginSlot.direct = r.ginSlot.direct && r.c.Writer == r.top.ResponseWriter
	return r.ginSlot.direct
}

// isAborted reports whether Gin's recovery has kept the server from closing the connection, as a handler wanted.
func isAborted(c *gin.Context) bool {
	last := c.Errors.Last()
	return last != nil && errors.Is(last.Err, http.ErrAbortHandler)
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

// isFirst reports whether nothing of Gin stands in front of Track.
func (r *response) isFirst() bool {
	if !r.first || r.outermost != r {
		return false
	}
	if r.last.server != nil {
		return !r.last.inEngine
	}
	_, inEngine := r.ResponseWriter.(gin.ResponseWriter)
	return !inEngine
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

// who implements host.
func (t *tracker) who(r *response) string { return t.identity.who(r.c, r) }

// release implements host.
func (t *tracker) release(r *response) {
	if r.ginSlot.field == nil || !r.ginSlot.direct || r.hijacked || !r.ginSlot.remove(r) {
		return // something may still hold it
	}
	r.reset()
	t.pool.Put(r)
}
