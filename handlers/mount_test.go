package handlers_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// pages are all that a browser shows, below the base path.
var pages = []string{"/", "/static", "/static?username=ada", "/live", "/live?username=ada", "/live/everyone", "/account", "/accounts", "/password?username=ada"}

func TestEveryLinkFollowsThePrefix(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/a/b/c", "/a.b-c_d~e"} {
		t.Run(prefix, func(t *testing.T) {
			s := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, prefix)
			s.record("ada", "/first")
			s.createSuperuser()
			b := s.stranger()
			s.expectOwnLinks(b.get(prefix+"/login"), prefix)
			if a := b.get(prefix + "/"); a.location() != prefix+"/login" {
				t.Errorf("a stranger is led to %q", a.location())
			}
			if a := b.logIn(prefix, root, password, prefix+"/live"); a.location() != prefix+"/live" {
				t.Errorf("the login leads to %q", a.location())
			}
			for _, page := range pages {
				s.expectOwnLinks(b.get(prefix+page), prefix)
			}
			s.expectOwnLinks(b.get(prefix+"/static?username=ada", "HX-Request", "true"), prefix)
			if a := b.post(prefix+"/logout", nil); a.location() != prefix+"/login?out=1" {
				t.Errorf("the logout leads to %q", a.location())
			}
		})
	}
}

// expectOwnLinks wants every address on a page to be below prefix, and to lead to something.
func (s *site) expectOwnLinks(a *answer, prefix string) {
	s.t.Helper()
	if a.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d", a.Request.URL, a.StatusCode)
	}
	links := 0
	for _, attribute := range []string{"href", "src", "action", "formaction", "hx-get", "hx-post"} {
		a.find("[" + attribute + "]").Each(func(_ int, element *goquery.Selection) {
			link := element.AttrOr(attribute, "")
			if link == "#content" {
				return
			}
			links++
			u, err := a.Request.URL.Parse(link) // those of rows are beside the page
			if err != nil || u.Host != a.Request.URL.Host || !strings.HasPrefix(u.Path, prefix+"/") {
				s.t.Errorf("%s: %s=%q is not below %q", a.Request.URL, attribute, link, prefix)
				return
			}
			if attribute == "hx-post" || attribute == "action" && element.AttrOr("method", "get") == "post" {
				return
			}
			if !s.leads(u.RequestURI()) {
				s.t.Errorf("%s: %s=%q leads nowhere", a.Request.URL, attribute, link)
			}
		})
	}
	if connect, ok := a.find("#live").Attr("hx-ws:connect"); ok && !strings.HasPrefix(connect, prefix+"/live/socket?") {
		s.t.Errorf("%s connects to %q", a.Request.URL, connect)
	}
	if links == 0 {
		s.t.Errorf("%s: no links were found", a.Request.URL)
	}
}

// leads reports whether a link leads to something. Each is followed once: most are on every page.
func (s *site) leads(link string) bool {
	s.t.Helper()
	leads, known := s.led[link]
	if !known {
		leads = s.stranger().get(link).StatusCode != http.StatusNotFound
		s.led[link] = leads
	}
	return leads
}

func TestOneAdminAtTwoPlaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, "/one", "/two/deep")
	s.createSuperuser()
	b := s.stranger()
	if a := b.logIn("/two/deep", root, password, "/one/live"); a.location() != "/two/deep/" {
		t.Errorf("the login leads to %q", a.location())
	}
	for _, prefix := range []string{"/one", "/two/deep"} {
		for _, page := range pages {
			s.expectOwnLinks(b.get(prefix+page), prefix)
		}
	}
}

func TestNotFoundIsAPageOfTheAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, "/a/b")
	s.engine.NoRoute(s.admin.NotFound)
	for _, target := range []string{"/", "/a/b/nothing", "/a/b/assets/nothing/x", "/<script>"} {
		a := s.stranger().get(target)
		a.expect(http.StatusNotFound, "There is no page at this address. Check the address, or start from the home page.")
		if home := a.find("main a").AttrOr("href", ""); home != "/a/b/" {
			t.Errorf("%s leads to %q", target, home)
		}
	}
	if recorded := s.logs.Stats().Accepted; recorded != 0 {
		t.Errorf("%d requests were recorded", recorded)
	}
	french := s.stranger().get("/", "Accept-Language", "fr")
	if lang := french.find("html").AttrOr("lang", ""); lang != "fr" {
		t.Errorf("to a French reader it is in %q", lang)
	}
}

func TestAPanicLeadsToAPageOfTheAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{}, "/a/b")
	recovery := gin.CustomRecoveryWithWriter(io.Discard, s.admin.Recovered)
	s.engine.GET("/breaks", recovery, func(*gin.Context) { panic("on purpose") })
	s.engine.GET("/breaks/late", recovery, func(c *gin.Context) {
		c.String(http.StatusOK, "begun")
		panic("on purpose")
	})
	a := s.stranger().get("/breaks")
	a.expect(http.StatusInternalServerError, "The page could not be made. The server’s log says why. Try again. If it happens again, tell whoever runs this server.")
	if home := a.find("main a").AttrOr("href", ""); home != "/a/b/" {
		t.Errorf("it leads to %q", home)
	}
	if late := s.stranger().get("/breaks/late"); late.StatusCode != http.StatusOK || late.find("body").Text() != "begun" {
		t.Errorf("an answer that had begun: %d %q", late.StatusCode, late.find("body").Text())
	}
}

func TestAssetsAreKeptForEver(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	b := s.stranger()
	files := 0
	b.get(base + "/login").find("link[href], script[src]").Each(func(_ int, element *goquery.Selection) {
		files++
		target := element.AttrOr("href", element.AttrOr("src", ""))
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := b.do(method, target, nil)
			if cache := a.Header.Get("Cache-Control"); a.StatusCode != http.StatusOK || cache != "public, max-age=31536000, immutable" {
				t.Errorf("%s %s: %d, Cache-Control %q", method, target, a.StatusCode, cache)
			}
		}
	})
	if files < 4 {
		t.Errorf("the page loads only %d files", files)
	}
	old := b.get(base + "/assets/app.0123456789abcdef.css")
	if old.StatusCode != http.StatusNotFound || strings.Contains(old.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("a file that is gone: %d, Cache-Control %q", old.StatusCode, old.Header.Get("Cache-Control"))
	}
}

func TestMountRefusesPathsThatMeanSomethingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t, redistest.Start(t).Client(t), handlers.Options{})
	for _, path := range []string{"/:tenant/userlog", "/x/*rest", "/a?b", "/a#b", "/söpport", "/a;b", "/support admin", "/a%20b"} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, path) {
					t.Errorf("mounted at %q, it says %q", path, said)
				}
			}()
			s.admin.Mount(gin.New().Group(path))
		}()
	}
}
