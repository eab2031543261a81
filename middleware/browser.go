package middleware

import (
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// asked is what a request's headers say about who asked for it, and how. The rules follow what
// browsers send, which test/e2e/kinds_test.go observes.
type asked struct {
	kind store.Kind
	from string // path and query of the page, if it is of this host
	host string
	htmx bool
}

func askedBy(r *http.Request) asked {
	a := asked{host: r.Host, htmx: has(r.Header, "Hx-Request")}
	a.kind = kindOf(r.Method, r.Header, a.htmx)
	if a.htmx {
		a.from = samePath(value(r.Header, "Hx-Current-Url"), a.host)
	}
	if a.from == "" {
		a.from = samePath(value(r.Header, "Referer"), a.host)
	}
	return a
}

// kindOf says what a request was for. What is more special is looked for first: a prefetched page
// says that it is a page, too.
func kindOf(method string, h http.Header, htmx bool) store.Kind {
	switch {
	case strings.EqualFold(value(h, "Upgrade"), "websocket"), method == http.MethodGet && value(h, "Accept") == "text/event-stream":
		return store.KindSocket
	case prefetches(h):
		return store.KindPrefetch
	case htmx && has(h, "Hx-Boosted"), has(h, "Hx-History-Restore-Request"):
		return store.KindPage
	case htmx:
		return store.KindFragment
	}
	if destination := value(h, "Sec-Fetch-Dest"); destination != "" {
		return kindFor(destination, method, value(h, "Sec-Fetch-Mode"))
	}
	return kindAccepted(h)
}

// prefetches reports whether something is loaded only in case it will be wanted. Besides the
// standard's header there are those of older browsers and of htmx's preload extension.
func prefetches(h http.Header) bool {
	return strings.Contains(value(h, "Sec-Purpose"), "prefetch") || value(h, "Purpose") == "prefetch" ||
		value(h, "X-Moz") == "prefetch" || has(h, "Hx-Preloaded")
}

// kindFor reads Sec-Fetch-Dest, whose values are a fixed list that may grow by further assets.
func kindFor(destination, method, mode string) store.Kind {
	switch destination {
	case "document":
		return store.KindPage
	case "iframe", "frame", "fencedframe", "embed", "object":
		return store.KindFragment
	case "report":
		return store.KindBeacon
	case "websocket":
		return store.KindSocket
	case "empty":
		switch {
		case mode == "navigate":
			return store.KindDownload
		case mode == "no-cors" && method == http.MethodPost:
			return store.KindBeacon
		}
		return store.KindFetch
	}
	return store.KindAsset
}

// kindAccepted judges requests of browsers that send no Sec-Fetch-Dest: old ones, and all of them
// where a site is neither served by https nor local.
func kindAccepted(h http.Header) store.Kind {
	accept := value(h, "Accept")
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

// leadsTo is the path and query where an answer sends the browser, "" where it sends it nowhere, to
// another host, or to an address that would have to be resolved first.
func (a asked) leadsTo(response http.Header, redirects bool) string {
	if redirects {
		return samePath(value(response, "Location"), a.host)
	}
	if !a.htmx {
		return ""
	}
	for _, name := range [...]string{"Hx-Redirect", "Hx-Location", "Hx-Push-Url", "Hx-Replace-Url"} {
		if path := samePath(value(response, name), a.host); path != "" {
			return path
		}
	}
	return ""
}

// samePath is path and query of an address, if that is on the host: "" for any other address, so
// that nothing about another site is recorded. It slices, and does not allocate.
func samePath(address, host string) string {
	address, _, _ = strings.Cut(address, "#")
	if scheme, rest, found := strings.Cut(address, "://"); found && (scheme == "http" || scheme == "https") {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if !strings.EqualFold(rest[:end], host) {
			return ""
		}
		if address = rest[end:]; address == "" {
			return "/"
		}
	}
	// What begins with // or /\ names another host.
	if address == "" || address[0] != '/' || len(address) > 1 && (address[1] == '/' || address[1] == '\\') {
		return ""
	}
	return address
}

// value is the first value of a header, whose name must be in canonical form.
func value(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func has(h http.Header, name string) bool { return len(h[name]) > 0 }
