package auth

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// cookies decides how the session's cookie is called and protected.
type cookies struct {
	domain string
	secure bool   // also on this machine, for requests that came without TLS
	base   string // path of the admin, as browsers see it
}

// isSecure reports whether the cookie for this request is confined to https. It is, except on one's own
// machine. So a proxy that ends TLS in front need not say so, and no login crosses a network in the
// clear.
func (k cookies) isSecure(r *http.Request) bool { return k.secure || r.TLS != nil || !IsLoopback(r) }

// IsLoopback reports whether a request names this machine as its host, such as localhost or 127.0.0.1.
func IsLoopback(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(strings.ToLower(host), "[]")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// name returns the cookie's name. Browsers take the prefixed ones only over https, and __Host- only
// from this very host: neither a sibling subdomain nor a forged http page can plant one.
//
// To browsers, all ports of a host are one, and the prefix asks for the path /. So the name has the port
// and the path of the admin. Otherwise two admins on one host would log each other out. An example is
// __Host-userlog+support!8443 for https://example.com:8443/support.
func (k cookies) name(r *http.Request) string {
	name := "userlog"
	if k.domain == "" {
		name += strings.ReplaceAll(k.base, "/", "+")
		if port := portOf(r); port != "" {
			name += "!" + port
		}
	}
	switch {
	case !k.isSecure(r):
		return name
	case k.domain != "":
		return "__Secure-" + name
	default:
		return "__Host-" + name
	}
}

// portOf is the port that the request names, or "" for the default ports: some proxies name those, too.
func portOf(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil || strings.Trim(port, "0123456789") != "" || port == "80" || port == "443" {
		return ""
	}
	return port
}

// set gives the browser a session's secret until it is closed.
func (k cookies) set(w http.ResponseWriter, r *http.Request, name, secret string) {
	http.SetCookie(w, k.cookie(r, name, secret))
}

// expire takes the cookie back.
func (k cookies) expire(w http.ResponseWriter, r *http.Request, name string) {
	cookie := k.cookie(r, name, "")
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
}

func (k cookies) cookie(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value,
		Path: "/", Domain: k.domain,
		Secure: k.isSecure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
