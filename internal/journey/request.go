package journey

import (
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// IsStep reports whether a request, seen alone, is something that a person did. The store keeps at least these: see
// [store.Entry.Counts].
func IsStep(e store.Entry) bool {
	if e.OnlyGap() {
		return false
	}
	switch e.Purpose() {
	case store.KindPage, store.KindDownload, store.KindUnknown:
		return true
	case store.KindFetch, store.KindFragment:
		return !e.Safe() || leadsAway(e)
	}
	return false
}

// Notable reports whether a request, seen alone, is worth a person's look: a step, or a failure.
func Notable(e store.Entry) bool { return IsStep(e) || e.Failed() }

// leadsAway reports whether htmx shows another address after this answer, or a script was sent to
// the login.
func leadsAway(e store.Entry) bool {
	return e.Location != "" && (!e.Redirects() || store.IsLoginPath(e.Location))
}

// asksForPage reports whether a request is for something that fills the window.
func asksForPage(e store.Entry) bool {
	kind := e.Purpose()
	return kind == store.KindPage || kind == store.KindUnknown
}

// showsPage reports whether the answer to a request fills the window, if no other request follows.
func showsPage(e store.Entry) bool {
	return asksForPage(e) && !keepsPage(e) && (e.Location != "" || !e.Redirects())
}

// unanswered reports whether the client went away before the first byte of an answer came.
func unanswered(e store.Entry) bool { return e.Ended == store.EndGaveUp && e.Code == 0 }

// keepsPage reports whether a browser goes on showing what it has. It does so where it saves a file, where it was told that there is
// nothing to show, and where it stopped waiting before the first byte came.
func keepsPage(e store.Entry) bool {
	switch {
	case unanswered(e), e.Purpose() == store.KindDownload:
		return true
	case e.Location == "": // htmx goes elsewhere with these, too
		return e.Code == http.StatusNoContent || e.Code == http.StatusResetContent
	}
	return false
}

// mayBeShown reports whether a script has got an answer that it may show as a page later on.
func mayBeShown(e store.Entry) bool {
	kind := e.Purpose()
	return (kind == store.KindFetch || kind == store.KindPrefetch || kind == store.KindFragment && e.Scripted) && e.Safe() && !e.Failed() && !keepsPage(e)
}

// active reports whether the person may have caused a part by using the page.
func active(e store.Entry) bool {
	kind := e.Purpose()
	return kind == store.KindFetch || kind == store.KindFragment || kind == store.KindCheck
}

// changes reports whether a request is a change that a script or htmx sent.
func changes(e store.Entry) bool { return active(e) && IsStep(e) && !e.Safe() }

// withoutQuery is an address up to its query.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}
