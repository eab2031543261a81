package journey

import (
	"net/http"
	"path"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// kindOf is the kind of an entry, guessed carefully where it has none. A change is never taken for what a
// browser fetches by itself, whatever its headers said: only scripts send such, or those who want to hide
// what they do.
func kindOf(e store.Entry) store.Kind {
	switch {
	case e.Method != "" && !safe(e.Method) && (e.Kind == store.KindAsset || e.Kind == store.KindPrefetch || e.Kind == store.KindSocket):
		return store.KindFetch
	case e.Kind != store.KindUnknown:
		return e.Kind
	case e.From != "":
		// A browser names the page that asked. Had it wanted a page, it would have been known by what
		// it accepts.
		return store.KindFetch
	case safe(e.Method) && assetPath(e.Path):
		return store.KindAsset
	}
	return store.KindUnknown
}

// IsStep reports whether a request, seen alone, is something that a person did.
func IsStep(e store.Entry) bool {
	switch kindOf(e) {
	case store.KindPage, store.KindDownload, store.KindUnknown:
		return true
	case store.KindFetch, store.KindFragment:
		return !safe(e.Method) || leadsAway(e)
	}
	return false
}

// Notable reports whether a request, seen alone, is worth a person's look: something that was done, or that
// failed.
func Notable(e store.Entry) bool { return IsStep(e) || failed(e) }

// leadsAway reports whether htmx shows another address after this answer, or a script was sent to
// the login.
func leadsAway(e store.Entry) bool {
	return e.Location != "" && (!redirects(e) || loginPath(e.Location))
}

// showsPage reports whether a request, if nothing else follows, fills the window.
func showsPage(e store.Entry) bool {
	kind := kindOf(e)
	return (kind == store.KindPage || kind == store.KindUnknown) && (e.Location != "" || !redirects(e))
}

// active reports whether a part may have been asked for by what the person did on the page.
func active(e store.Entry) bool {
	kind := kindOf(e)
	return kind == store.KindFetch || kind == store.KindFragment
}

// changes reports whether a request is a change that a script or htmx sent.
func changes(e store.Entry) bool { return active(e) && !safe(e.Method) }

func failed(e store.Entry) bool { return e.Code >= http.StatusBadRequest }

// redirects reports whether the answer is a redirect of the protocol.
func redirects(e store.Entry) bool {
	switch e.Code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// safe reports whether a method only reads.
func safe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// withoutQuery is an address up to its query.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// assetPath reports whether an address ends as that of an asset does.
func assetPath(address string) bool {
	switch strings.ToLower(path.Ext(withoutQuery(address))) {
	case ".css", ".js", ".mjs", ".map", ".wasm", ".ico", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg",
		".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp4", ".webm", ".mp3", ".ogg":
		return true
	}
	return false
}

// loginPath reports whether an address looks like that of a login.
func loginPath(address string) bool {
	return hasWord(address, "login", "logon", "signin")
}

// logoutPath reports whether an address looks like that of a logout.
func logoutPath(address string) bool {
	return hasWord(address, "logout", "logoff", "signout")
}

// hasWord reports whether a segment of the path is one of the words, whatever its case, its
// punctuation (sign-in) and its extension (login.php).
func hasWord(address string, words ...string) bool {
	for segment := range strings.SplitSeq(withoutQuery(address), "/") {
		for _, word := range words {
			if isWord(segment, word) {
				return true
			}
		}
	}
	return false
}

// isWord compares a segment with a word. It makes no copy: each step is asked several times when anything
// happens.
func isWord(segment, word string) bool {
	matched := 0
	for i := 0; i < len(segment) && segment[i] != '.'; i++ {
		switch c := segment[i]; {
		case c == '-' || c == '_':
		case matched == len(word) || c != word[matched] && c != word[matched]-'a'+'A':
			return false
		default:
			matched++
		}
	}
	return matched == len(word)
}
