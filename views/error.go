package views

import "github.com/gin-userlog/userlog/store"

// Error is the page that stands for one that can't be shown. It has a plain sentence and the next step, never an error's text.
type Error struct {
	Layout
	Status   int         // 403, 404 (also for 405), 429 and 503 have texts of their own, everything else has that of 500
	NoAccess bool        // of 403: the account may not make any such request
	Led      bool        // of 403: another site led here without a click; the page has a link to go on
	Fault    store.Fault // of 503: what is wrong with Redis, "" where it does not answer
}

// Error renders an error page.
func (s *Set) Error(p Error) ([]byte, error) { return s.page("error", p.Lang, errorPage{p}) }

// errorPage is Error as its template reads it.
type errorPage struct{ Error }

// Key is the catalogue's key for the error's title.
func (e errorPage) Key() string {
	switch e.Status {
	case 403:
		switch {
		case e.Led:
			return "error.led"
		case e.NoAccess:
			return "error.no-access"
		}
		return "error.forbidden"
	case 404, 405:
		return "error.not-found"
	case 429:
		return "error.too-many"
	case 503:
		if e.Fault.IsRefusal() {
			return "error.fault"
		}
		return "error.store-lost"
	}
	return "error.internal"
}

// TextKey is the key of the sentence that says what happened.
func (e errorPage) TextKey() string {
	if e.refused() {
		return faultKey(e.Fault)
	}
	return e.Key() + ".text"
}

// NextKey is the key of the sentence that says what to do now.
func (e errorPage) NextKey() string {
	if e.refused() {
		return faultKey(e.Fault) + ".next"
	}
	return e.Key() + ".next"
}

// refused reports whether Redis refuses what the page needs.
func (e errorPage) refused() bool { return e.Status == 503 && e.Fault.IsRefusal() }

// faultKey is the catalogue's key for what is wrong with Redis. With ".next" added it is that for what to do.
func faultKey(f store.Fault) string { return "fault." + string(f) }
