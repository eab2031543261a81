package middleware

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Visitors says whether those are recorded who are not logged in. The zero value records nobody, sets no cookie and costs nothing. Anything else means
// that a cookie is set in browsers of people whom you don't know: read docs/privacy.md before.
//
// A visitor is known by a cookie of random bytes, which is gone with the browser's session, and after the retention at the latest. A hash of it is the
// visitor's name in logs. When the visitor logs in, the cookie is taken back, and both logs are joined: see [store.Store.Join].
type Visitors struct {
	// From is since when visitors are recorded. Default: [VisitorsNever].
	From VisitorsFrom

	// PerMinute is how many visitors a process begins to record in a minute at most, so that robots can't fill Redis. Others are not recorded.
	// Default: 100, for which Redis needs some 50 MB an hour, and 25 times that where all of them send as much as a log takes.
	PerMinute int
}

// VisitorsFrom says from which request on a visitor is recorded.
type VisitorsFrom string

// From which request on a visitor is recorded.
const (
	VisitorsNever  VisitorsFrom = ""       // from none
	VisitorsAsked  VisitorsFrom = "asked"  // from the request in which the site calls [SupportCode], because the visitor asks for help
	VisitorsAlways VisitorsFrom = "always" // from the first request that brings the cookie, which shows that the browser keeps cookies
)

// defaultVisitorsPerMinute is the default of Visitors.PerMinute.
const defaultVisitorsPerMinute = 100

// The cookie of a visitor. Browsers let only the site itself set one whose name begins with __Host-, over https.
const (
	visitorCookie       = "userlog-visitor"
	secureVisitorCookie = "__Host-" + visitorCookie
	visitorSecretSize   = 26 // characters of rand.Text
)

// visitors are those of a site who are not logged in.
type visitors struct {
	always    bool
	retention time.Duration // for which a cookie is believed after it was set or renewed
	limit     *visitorLimit
	logs      joiner
}

// joiner is a recorder that joins the logs of visitors to those of users, as a *store.Store does.
type joiner interface {
	Join(visitor string, e store.Entry)
	IsJoined(visitor string) bool
	Options() store.Options
}

// newVisitors returns nil where no visitors are recorded. constructor names the adapter in the panic.
func newVisitors(constructor string, options Visitors, logs Recorder) *visitors {
	switch options.From {
	case VisitorsNever:
		return nil
	case VisitorsAsked, VisitorsAlways:
	default:
		panic(fmt.Sprintf("%s: %q in Visitors.From: use VisitorsNever, VisitorsAsked or VisitorsAlways", constructor, options.From))
	}
	if options.PerMinute == 0 {
		options.PerMinute = defaultVisitorsPerMinute
	}
	if options.PerMinute < 0 {
		panic(fmt.Sprintf("%s: Visitors.PerMinute is %d: use 1 or more, or 0 for %d", constructor, options.PerMinute, defaultVisitorsPerMinute))
	}
	joins, ok := logs.(joiner)
	if !ok {
		panic(constructor + ": Visitors needs a recorder that joins logs: pass what store.Open returned")
	}
	return &visitors{always: options.From == VisitorsAlways, retention: joins.Options().Retention, logs: joins, limit: newVisitorLimit(options.PerMinute)}
}

// visitor is what a request says of somebody who may not be logged in. The mutex of the response guards it.
type visitor struct {
	of      *visitors
	name    string    // in logs; "" where the browser has brought no cookie that counts
	secret  string    // of the cookie
	made    time.Time // when the cookie was set or renewed
	came    bool      // the browser has brought a cookie, whatever it is worth
	fresh   bool      // the browser has yet to show that it keeps the cookie that this answer sets, since most robots don't
	secure  bool      // the browser came by https
	settled bool      // what becomes of the cookie is in the header of the answer
}

// arrive reads the visitor's cookie. It returns nil where there is nothing to do: no cookie, and none is to be set.
func (v *visitors) arrive(request *http.Request) *visitor {
	if v == nil {
		return nil
	}
	secure := isSecure(request)
	value, count := cookieOf(request.Header, visitorCookieName(secure))
	if count == 0 && !v.always {
		return nil
	}
	one := &visitor{of: v, came: count > 0, secure: secure}
	if count == 1 { // if there are several cookies of this name, somebody else may have set one
		one.read(value, time.Now())
	}
	return one
}

// isSecure reports whether the browser came by https. Where a proxy does not pass that on, browsers show it: they send Sec-Fetch-Site by https and to
// their own computer only, and the address of the page as the Origin. A header that is forged harms nobody but the one who forges it.
func isSecure(request *http.Request) bool {
	h := request.Header
	if request.TLS != nil || strings.EqualFold(value(h, "X-Forwarded-Proto"), "https") {
		return true
	}
	host, secure := strings.CutPrefix(value(h, "Origin"), "https://")
	return secure && strings.EqualFold(host, request.Host) || has(h, "Sec-Fetch-Site") && !isOwnComputer(request.Host)
}

// isOwnComputer reports whether a host, with or without a port, is the browser's own computer. It does not allocate.
func isOwnComputer(host string) bool {
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	const own = "localhost"
	switch parent := len(host) - len(own); {
	case host == "[::1]", strings.HasPrefix(host, "127.") && strings.Trim(host, "0123456789.") == "":
		return true
	default:
		return parent >= 0 && strings.EqualFold(host[parent:], own) && (parent == 0 || host[parent-1] == '.')
	}
}

// visitorCookieName is the name of the cookie.
func visitorCookieName(secure bool) string {
	if secure {
		return secureVisitorCookie
	}
	return visitorCookie
}

// cookieOf returns the last value of a cookie, and how many it has. It does not allocate.
func cookieOf(h http.Header, name string) (found string, count int) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if key, value, ok := strings.Cut(pair, "="); ok && strings.TrimSpace(key) == name {
				found, count = strings.TrimSpace(value), count+1
			}
		}
	}
	return found, count
}

// read takes what a cookie says, if it is one of ours, young enough, and not that of somebody who has logged in.
func (v *visitor) read(cookie string, now time.Time) {
	secret, at, _ := strings.Cut(cookie, ".")
	minutes, err := strconv.ParseInt(at, 36, 64)
	if err != nil || len(secret) != visitorSecretSize || strings.Trim(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return
	}
	made := time.Unix(minutes*60, 0)
	if age := now.Sub(made); age < -store.ClockTolerance || age > v.of.retention+time.Minute {
		return
	}
	if name := store.VisitorName(secret); !v.of.logs.IsJoined(name) {
		v.name, v.secret, v.made = name, secret, made
	}
}

// begin gives the visitor a new cookie.
func (v *visitor) begin(h http.Header) {
	v.secret = rand.Text()
	v.name = store.VisitorName(v.secret)
	v.set(h, time.Now())
}

// set writes the cookie into the header of an answer.
func (v *visitor) set(h http.Header, now time.Time) {
	v.settled, v.made = true, now
	cookie := http.Cookie{
		Name: visitorCookieName(v.secure), Value: v.secret + "." + strconv.FormatInt(now.Unix()/60, 36),
		Path: "/", Secure: v.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	h.Add("Set-Cookie", cookie.String())
}

// remove takes the cookie back.
func (v *visitor) remove(h http.Header) {
	v.settled = true
	cookie := http.Cookie{
		Name: visitorCookieName(v.secure), Path: "/", MaxAge: -1, Secure: v.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	h.Add("Set-Cookie", cookie.String())
}

// settle sets, renews or removes the cookie, before the header of the answer is sent. known tells that somebody is logged in, and page that
// the answer is a page that a person sees.
func (v *visitor) settle(h http.Header, known, page bool, now time.Time) {
	switch {
	case v.settled:
	case known:
		if v.came {
			v.remove(h)
		}
	case v.name != "":
		if now.Sub(v.made) > v.of.retention/2 && makePrivate(h) {
			v.set(h, now)
		}
	case v.of.always && page && makePrivate(h):
		v.begin(h)
		v.fresh = true
	case v.came:
		v.remove(h)
	}
	v.settled = true
}

// makePrivate has caches give an answer with a cookie to nobody else. It returns false for an answer that the site lets caches share.
func makePrivate(h http.Header) bool {
	control := strings.ToLower(strings.Join(h["Cache-Control"], ","))
	if control == "" {
		h.Set("Cache-Control", "private")
		return true
	}
	return containsAny(control, "private", "no-store", "no-cache") && !strings.Contains(control, "public")
}

// recorded is the name under which the request is recorded, "" if it is not.
func (v visitor) recorded() string {
	if v.name == "" || v.fresh || !v.of.limit.admits(v.name, time.Now()) {
		return ""
	}
	return v.name
}

// joins reports whether an entry shows that the visitor is logged in by now. An entry of somebody else in a user's place tells nothing.
func (v visitor) joins(e *store.Entry) bool {
	return v.came && v.name != "" && e.Username != "" && e.Username != v.name && e.Actor == ""
}
