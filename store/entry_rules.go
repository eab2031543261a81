package store

import (
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store/internal/assetpath"
)

// Safe reports whether the method only asks for something. An entry without a method was a GET.
func (e *Entry) Safe() bool {
	switch e.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// Redirects reports whether the answer is a redirect of HTTP, which a browser follows by itself, or one of Inertia ([EndRedirected]).
func (e *Entry) Redirects() bool {
	switch e.Code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	case http.StatusConflict:
		return e.Ended == EndRedirected
	}
	return false
}

// Failed reports whether the site did not do what was asked for: the application says so ([Entry.Problem]), the answer
// broke off or timed out, or its status is 400 or more. A client that gave up is no failure of the site, and a redirect of Inertia is none.
// A check did what it was for where it found that a field is wrong.
func (e *Entry) Failed() bool {
	switch {
	case e.checks() && e.Ended == EndOrdinary && (e.Code < 400 || e.Code == http.StatusBadRequest || e.Code == http.StatusUnprocessableEntity):
		return false
	case e.Problem != "", e.Ended == EndBrokeOff, e.Ended == EndTimedOut:
		return true
	case e.Ended == EndGaveUp:
		return false
	}
	return e.Code >= 400 && !e.Redirects()
}

// ServerFailed reports whether the request failed by the site's fault: with a status of 500 or more, or its answer broke off or timed out,
// whatever status had been sent. All other failures are those of what was asked for.
func (e *Entry) ServerFailed() bool {
	return e.Failed() && (e.Code >= 500 || e.Ended == EndBrokeOff || e.Ended == EndTimedOut)
}

// checks reports whether the request only checked a form. If it leads elsewhere, the site has taken it for the form itself.
func (e *Entry) checks() bool { return e.Kind == KindCheck && e.Location == "" && !e.Redirects() }

// Solves reports whether the request did what another one was for, which failed: method and path are the same, and it worked. Whether it
// came later, and who made both, is for the caller to know. What is kept of failures in Redis, and what a page calls solved, follow
// this rule. A process of an older version may have kept another request as a solution. A page shows it, and calls the failure open.
func (e *Entry) Solves(failed *Entry) bool {
	return e.Method == failed.Method && withoutQuery(e.Path) == withoutQuery(failed.Path) && e.worked()
}

// worked reports whether the request did what it was for, as far as can be seen. One that leads to a login did not, nor one that the
// client gave up.
func (e *Entry) worked() bool {
	return !e.Failed() && !e.checks() && (e.Ended == EndOrdinary || e.Ended == EndRedirected) && e.Code >= http.StatusOK && !IsLoginPath(e.Location)
}

// Purpose is the entry's Kind, or a careful guess where the browser did not say. A change is never an asset, a prefetch or a
// socket, whatever its headers said. Only a script sends such headers with a change, or a person who has something to hide.
func (e *Entry) Purpose() Kind {
	switch {
	case e.Kind == KindCheck && !e.checks():
		return KindFragment
	case !e.Safe() && (e.Kind == KindAsset || e.Kind == KindPrefetch || e.Kind == KindSocket):
		return KindFetch
	case e.Kind != KindUnknown:
		return e.Kind
	case e.From != "":
		// A browser names the page that asked. Had it wanted a page, it would have been known by what it accepts.
		return KindFetch
	case e.Safe() && IsAssetPath(e.Path):
		return KindAsset
	}
	return KindUnknown
}

// byHand reports whether the request is of a kind that a person causes, and not of a kind that a page fetches by itself. Each request
// that readers show as a step is such a one (journey.IsStep). So is each fetch that is redirected, although readers show a step only where
// it leads to a login: only the request that follows tells where it led.
func (e *Entry) byHand() bool {
	switch e.Purpose() {
	case KindPage, KindDownload, KindUnknown:
		return true
	case KindFetch, KindFragment:
		return !e.Safe() || e.Location != ""
	}
	return false
}

// Counts reports whether the entry is one of those of which a log keeps the newest [Options.MaxEntries] whatever else
// comes: what a person did, what failed, and what tells that something of that is missing. Requests that a page makes by itself do
// not count, nor do repeats.
func (e *Entry) Counts() bool {
	return e.Gap.Notable() || !e.aside && (e.byHand() || e.Failed())
}

// IsAssetPath reports whether an address ends as that of an asset: a style, a script, an image, a font, a video. The address
// may have a query.
func IsAssetPath(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return assetpath.Is(path)
}

// severity orders failures, of which the user index keeps the worst. It is 3 where the status says that the site failed (500 or more). It is
// 2 where the site failed otherwise, as all that the index keeps is a status: of these it could only say that something failed.
// It is also 2 where the application reports a problem without such a status. It is 1 where the request was refused (400 to 499).
func (e *Entry) severity() int {
	switch {
	case e.Code >= 500:
		return 3
	case e.Code < 400, e.ServerFailed():
		return 2
	}
	return 1
}

// Troubles reports whether the user is in trouble because of this entry. An asset that a page fetches by the way troubles
// nobody, nor does a failure of somebody who acted in the user's place.
func (e *Entry) Troubles() bool {
	if !e.Failed() || e.Actor != "" {
		return false
	}
	switch e.Purpose() {
	case KindBeacon, KindAsset, KindPrefetch, KindSocket:
		return false
	}
	return true
}
