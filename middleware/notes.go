package middleware

import (
	"crypto/sha256"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/store"
)

// notes are what handlers have said of a request.
type notes struct {
	username, actor, problem, reference, visit string
	named, skip                                bool // named: SetUser was called
}

// tell has an entry say them, but for whose it is.
func (n *notes) tell(e *store.Entry) {
	e.Actor, e.Problem, e.Reference, e.Visit = n.actor, n.problem, n.reference, n.visit
}

// SetUser says whose request the current one is, whatever Track's username function says. Call it where that function
// can't know: in a handler of a login or a logout, on a route that checks the login by itself. "" stands for nobody, and
// then the request is not recorded. The last call wins, also that of a middleware outside Track, until the answer is sent. A
// copy of a context tells nothing when its request is over.
func SetUser(c *gin.Context, username string) {
	note(c, func(n *notes) { n.username, n.named = username, true })
}

// SetActor says who acts in the user's place, such as the support agent who impersonates her: agents read "by bob, as ada".
// The acts of an actor are shown in the log, but neither as where the user is nor as trouble of hers. "" takes it back. It is for
// the same places as [SetUser].
func SetActor(c *gin.Context, actor string) { note(c, func(n *notes) { n.actor = actor }) }

// Problem says what went wrong with the current request, in words for a support agent: "card declined". The request is then
// shown as a failure with these words, whatever its status: many applications answer 200 to what they reject. The words are
// masked word by word, and cut at store.MaxLink bytes. "" takes them back. It is for the same places as [SetUser].
func Problem(c *gin.Context, words string) { note(c, func(n *notes) { n.problem = words }) }

// Reference returns a code by which the customer can name the current request on the phone, such as "K7W3XF", for an error page
// of the site's. Support types it into the search, which opens that line of the log. The code has six characters, no two of
// which look alike, and is valid for as long as the log is kept after the request. It is the same each time that it is asked for in
// one request. Where the request is not recorded, for want of a user, the code leads nowhere. It is for the same places as [SetUser].
func Reference(c *gin.Context) (code string) {
	note(c, func(n *notes) { code = n.code() })
	return code
}

// code is the reference of a request, which it gets when it is first asked for.
func (n *notes) code() string {
	if n.reference == "" {
		n.reference = store.NewReference()
	}
	return n.reference
}

// SetVisit says in which session of the site's the current request is, by the session's id. Then two browsers of the same sort
// are told apart, and the log shows where another session begins. Only eight characters of a hash of the id are kept. The id has to be
// random: that of an account, or a number, could be guessed from them. "" takes it back. It is for the same places as
// [SetUser], and mostly called by a middleware for each request.
func SetVisit(c *gin.Context, id string) {
	visit := visitOf(id)
	note(c, func(n *notes) { n.visit = visit })
}

// visitOf is what is kept of the id of a session: too little to be used as one, or to find another id with the same hash that is one.
func visitOf(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("userlog visit\x00" + id)) // so that it is no part of a hash that a site may keep sessions by
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
	visit := make([]byte, 8)
	for i := range visit {
		visit[i] = alphabet[sum[i]%byte(len(alphabet))]
	}
	return string(visit)
}

// Skip keeps the current request from being recorded, whatever Track's options say. The admin's own
// pages use it. It is for the same places as [SetUser].
func Skip(c *gin.Context) { note(c, func(n *notes) { n.skip = true }) }

// notesKey is the key of notes that were made in front of Track. It is a string, because up to Gin 1.10 all are.
const notesKey = "github.com/gin-userlog/userlog/middleware.notes"

// note changes the notes of the current request. They lie with the response, since Gin's HandleContext forgets what is in
// a context.
func note(c *gin.Context, change func(*notes)) {
	if r, _ := new(recording).enclosing(c, c.Writer, c.Request); r != nil {
		r.outermost.note(change)
		return
	}
	n := notesBefore(c)
	if n == nil {
		n = new(notes)
		c.Set(notesKey, n)
	}
	change(n)
}

// note changes the notes of a request.
func (r *response) note(change func(*notes)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.notes)
	r.noted.Store(true)
}

// notesBefore are notes that were made in front of Track, or nil.
func notesBefore(c *gin.Context) *notes {
	kept, _ := c.Get(notesKey)
	n, _ := kept.(*notes)
	return n
}
