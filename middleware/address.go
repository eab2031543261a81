package middleware

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// leadsTo is the path and query where an answer sends the browser, "" where it sends it nowhere, to
// another host, or to an address that would have to be resolved first. e has the status.
func (a asked) leadsTo(response http.Header, e *store.Entry) string {
	switch {
	case a.goesElsewhere(response, e.Code):
		return samePath(inertiaTarget(response), a.host)
	case e.Redirects():
		return samePath(value(response, "Location"), a.host)
	case !a.htmx:
		return ""
	}
	for _, name := range [...]string{"Hx-Redirect", "Hx-Location", "Hx-Push-Url", "Hx-Replace-Url"} {
		if path := samePath(value(response, name), a.host); path != "" {
			return path
		}
	}
	return ""
}

// goesElsewhere reports whether an answer sends Inertia elsewhere, be it to another host.
func (a asked) goesElsewhere(response http.Header, code int) bool {
	return a.inertia && code == http.StatusConflict && inertiaTarget(response) != ""
}

// inertiaTarget is where an answer with the status 409 sends Inertia, "" where it sends it nowhere. A browser would follow another redirect
// before a script sees it. So Inertia has one for other sites and new assets, and one for addresses with a fragment.
func inertiaTarget(response http.Header) string {
	return cmp.Or(value(response, "X-Inertia-Redirect"), value(response, "X-Inertia-Location"))
}

// samePath is path and query of an address, if that is on the host: "" for any other address, so
// that nothing about another site is recorded. It slices, and does not allocate.
func samePath(address, host string) string {
	if address == "" {
		return ""
	}
	address, _, _ = strings.Cut(address, "#")
	if scheme, rest, found := strings.Cut(address, "://"); found && (scheme == "http" || scheme == "https") {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if !strings.EqualFold(withoutDefaultPort(rest[:end], scheme), withoutDefaultPort(host, scheme)) {
			return ""
		}
		if address = rest[end:]; address == "" {
			return "/"
		}
	}
	// An address that begins with // or /\ names another host.
	if address == "" || address[0] != '/' || len(address) > 1 && (address[1] == '/' || address[1] == '\\') {
		return ""
	}
	return address
}

// withoutDefaultPort is a host without the port that its scheme stands for. Some proxies add it to the header Host.
func withoutDefaultPort(host, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
