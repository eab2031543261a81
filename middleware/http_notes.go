package middleware

import "net/http"

// ProblemHTTP is [Problem] for handlers of net/http behind [TrackHTTP]. It finds the tracker by the context of the request, which
// copies of the request have as well. Where no TrackHTTP stands outside, it does nothing.
func ProblemHTTP(r *http.Request, words string) {
	noteHTTP(r, func(n *notes) { n.problem = words })
}

// InvalidHTTP is [Invalid] for handlers of net/http behind [TrackHTTP], as [ProblemHTTP] is Problem. It reads errors of
// go-playground/validator, and those of decoders such as encoding/json.
func InvalidHTTP(r *http.Request, err error) {
	if words := faultsOf(err); words != "" {
		ProblemHTTP(r, words)
	}
}

// ReferenceHTTP is [Reference] for handlers of net/http behind [TrackHTTP]. It is "" where no TrackHTTP stands outside, so
// that an error page does not show a code that leads nowhere.
func ReferenceHTTP(r *http.Request) (code string) {
	noteHTTP(r, func(n *notes) { code = n.code() })
	return code
}

// SetVisitHTTP is [SetVisit] for handlers of net/http behind [TrackHTTP], as [ProblemHTTP] is Problem.
func SetVisitHTTP(r *http.Request, id string) {
	visit := visitOf(id)
	noteHTTP(r, func(n *notes) { n.visit = visit })
}

// noteHTTP changes the notes of a request that TrackHTTP has announced in its context.
func noteHTTP(r *http.Request, change func(*notes)) {
	tracked, ok := r.Context().Value(announced{}).(*response)
	if !ok {
		return
	}
	// Gin's are used again for other requests.
	if outermost := tracked.outermost; outermost == tracked || outermost.isOf(nil, tracked.r) {
		outermost.note(change)
	}
}
