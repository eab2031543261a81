package views

import (
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// result is how a request ended, as pages, summaries and terminals put it.
type result struct {
	Class  string // the row's CSS class
	Key    string // the catalogue's
	Code   int
	Coded  bool          // the status stands in brackets behind the text
	Said   string        // what the application says went wrong: text of strangers; "" = nothing
	Waited time.Duration // until the client gave up
}

// resultOf is the one place that decides how the end of a request looks. [store.Entry.Failed] decides what failed. The finding of a check is
// said in the same words.
func resultOf(e *store.Entry) result {
	r := result{Class: classOf(e), Code: e.Code, Coded: e.Code != 0}
	switch {
	case e.Problem != "":
		r.Key, r.Said = "result.problem", e.Problem
	case e.Ended == store.EndBrokeOff && e.Code != 0:
		r.Key, r.Coded = "result.broke-off-after", false
	case e.Ended == store.EndBrokeOff:
		r.Key = "result.broke-off"
	case e.Ended == store.EndTimedOut:
		r.Key = "result.timed-out"
	case e.Ended == store.EndGaveUp && e.Duration > 0:
		r.Key, r.Waited, r.Coded = "result.gave-up-after", e.Duration, false
	case e.Ended == store.EndGaveUp:
		r.Key, r.Coded = "result.gave-up", false
	case e.Failed(), foundWrong(e):
		r.Key = failureKeyWith(e.Code).word()
	default:
		r.Key = resultKey(r.Class)
	}
	return r
}

// resultKey is the catalogue's key for the end of a request of this class that did not fail.
func resultKey(class string) string { return "result." + class }

// word is the catalogue's key of the word for a failure of which only the status is known. Lists and rows have the same.
func (k failureKey) word() string { return "result." + string(k) }

// classOf is the class of a result. That of the status tells it, unless something else does.
func classOf(e *store.Entry) string {
	switch {
	case e.Failed() && e.Code >= 600:
		return "non-standard"
	case e.ServerFailed():
		return "server-error"
	case e.Failed():
		return "client-error"
	case e.Ended == store.EndGaveUp:
		return "gave-up"
	case foundWrong(e):
		return "informational"
	case e.Code >= 300:
		return "redirection"
	case e.Code >= 200:
		return "success"
	case e.Code >= 100:
		return "informational"
	}
	return "unknown"
}

// foundWrong reports whether a check found that a field is wrong, which is no failure.
func foundWrong(e *store.Entry) bool {
	return e.Purpose() == store.KindCheck && !e.Failed() && (e.Problem != "" || e.Code >= 400)
}

// parameters are the values that stand in the text.
func (r result) parameters(c *catalogue) parameters {
	if r.Waited > 0 {
		return parameters{Name: c.decimal(r.Waited.Seconds())}
	}
	return parameters{Name: r.Said, Count: r.Code}
}

// serious reports whether it is the site's fault.
func (r result) serious() bool { return r.Class == "server-error" || r.Class == "non-standard" }

// status stands behind the text: the status in brackets, where the text does not tell it.
func (r result) status() string {
	if !r.Coded {
		return ""
	}
	return " (" + strconv.Itoa(r.Code) + ")"
}

// failureKey is how a request failed: the end of the keys of sentences about it. Whether it failed at all is
// [store.Entry.Failed]'s to say.
type failureKey string

// How requests fail.
const (
	broken    failureKey = "broken"    // the site's fault
	forbidden failureKey = "forbidden" // the user may not, or is not logged in
	notFound  failureKey = "not-found"
	rejected  failureKey = "rejected"  // with any other status of a failure
	brokeOff  failureKey = "broke-off" // before the answer was complete
	timedOut  failureKey = "timed-out" // before there was an answer
	said      failureKey = "said"      // the application says what went wrong
	failed    failureKey = "failed"    // nothing tells how
)

// failureKeyOf is how a request failed that did.
func failureKeyOf(e *store.Entry) failureKey {
	switch {
	case e.Problem != "":
		return said
	case e.Ended == store.EndBrokeOff:
		return brokeOff
	case e.Ended == store.EndTimedOut:
		return timedOut
	}
	return failureKeyWith(e.Code)
}

// failureKeyWith is how a request failed of which only the status is known; 0 stands for none.
func failureKeyWith(code int) failureKey {
	switch {
	case code >= 500:
		return broken
	case code == 401 || code == 403:
		return forbidden
	case code == 404 || code == 410:
		return notFound
	case code == 0:
		return failed
	}
	return rejected
}
