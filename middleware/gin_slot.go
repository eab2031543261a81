package middleware

import (
	"net/http"
	"reflect"

	"github.com/gin-gonic/gin"
)

// ginWriter is the type of Gin's own writer, which embeds the server's writer in an exported field. A response is put into that
// field: below all middleware, so that it sees what leaves the engine. In front of Gin's writer it would miss headers that Gin
// sends only after the last middleware has returned.
type ginWriter struct {
	pointer reflect.Type // nil where this Gin is built otherwise
	field   int
	index   int // the field of a context that says which of its handlers runs, or -1
}

func newGinWriter() ginWriter {
	memory, found := reflect.TypeFor[gin.Context]().FieldByName("writermem")
	if !found || memory.Type.Kind() != reflect.Struct {
		return ginWriter{index: -1}
	}
	field, found := memory.Type.FieldByName("ResponseWriter")
	if !found || field.Type != reflect.TypeFor[http.ResponseWriter]() || len(field.Index) != 1 {
		return ginWriter{index: -1}
	}
	g := ginWriter{reflect.PointerTo(memory.Type), field.Index[0], -1}
	if index, found := reflect.TypeFor[gin.Context]().FieldByName("index"); found && index.Type.Kind() == reflect.Int8 {
		g.index = index.Index[0]
	}
	return g
}

// isFirst reports whether the handler that runs is the first one of its context.
func (g *ginWriter) isFirst(c *gin.Context) bool {
	return g.index >= 0 && reflect.ValueOf(c).Elem().Field(g.index).Int() == 0
}

// slot finds where Gin keeps the server's writer, below what middleware have put before it. direct says that there is
// nothing between.
func (g *ginWriter) slot(w http.ResponseWriter) (field *http.ResponseWriter, direct bool) {
	direct = true
	for w != nil && g.pointer != nil {
		if reflect.TypeOf(w) == g.pointer {
			//lint:ignore bodyclose a ResponseWriter has no body to close
			field, _ = reflect.TypeAssert[*http.ResponseWriter](reflect.ValueOf(w).Elem().Field(g.field).Addr())
			return field, direct
		}
		if _, isGin := w.(gin.ResponseWriter); !isGin {
			return nil, false
		}
		w, direct = below(w), false
	}
	return nil, false
}

// ginTop is what handlers answer through. It notices a status that comes too late: Gin drops it, since another one has been sent.
type ginTop struct {
	gin.ResponseWriter
	r *response
}

// WriteHeader implements http.ResponseWriter.
func (w *ginTop) WriteHeader(code int) {
	if w.Written() && isDropped(code, w.Status()) {
		w.r.mu.Lock()
		if w.r.c != nil { // else the request is over, and r may soon be another one's
			w.r.brokeOff = true
		}
		w.r.mu.Unlock()
	}
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (w *ginTop) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// innerTop is ginTop for a tracker that lets one outside record the request. That one stands in front of another context of Gin, or is one of
// net/http.
type innerTop struct {
	ginTop
	request *http.Request
}

// WriteHeader implements http.ResponseWriter.
func (w *innerTop) WriteHeader(code int) {
	if w.Written() && isDropped(code, w.Status()) {
		w.r.learn(w.request, nested{brokeOff: true})
	}
	w.ResponseWriter.WriteHeader(code)
}

// putInnerTop has the handlers of another context than r's answer through an innerTop, until remove is called. In its own context, r
// has its ginTop.
func (r *response) putInnerTop(c *gin.Context) (remove func()) {
	r.mu.Lock()
	own := r.c == c
	r.mu.Unlock()
	if own {
		return func() {}
	}
	top := &innerTop{ginTop{c.Writer, r}, c.Request}
	c.Writer = top
	return func() {
		if c.Writer == top {
			c.Writer = top.ResponseWriter
		}
	}
}

// ginSlot is where a response lies in Gin's writer.
type ginSlot struct {
	field     *http.ResponseWriter // nil for a response that lies nowhere
	installed http.ResponseWriter
	direct    bool
}

// install lays r below Gin's writer.
func (s *ginSlot) install(r *response) {
	r.ResponseWriter = *s.field
	s.installed = belowGin{r}
	if _, pushes := r.ResponseWriter.(http.Pusher); pushes {
		s.installed = belowPushingGin{belowGin{r}}
	}
	*s.field = s.installed
}

// remove puts back what was there. It returns false if something else lies there by now.
func (s *ginSlot) remove(r *response) bool {
	if *s.field != s.installed {
		return false
	}
	*s.field = r.ResponseWriter
	return true
}

// lost reports whether Gin's writer serves another request, while handlers of this one still run in a goroutine of their own.
func (s *ginSlot) lost() bool {
	if s.field == nil {
		return false
	}
	for w := *s.field; w != s.installed; {
		t, ok := w.(interface{ tracked() *response }) // of a tracker inside, for another store
		if !ok {
			return true
		}
		w = t.tracked().ResponseWriter
	}
	return false
}

// habit is what a response has found out about one of Gin's contexts. Gin uses its contexts again, as we use responses again. As
// a rule the same context and the same response meet, so that nothing has to be found out anew.
type habit struct {
	writer   http.ResponseWriter  // Gin's own writer in that context
	field    *http.ResponseWriter // the field in which it keeps the server's writer
	server   reflect.Type         // the type of the server's writer, which writes to no other; nil where that is not known
	notifies bool                 // the server's writer has CloseNotify, so that no unseen middleware of net/http is around it
	inEngine bool                 // the server's writer is that of another engine of Gin, outside of this one
}

// fits reports whether the habit is about this writer, and its server's.
func (h *habit) fits(w http.ResponseWriter) bool {
	return h.server != nil && h.writer == w && reflect.TypeOf(*h.field) == h.server
}

// learn notes what is known of a writer of Gin's.
func (h *habit) learn(w http.ResponseWriter, field *http.ResponseWriter) {
	server := *field
	if _, isTracked := server.(interface{ tracked() *response }); isTracked || below(server) != nil {
		return // what is below may be another for each request
	}
	h.writer, h.field, h.server = w, field, reflect.TypeOf(server)
	_, h.notifies = server.(closeNotifier)
	_, h.inEngine = server.(gin.ResponseWriter)
}

// below is the writer that w writes to, nil if that can't be known.
func below(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap()
	}
	if _, isGin := w.(gin.ResponseWriter); isGin {
		return embedded(w)
	}
	return nil
}

// embedded is the writer that a middleware of Gin has embedded in its own, since those have no Unwrap. It is nil where there is
// none, or where it can't be reached.
func embedded(w http.ResponseWriter) (next http.ResponseWriter) {
	defer func() { _ = recover() }() // FieldByName panics where a nil pointer is on the way to a promoted field
	v := reflect.ValueOf(w)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	if field := v.FieldByName("ResponseWriter"); field.IsValid() && field.CanInterface() {
		next, _ = reflect.TypeAssert[http.ResponseWriter](field)
	}
	return next
}

// enclosing finds the trackers outside that watch this request. It returns the response of the nearest one, and that of the nearest
// one that records to the same place.
func (r *recording) enclosing(c *gin.Context, w http.ResponseWriter, request *http.Request) (nearest, same *response) {
	for w != nil {
		t, ok := w.(interface{ tracked() *response })
		if !ok {
			next := below(w)
			if next == nil {
				if _, ok := w.(closeNotifier); ok || nearest != nil {
					return nearest, nil // the server's own
				}
				return r.announcedIn(request)
			}
			w = next
			continue
		}
		outer := t.tracked()
		if !outer.isOf(c, request) {
			return nil, nil // the caller's request is over
		}
		if nearest == nil {
			nearest = outer
		}
		if r.comparable && outer.logs == r.logs {
			return nearest, outer
		}
		w = outer.ResponseWriter
	}
	return nearest, nil
}

// announcedIn finds the response of a TrackHTTP outside by the request, where a writer between can't be looked through, such as
// that of http.TimeoutHandler.
func (r *recording) announcedIn(request *http.Request) (nearest, same *response) {
	outer, _ := request.Context().Value(announced{}).(*response)
	switch {
	case outer == nil:
		return nil, nil
	case r.comparable && outer.logs == r.logs:
		return outer, outer
	}
	return outer, nil
}

// announced is the key of a response in its request's context.
type announced struct{}
