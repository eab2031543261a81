package views

// failure is how a request failed, as pages put it: the end of its catalogue keys. [store.Entry.Failed] says whether it
// failed at all.
type failure string

// The failures.
const (
	broken    failure = "broken"    // the application's fault
	forbidden failure = "forbidden" // the user may not, or is not logged in
	notFound  failure = "not-found"
	rejected  failure = "rejected" // anything else that was asked for in vain
)

func failureOf(code int) failure {
	switch {
	case code >= 500:
		return broken
	case code == 401 || code == 403:
		return forbidden
	case code == 404 || code == 410:
		return notFound
	}
	return rejected
}
