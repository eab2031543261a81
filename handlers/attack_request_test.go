package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// foreign is what browsers send along with a form that another site's page has made, and what they
// can be talked into.
var foreign = map[string][]string{
	"another site":           {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
	"a sibling subdomain":    {"Sec-Fetch-Site", "same-site", "Origin", "http://evil.localhost"},
	"a sandboxed frame":      {"Sec-Fetch-Site", "cross-site", "Origin", "null"},
	"an old browser":         {"Origin", "https://evil.example"},
	"an old browser's frame": {"Origin", "null"},
	"an old sibling":         {"Origin", "http://evil.127.0.0.1"},
}

// Every form of the admin, whichever there are, sent by another site in the name of a superuser.
func TestNoFormCanBeSentByAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{RequireReason: true, Destinations: sending().Destinations})
	b := s.superuser()
	before := s.audited()
	forms := 0
	for _, route := range s.engine.Routes() {
		if route.Method == http.MethodGet || route.Method == http.MethodHead {
			continue
		}
		forms++
		for who, headers := range foreign {
			a := b.do(route.Method, targetOf(route), strings.NewReader(everyField.Encode()),
				append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
			if a.StatusCode != http.StatusForbidden || len(a.Cookies()) != 0 {
				t.Errorf("%s %s from %s: %d, cookies %v", route.Method, route.Path, who, a.StatusCode, a.Cookies())
			}
		}
	}
	if forms < 4 {
		t.Errorf("only %d forms were found", forms)
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("something has happened: %q", after)
	}
	if a := b.get(base + "/"); a.StatusCode != http.StatusOK {
		t.Errorf("the superuser is logged out: %d", a.StatusCode)
	}
}

// What another site's page embeds or fetches is refused, before it is written down as looked at by who is
// logged in, also by a host's login that comes along with images. A link leads here all the same.
func TestNoPageCanBeEmbeddedByAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{Identify: hostLogin, Destinations: sending().Destinations})
	b, before := s.stranger(), s.audited()
	pages := 0
	for _, route := range s.engine.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		pages++
		asset := strings.HasSuffix(route.Path, ":file")
		for _, site := range []string{"cross-site", "same-site"} {
			for _, destination := range []string{"image", "script", "style", "iframe", "frame", "embed", "object", "audio", "empty", "serviceworker"} {
				a := b.get(targetOf(route)+"?username=ada&format=csv", "X-Host-User", root, "Sec-Fetch-Site", site, "Sec-Fetch-Dest", destination)
				if refused := a.StatusCode == http.StatusForbidden; refused == asset {
					t.Errorf("%s as %s of a page that is %s: %d", route.Path, destination, site, a.StatusCode)
				}
			}
		}
	}
	if after := s.audited(); pages < 10 || !slices.Equal(before, after) {
		t.Errorf("%d pages were found; written down: %q", pages, after)
	}
	for what, headers := range map[string][]string{
		"a link":                    {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"},
		"our own page":              {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty"},
		"the address bar":           {"Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document"},
		"a browser that says less":  {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-User", "?1"},
		"a browser that says least": nil,
	} {
		if a := b.get(base+"/static?username=ada", append(headers, "X-Host-User", root)...); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
}

// everyField is a form that has what every page asks for, and changes everything that it can.
var everyField = url.Values{
	"username": {root}, "password": {password}, "reason": {"none of yours"}, "next": {base + "/"}, "lang": {"fr"},
	"name": {"mallory"}, "role": {"superuser"}, "account": {root}, "id": {"1"}, "do": {"note"}, "note": {"mallory was here"}, "kind": {"user-fails"}, "count": {"1"},
}

// targetOf is a path that the route matches.
func targetOf(route gin.RouteInfo) string {
	segments := strings.Split(route.Path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, ":") || strings.HasPrefix(segment, "*") {
			segments[i] = root
		}
	}
	return strings.Join(segments, "/")
}

// What a client says about proxies, host and path is not taken over into links, redirects, cookies or
// the audit log.
func TestForwardedHeadersOfAStrangerChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.createSuperuser()
	s.record("ada", "/orders/7")
	lies := http.Header{
		"X-Forwarded-For": {"203.0.113.66"}, "X-Real-Ip": {"203.0.113.66"}, "True-Client-Ip": {"203.0.113.66"}, "Cf-Connecting-Ip": {"203.0.113.66"},
		"X-Forwarded-Host": {"evil.example"}, "X-Host": {"evil.example"}, "X-Original-Host": {"evil.example"},
		"X-Forwarded-Prefix": {"//evil.example"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Scheme": {"https"}, "X-Forwarded-Port": {"443"},
		"X-Original-Url": {"/evil"}, "X-Rewrite-Url": {"/evil"}, "X-Forwarded-User": {root}, "X-Http-Method-Override": {"DELETE"},
		"Forwarded": {"for=203.0.113.66;host=evil.example;proto=https"},
	}
	b := s.again()
	for _, target := range []string{"/", "/static?username=ada", "/live?username=ada", "/live/everyone", "/users?q=a", "/login?next=%2Fuserlog%2Flive"} {
		var lied *answer
		redistest.Eventually(t, target+" is answered as without them", func() bool { // a search says whether names are still being read
			plain := b.get(base + target)
			lied = b.with(lies.Clone(), base+target)
			return lied.StatusCode == plain.StatusCode && lied.location() == plain.location() && timeless(lied.body) == timeless(plain.body)
		})
		if strings.Contains(lied.body, "evil") {
			t.Errorf("%s shows what the client claims", target)
		}
	}
	if a := s.stranger().with(lies.Clone(), base+"/"); a.StatusCode != http.StatusSeeOther || a.location() != base+"/login" {
		t.Errorf("a stranger: %d to %q", a.StatusCode, a.location())
	}
	var flat []string
	for name, values := range lies {
		flat = append(flat, name, values[0])
	}
	a := s.stranger().post(base+"/login", url.Values{"username": {root}, "password": {password}}, flat...)
	if a.location() != base+"/" || len(a.Cookies()) != 2 {
		t.Errorf("the login leads to %q with the cookies %v", a.location(), a.Cookies())
	}
	for _, c := range a.Cookies() {
		if c.Secure || c.Domain != "" || c.Path != "/" || !strings.HasPrefix(c.Name, s.cookieName()) {
			t.Errorf("the login sets %v", c)
		}
	}
	for _, r := range s.records() {
		if r.Address != "127.0.0.1" {
			t.Errorf("%s is written down as of %q", r.Action, r.Address)
		}
	}
}

// timeless is a page without the time at which it was made.
func timeless(body string) string { return clock.ReplaceAllString(body, "") }

var clock = regexp.MustCompile(`data-now="[^"]*"|, [^<]* ago\.`)
