package middleware

import (
	"cmp"
	"sync/atomic"

	"github.com/gin-userlog/userlog/store"
)

// identity is what the host says about a request; R is how its framework shows one.
type identity[R any] struct {
	username    func(R) string
	pages       pageNames[R]
	annotate    func(R, *store.Entry) // or nil
	bothUsers   bool
	earlyPanics *atomic.Int32 // of username before the handlers, in a row
}

// maxEarlyPanics is how often in a row the host's function may panic before the handlers. Such a function needs what a middleware
// behind Track does, such as opening a session. From then on it is asked before the handlers only for one request in maxEarlyPanics.
const maxEarlyPanics = 100

// before asks whose request it is in front of the handlers, so that a logout is still the user's who logs out.
func (i *identity[R]) before(subject R) (username string) {
	if n := i.earlyPanics.Load(); n >= maxEarlyPanics && i.earlyPanics.Add(1)%maxEarlyPanics != 0 {
		return ""
	}
	defer func() {
		if recover() != nil {
			i.earlyPanics.Add(1)
		}
	}()
	username = i.username(subject)
	if i.earlyPanics.Load() != 0 {
		i.earlyPanics.Store(0)
	}
	return username
}

// ask asks whose request it is, and takes a panic for nobody.
func (i *identity[R]) ask(subject R) (username string) {
	defer func() { _ = recover() }()
	return i.username(subject)
}

// who is the user as far as it is known while the handlers run.
func (i *identity[R]) who(subject R, r *response) string {
	if said := r.said(); said.named {
		return said.username
	}
	return cmp.Or(i.ask(subject), r.before)
}

// find fills in the user of the request, and lets the host change the entry. It returns false if there is nothing to record.
func (i *identity[R]) find(subject R, r *response, route string, code int) (record bool) {
	defer r.recoverPanic()
	f := &r.found
	r.request.fill(&f.Entry, r.answer, code)
	f.code, f.location, f.requestID = code, f.Location, f.RequestID
	username := i.username(subject)
	f.notes = r.said() // after username, which may have called SetUser or its like
	if f.notes.skip {
		return false
	}
	f.Username, f.also = i.users(username, r)
	if f.Username == "" && !f.notes.named {
		f.Username = r.guest().recorded()
	}
	if f.Username == "" {
		return r.forged
	}
	f.Route = cmp.Or(r.inner.route, route)
	f.notes.tell(&f.Entry)
	f.Page = i.pages.name(subject, &f.Entry)
	if i.annotate == nil {
		return true
	}
	given := f.Username
	if i.annotate(subject, &f.Entry); f.Username != given {
		f.Username = r.ofHost(f.Username)
	}
	return f.Username != "" || r.forged
}

// ofHost is a username that the host has given. It is "" if the name has the form of a visitor's name: a user who is logged in must not be
// taken for a visitor because of a name. The entry of such a user is counted as one without a valid name.
func (r *response) ofHost(username string) string {
	if store.IsVisitor(username) {
		r.forged = true
		return ""
	}
	return username
}

// findByArrival is find for handlers that went on after their request was over. Gin may serve another user's request with their
// context by now. So only the user counts who was known before the handlers, or whom a handler has named.
func (r *response) findByArrival(code int) (record bool) {
	f, said := &r.found, r.said()
	r.request.fill(&f.Entry, nil, code)
	f.Username, f.Route, f.code = r.ofHost(r.before), r.route, code
	switch {
	case said.named:
		f.Username = r.ofHost(said.username)
	case f.Username == "" && !r.forged:
		f.Username = r.guest().recorded()
	}
	said.tell(&f.Entry)
	return !said.skip && (f.Username != "" || !said.named)
}

// users are the users to record the request for: one, or two where it began as one's and ended as another's, and the host
// wants both. asked is what the host said after the handlers.
func (i *identity[R]) users(asked string, r *response) (username, also string) {
	if username = r.found.notes.username; !r.found.notes.named {
		username = cmp.Or(asked, r.before, r.inner.username)
	}
	if i.bothUsers && username != "" && r.before != username {
		also = r.ofHost(r.before)
	}
	return r.ofHost(username), also
}

// panicCounter is a recorder that counts and logs panics of the host's functions, as a *store.Store does.
type panicCounter interface{ HostPanicked(value any) }

// recoverPanic, deferred, turns a panic of the host's functions, or over what its handlers have left of a request, into an
// entry that is counted as lost.
func (r *response) recoverPanic() {
	value := recover()
	if value == nil {
		return
	}
	if counter, ok := r.logs.(panicCounter); ok {
		counter.HostPanicked(value)
	} else {
		r.logs.Record(store.Entry{})
	}
}
