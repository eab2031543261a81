package handlers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Nothing is shown ahead of a click, by whichever page's wish, and nothing is recorded.
func TestNoPageIsLoadedAhead(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), sending())
	b := s.superuser()
	before, pages := s.audited(), 0
	for _, route := range s.engine.Routes() {
		if route.Method != http.MethodGet || strings.HasSuffix(route.Path, ":file") {
			continue
		}
		pages++
		for _, site := range []string{"cross-site", "same-site", "same-origin", "none"} {
			for _, ahead := range [][2]string{{"Sec-Purpose", "prefetch"}, {"Sec-Purpose", "prefetch;prerender"}, {"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "prefetch"}} {
				a := b.get(targetOf(route)+"?username=ada&format=csv", "Sec-Fetch-Site", site, "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1", ahead[0], ahead[1])
				if a.StatusCode != http.StatusForbidden || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s for %s, %s: %d", route.Path, site, ahead, a.StatusCode)
				}
			}
		}
	}
	if after := s.audited(); pages < 10 || !slices.Equal(before, after) {
		t.Errorf("of %d pages, written down: %q", pages, after[len(before):])
	}
}

// Another site's page can lead the browser to a log only by a click. Otherwise the person is asked, and goes on by a link of ours.
func TestNobodyIsLedToALook(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	s.record("ada", "/")
	b := s.superuser()
	before := s.audited()
	for _, target := range []string{"/static?username=ada", "/live?username=ada", "/live/everyone", "/summary?username=ada", "/audit"} {
		for _, site := range []string{"cross-site", "same-site"} {
			a := b.get(base+target, "Sec-Fetch-Site", site, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate")
			if a.StatusCode != http.StatusForbidden || a.find("#go-on").AttrOr("href", "") != base+target || a.find("#hub, [data-socket]").Length() != 0 {
				t.Errorf("%s from a page that is %s: %d, leads on to %q", target, site, a.StatusCode, a.find("#go-on").AttrOr("href", ""))
			}
		}
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("written down: %q", after[len(before):])
	}
	if a := b.get(base+"/static?username=ada", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "document"); a.StatusCode != http.StatusOK {
		t.Errorf("our own link: %d", a.StatusCode)
	}
}

// Nor to a login at the provider, which would let the person in without asking: another site could have logins written down without end.
func TestNobodyIsLedToALogin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{SingleSignOn: fakeProvider{}})
	b := s.stranger()
	a := b.get(base+"/sign-on?next="+base+"/live", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate")
	if goOn := a.find("#go-on").AttrOr("href", ""); a.StatusCode != http.StatusForbidden || goOn != base+"/sign-on?next="+base+"/live" || len(a.Cookies()) > 0 {
		t.Errorf("%d, leads on to %q, with %v", a.StatusCode, goOn, a.Cookies())
	}
	for what, headers := range map[string][]string{
		"by a click":        {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"},
		"by our own page":   {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "document"},
		"by an old browser": nil,
	} {
		if a := b.get(base+"/sign-on", headers...); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
}

// An export is what a link on our own page asks for, and nothing else.
func TestExportsNeedOurOwnPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.superuser()
	before := s.audited()
	for what, headers := range map[string][]string{
		"another site":                  {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"},
		"another site, by a click":      {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"},
		"a sibling site":                {"Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"},
		"the address bar":               {"Sec-Fetch-Site", "none", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"},
		"plain http":                    {"Sec-Fetch-Site", ""},
		"plain http, from another site": {"Sec-Fetch-Site", "", "Referer", "http://evil.example/"},
	} {
		if a := b.get(base+"/audit/export?format=csv", headers...); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	if after := s.audited(); !slices.Equal(before, after) {
		t.Errorf("written down: %q", after[len(before):])
	}
	if a := b.get(base+"/audit/export?format=csv", "Sec-Fetch-Site", "", "Referer", "http://"+b.host+base+"/audit"); a.StatusCode != http.StatusOK {
		t.Errorf("plain http, from our own page: %d", a.StatusCode)
	}
}
