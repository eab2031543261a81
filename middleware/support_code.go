package middleware

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// Why there is no support code, besides the errors of [store.Store.SupportCode].
var (
	ErrNotTracked  = errors.New("middleware: no Track in front records this request to a store that gives support codes")
	ErrNoVisitor   = errors.New("middleware: nobody is logged in, and Options.Visitors says that visitors are not recorded")
	ErrAnswerBegun = errors.New("middleware: the header of the answer has been sent, so that it can't set a cookie")
	ErrTooMany     = errors.New("middleware: more visitors ask for help than Visitors.PerMinute allows")
)

// SupportCode returns the code that a page of the site shows to somebody who needs help: six digits. An agent types it into the search, and sees the
// customer's log, live. That is the log of the user who is logged in or, with Options.Visitors, the log of a visitor. A visitor gets a cookie for
// this, and is recorded from this request on. The code stays the same for as long as it holds, and opens the log for one agent, within
// [store.SupportCodeFor]. Once an agent has used it, Agent and Word say who that is. The agent sees the same word, so that the customer knows that
// nobody else is on the phone.
//
// It must be called before the answer begins, which it marks as one that no cache keeps. It waits for Redis for half a second at most. With an error, such as
// that of a Redis that does not answer, there is no code: the page should give another way to get help.
func SupportCode(c *gin.Context) (store.Support, error) { return supportCode(c, false) }

// NewSupportCode is SupportCode for somebody whose code has been used, or was heard by others: it gives a new code, and the old one opens
// nothing any more.
func NewSupportCode(c *gin.Context) (store.Support, error) { return supportCode(c, true) }

// SupportCodeHTTP is [SupportCode] for a handler behind [TrackHTTP], which gives its writer and its request.
func SupportCodeHTTP(w http.ResponseWriter, r *http.Request) (store.Support, error) {
	return supportCodeFor(nil, w, r, false)
}

// NewSupportCodeHTTP is [NewSupportCode] for a handler behind [TrackHTTP].
func NewSupportCodeHTTP(w http.ResponseWriter, r *http.Request) (store.Support, error) {
	return supportCodeFor(nil, w, r, true)
}

func supportCode(c *gin.Context, anew bool) (store.Support, error) {
	return supportCodeFor(c, c.Writer, c.Request, anew)
}

// supportDesk is a recorder that gives support codes, as a *store.Store does.
type supportDesk interface {
	SupportCode(ctx context.Context, username string, anew bool) (store.Support, error)
}

func supportCodeFor(c *gin.Context, w http.ResponseWriter, request *http.Request, anew bool) (store.Support, error) {
	r, _ := new(recording).enclosing(c, w, request)
	if r == nil {
		return store.Support{}, ErrNotTracked
	}
	r = r.outermost
	desk, ok := r.logs.(supportDesk)
	if !ok {
		return store.Support{}, ErrNotTracked
	}
	w.Header().Set("Cache-Control", "no-store") // also without a code: the answer may set a cookie
	username, err := r.needsHelp(w.Header(), isSecure(request))
	if err != nil {
		return store.Support{}, err
	}
	return desk.SupportCode(request.Context(), username, anew)
}

// needsHelp returns whose log a support code is to lead to. A visitor without a name gets one.
func (r *response) needsHelp(answer http.Header, secure bool) (username string, err error) {
	if username = r.ofHost(r.host.who(r)); username != "" {
		return username, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.visitor
	switch {
	case r.visitors == nil:
		return "", ErrNoVisitor
	case v != nil && v.name != "" && !v.fresh:
	case r.code != 0:
		return "", ErrAnswerBegun
	default:
		v = &visitor{of: r.visitors, secure: secure}
		v.begin(answer)
		r.visitor = v
	}
	if !v.of.limit.admits(v.name, time.Now()) {
		return "", ErrTooMany
	}
	return v.name, nil
}
