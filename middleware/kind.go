package middleware

import (
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// asked is what a request's headers say about the page that asked, and about what the browser wants. The rules follow what
// browsers and libraries send, which test/e2e/kinds_test.go and test/e2e/libraries_test.go observe.
type asked struct {
	kind store.Kind
	from string // path and query of the page, if it is of this host
	host string

	script, htmx, inertia bool // a script has asked, as far as is known; it was htmx, or Inertia
}

func askedBy(r *http.Request) asked {
	a := asked{host: r.Host}
	switch destination := value(r.Header, "Sec-Fetch-Dest"); destination {
	case "", "empty": // whatever a script has asked for, or an old browser
		a.script, a.htmx, a.inertia = true, has(r.Header, "Hx-Request"), has(r.Header, "X-Inertia")
		a.kind = kindOf(r, destination, a.htmx)
	default:
		a.kind = kindFor(r.Header, destination)
	}
	if a.kind == store.KindPrefetch && ofPrerendered(r.Header) {
		return a // the page that asked is not open yet, and may never be
	}
	if a.htmx {
		a.from = samePath(value(r.Header, "Hx-Current-Url"), a.host)
	}
	if a.from == "" {
		a.from = samePath(value(r.Header, "Referer"), a.host)
		if a.from == "/" {
			a.from = "" // under the policies origin and strict-origin, every page of the site says that
			if a.kind == store.KindUnknown {
				a.kind = store.KindFetch // a page asked for it, and not for a page
			}
		}
	}
	return a
}

// answered is the kind of a request whose answer is known. The browser may have wanted a page, and got a file to save, or
// commands of Turbo to change the page that it has. A script may have asked whether a form is right.
func (a asked) answered(response http.Header) store.Kind {
	switch {
	case a.kind == store.KindFetch && value(response, "Precognition") == "true": // Laravel's, or of a site that does the same
		return store.KindCheck
	case a.kind == store.KindCheck && !listsFold(response["Vary"], "X-Up-Validate"): // the site does not know Unpoly's header, and did what it was asked
		return store.KindFragment
	case a.kind != store.KindPage && a.kind != store.KindUnknown:
		return a.kind
	case beginsWithFold(value(response, "Content-Disposition"), "attachment"):
		return store.KindDownload
	case a.kind == store.KindPage:
		return kindOfPage(value(response, "Content-Type"))
	}
	return a.kind
}

// kindOfPage is what became of a request for a page that was answered with this type. No browser shows an archive or mere
// bytes, so it saves them. Documents of offices are shown on some phones, and saved elsewhere.
func kindOfPage(contentType string) store.Kind {
	essence, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimRight(essence, " \t") {
	case "text/vnd.turbo-stream.html":
		return store.KindFragment
	case "application/octet-stream", "application/zip", "application/gzip", "application/x-gzip", "application/x-rar-compressed":
		return store.KindDownload
	}
	return store.KindPage
}

// listsFold reports whether a header with lists has a value, without regard to case.
func listsFold(lists []string, value string) bool {
	for _, list := range lists {
		for each := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(each), value) {
				return true
			}
		}
	}
	return false
}

// beginsWithFold is strings.HasPrefix without regard to case.
func beginsWithFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// kindOf says what a request was for that names no destination. The more special kinds are looked for first: a prefetched page
// says that it is a page, too.
func kindOf(r *http.Request, destination string, htmx bool) store.Kind {
	h := r.Header
	accept := value(h, "Accept")
	switch {
	case strings.EqualFold(value(h, "Upgrade"), "websocket"), r.Method == http.MethodGet && accept == "text/event-stream":
		return store.KindSocket
	case prefetches(h), value(h, "X-Moz") == "prefetch", has(h, "Hx-Preloaded"): // an old Firefox, htmx' extension
		return store.KindPrefetch
	case htmx && has(h, "Hx-Boosted"), has(h, "Hx-History-Restore-Request"):
		return store.KindPage
	case htmx:
		return store.KindFragment
	}
	if kind := kindOfLibrary(h, accept); kind != store.KindUnknown {
		return kind
	}
	if destination == "" {
		return kindAccepted(h, accept)
	}
	return kindOfScript(r, accept)
}

// prefetches reports whether something is loaded only in case it will be wanted. Besides the standard's header there is that
// of older browsers.
func prefetches(h http.Header) bool {
	return strings.Contains(value(h, "Sec-Purpose"), "prefetch") || value(h, "Purpose") == "prefetch"
}

// ofPrerendered reports whether something loaded ahead is for a page that Chromium has prerendered, and is not that page.
func ofPrerendered(h http.Header) bool {
	return value(h, "Sec-Fetch-Dest") != "document" && strings.Contains(value(h, "Sec-Purpose"), "prerender")
}

// kindOfLibrary knows libraries, besides htmx, that load pages by a script and say so. It is KindUnknown for all other
// requests. The headers are those that test/e2e/libraries_test.go observes, or that a library documents. The types that a
// request accepts part the libraries in two, so that few headers have to be looked up.
func kindOfLibrary(h http.Header, accept string) store.Kind {
	html := strings.Contains(accept, "text/html")
	switch {
	case !html && accept != "*/*":
		return store.KindUnknown
	case value(h, "X-Sec-Purpose") == "prefetch": // of Turbo, since scripts may not set Sec-Purpose
		return store.KindPrefetch
	case html:
		return kindOfHTML(h)
	case has(h, "X-Up-Validate"):
		return store.KindCheck
	case has(h, "X-Up-Version"): // Unpoly
		return pageUnless(!isMainTarget(value(h, "X-Up-Target")))
	case has(h, "X-Livewire-Navigate"):
		return store.KindPage
	case has(h, "Rsc"): // Next.js' app router
		return kindOfNext(h)
	case has(h, "X-Middleware-Prefetch"): // Next.js' pages router
		return store.KindPrefetch
	}
	return store.KindUnknown
}

// kindOfHTML is kindOfLibrary for libraries that accept HTML.
func kindOfHTML(h http.Header) store.Kind {
	switch {
	case has(h, "X-Turbo-Request-Id"):
		return pageUnless(has(h, "Turbo-Frame"))
	case has(h, "X-Inertia"):
		return pageUnless(has(h, "X-Inertia-Partial-Component"))
	case value(h, "X-Requested-With") == "swup", has(h, "X-Pjax"):
		return store.KindPage
	}
	return store.KindUnknown
}

// kindOfNext is kindOfLibrary for the app router of Next.js.
func kindOfNext(h http.Header) store.Kind {
	if has(h, "Next-Router-Prefetch") || has(h, "Next-Router-Segment-Prefetch") {
		return store.KindPrefetch
	}
	return store.KindPage
}

// pageUnless is KindPage, or KindFragment where only a part of a page is loaded.
func pageUnless(part bool) store.Kind {
	if part {
		return store.KindFragment
	}
	return store.KindPage
}

// isMainTarget reports whether Unpoly is going to replace the main element of the page, such as with the target
// "main, #messages". Such a request shows another page, and changes the address.
func isMainTarget(target string) bool {
	for target != "" {
		var selector string
		selector, target, _ = strings.Cut(target, ",")
		switch selector = strings.TrimSpace(selector); {
		case selector == "main", selector == "body", selector == "html", selector == ":main", selector == ":layer",
			strings.HasPrefix(selector, "[up-main"):
			return true
		}
	}
	return false
}

// kindOfScript judges requests that a script sent, or a service worker that passes on what the browser asked for. A
// request that it passes on has lost its destination, but still accepts what the browser would take.
func kindOfScript(r *http.Request, accept string) store.Kind {
	switch mode := value(r.Header, "Sec-Fetch-Mode"); {
	case mode == "navigate" && strings.HasPrefix(accept, "text/html,"):
		return store.KindPage
	case mode == "navigate":
		return store.KindDownload // of a link with the attribute download, which accepts nothing in particular
	case mode == "no-cors" && r.Method == http.MethodPost:
		return store.KindBeacon
	case r.Method != http.MethodGet:
		return store.KindFetch
	case strings.HasPrefix(accept, "image/"), strings.HasPrefix(accept, "text/css,"), mode == "no-cors" && store.IsAssetPath(r.URL.Path),
		// The mode of a module is cors, and so is that of data. A picture may be data of a script, and a module is hardly ever that.
		strings.HasSuffix(r.URL.Path, ".js"), strings.HasSuffix(r.URL.Path, ".mjs"):
		return store.KindAsset
	}
	return store.KindFetch
}

// kindFor reads Sec-Fetch-Dest where that names what the browser itself has asked for. Its values are a fixed list that may grow
// by further assets.
func kindFor(h http.Header, destination string) store.Kind {
	if prefetches(h) {
		return store.KindPrefetch
	}
	switch destination {
	case "document":
		return store.KindPage
	case "iframe", "frame", "fencedframe", "embed", "object":
		return store.KindFragment
	case "report":
		return store.KindBeacon
	case "websocket":
		return store.KindSocket
	}
	return store.KindAsset
}

// kindAccepted judges requests of browsers that send no Sec-Fetch-Dest: old ones, and all of them
// where a site is neither served by https nor local.
func kindAccepted(h http.Header, accept string) store.Kind {
	switch {
	case has(h, "X-Requested-With"):
		return store.KindFetch
	case strings.HasPrefix(accept, "text/html,"):
		return store.KindPage
	case strings.HasPrefix(accept, "image/"), strings.HasPrefix(accept, "text/css,"):
		return store.KindAsset
	}
	return store.KindUnknown
}

// value is the first value of a header, whose name must be in canonical form.
func value(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func has(h http.Header, name string) bool { return len(h[name]) > 0 }
