package middleware_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// desk is a recorder that joins logs and gives codes, as a store does. What it is told is one line each.
type desk struct {
	mu     sync.Mutex
	lines  []string
	joined map[string]bool
	lost   error // of support codes
}

func (d *desk) note(format string, values ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, values...))
}

// told returns the lines since it was last asked. The names of visitors are "visitor".
func (d *desk) told() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return strings.Join(lines, ", ")
}

func who(username string) string {
	if store.IsVisitor(username) {
		return "visitor"
	}
	return username
}

func (d *desk) Record(e store.Entry) { d.note("%s %s%s", e.Method, e.Path, " by "+who(e.Username)) }

func (d *desk) Join(visitor string, e store.Entry) {
	d.note("%s is %s by %s %s", who(visitor), e.Username, e.Method, e.Path)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.joined[visitor] = true
}

func (d *desk) IsJoined(visitor string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.joined[visitor]
}

func (d *desk) Options() store.Options { return store.Options{Retention: time.Hour} }

func (d *desk) SupportCode(_ context.Context, username string, anew bool) (store.Support, error) {
	code := "111111"
	if anew {
		code = "222222"
	}
	d.note("a code for %s", who(username))
	return store.Support{Code: code}, d.lost
}

// browser is a customer's: it keeps cookies.
type browser struct {
	t       *testing.T
	handler http.Handler
	https   bool
	cookies map[string]*http.Cookie
	robot   bool // which keeps none
}

// visit asks for an address and returns the answer. A method may stand before the address.
func (b *browser) visit(target string) *httptest.ResponseRecorder {
	b.t.Helper()
	method, address, found := strings.Cut(target, " ")
	if !found {
		method, address = http.MethodGet, target
	}
	request := browserRequest(method, address, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none")
	if request.Host = "localhost:8080"; b.https {
		request.Host, request.TLS = "shop.example", &tls.ConnectionState{}
	}
	for _, cookie := range b.cookies {
		request.AddCookie(cookie)
	}
	answer := httptest.NewRecorder()
	b.handler.ServeHTTP(answer, request)
	for _, cookie := range answer.Result().Cookies() {
		if b.robot {
			continue
		}
		if b.cookies[cookie.Name] = cookie; cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
	}
	return answer
}

// visitorCookie is the cookie of the visitor, or nil.
func (b *browser) visitorCookie() *http.Cookie {
	for name, cookie := range b.cookies {
		if strings.HasSuffix(name, "userlog-visitor") {
			return cookie
		}
	}
	return nil
}

// ginShop is a site with a login, by a cookie of its own, for Gin.
func ginShop(d *desk, visitors middleware.Visitors) http.Handler {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	user := func(c *gin.Context) string { name, _ := c.Cookie("user"); return name }
	r.Use(middleware.Track(d, user, middleware.Options{Visitors: visitors}))
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "front") })
	r.GET("/public", func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=60")
		c.String(http.StatusOK, "for all")
	})
	r.GET("/image", func(c *gin.Context) { c.Data(http.StatusOK, "image/png", nil) })
	r.POST("/login", func(c *gin.Context) {
		if c.Query("as") == "" {
			c.String(http.StatusUnprocessableEntity, "wrong")
			return
		}
		c.SetCookie("user", c.Query("as"), 0, "/", "", false, true)
		middleware.SetUser(c, c.Query("as"))
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.POST("/logout", func(c *gin.Context) {
		c.SetCookie("user", "", -1, "/", "", false, true)
		c.Redirect(http.StatusSeeOther, "/")
	})
	r.POST("/forge", func(c *gin.Context) {
		middleware.SetUser(c, store.VisitorName("somebody else's"))
		c.String(http.StatusOK, "forged")
	})
	r.POST("/act", func(c *gin.Context) {
		middleware.SetUser(c, "ada")
		middleware.SetActor(c, "agent")
		c.Status(http.StatusOK)
	})
	r.GET("/help", func(c *gin.Context) { support(c.Writer)(middleware.SupportCode(c)) })
	r.POST("/help", func(c *gin.Context) { support(c.Writer)(middleware.NewSupportCode(c)) })
	r.GET("/late", func(c *gin.Context) {
		c.String(http.StatusOK, "begun")
		support(c.Writer)(middleware.SupportCode(c))
	})
	return r
}

// httpShop is ginShop for net/http.
func httpShop(d *desk, visitors middleware.Visitors) http.Handler {
	mux := http.NewServeMux()
	user := func(r *http.Request) string {
		if cookie, err := r.Cookie("user"); err == nil {
			return cookie.Value
		}
		return ""
	}
	front := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "front") }
	mux.HandleFunc("GET /{$}", front)
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("as") == "" {
			http.Error(w, "wrong", http.StatusUnprocessableEntity)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "user", Value: r.URL.Query().Get("as"), Path: "/"})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /help", func(w http.ResponseWriter, r *http.Request) { support(w)(middleware.SupportCodeHTTP(w, r)) })
	mux.HandleFunc("POST /help", func(w http.ResponseWriter, r *http.Request) { support(w)(middleware.NewSupportCodeHTTP(w, r)) })
	return middleware.TrackHTTP(d, user, middleware.HTTPOptions{Visitors: visitors})(mux)
}

// support answers with a code.
func support(w http.ResponseWriter) func(store.Support, error) {
	return func(s store.Support, err error) {
		if err != nil {
			fmt.Fprint(w, "no code: ", err)
			return
		}
		fmt.Fprint(w, s.Code)
	}
}

func newBrowser(t *testing.T, shop func(*desk, middleware.Visitors) http.Handler, visitors middleware.Visitors) (*browser, *desk) {
	d := &desk{joined: map[string]bool{}}
	return &browser{t: t, handler: shop(d, visitors), cookies: map[string]*http.Cookie{}}, d
}

// expect checks what was recorded.
func (d *desk) expect(t *testing.T, want string) {
	t.Helper()
	if got := d.told(); got != want {
		t.Errorf("recorded is %q\nwant %q", got, want)
	}
}

// Nothing is recorded and no cookie is set before somebody asks for help. From then on all is, until the login.
func TestAVisitorIsRecordedSinceAskingForHelp(t *testing.T) {
	for name, shop := range map[string]func(*desk, middleware.Visitors) http.Handler{"gin": ginShop, "net/http": httpShop} {
		t.Run(name, func(t *testing.T) {
			b, d := newBrowser(t, shop, middleware.Visitors{From: middleware.VisitorsAsked})
			for _, target := range []string{"/", "POST /login"} {
				if a := b.visit(target); len(a.Header()["Set-Cookie"]) > 0 || len(a.Header()["Vary"]) > 0 {
					t.Errorf("%s: the header is %v", target, a.Header())
				}
			}
			d.expect(t, "")
			a := b.visit("/help")
			if a.Body.String() != "111111" || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the code is %q, with %v", a.Body, a.Header())
			}
			cookie := b.visitorCookie()
			if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 0 || !cookie.Expires.IsZero() || cookie.Secure || cookie.Path != "/" {
				t.Fatalf("the cookie is %+v", cookie)
			}
			d.expect(t, "a code for visitor, GET /help by visitor")
			b.visit("/help")
			if b.visitorCookie().Value != cookie.Value {
				t.Error("the cookie is another one")
			}
			b.visit("POST /login")
			d.expect(t, "a code for visitor, GET /help by visitor, POST /login by visitor")
			a = b.visit("POST /login?as=ada")
			if b.visitorCookie() != nil && name == "gin" {
				t.Errorf("the login leaves the cookie: %v", a.Header())
			}
			b.visit("/")
			if b.visitorCookie() != nil {
				t.Error("the cookie is still there")
			}
			if name == "gin" {
				d.expect(t, "visitor is ada by POST /login?as=ada, GET / by ada")
			} else { // where the site's function knows the user from the next request on
				d.expect(t, "POST /login?as=ada by visitor, visitor is ada by GET /")
			}
			if a := b.visit("POST /help"); a.Body.String() != "222222" || b.visitorCookie() != nil {
				t.Errorf("a user's code is %s", a.Body)
			}
			d.expect(t, "a code for ada, POST /help by ada")
		})
	}
}

// With VisitorsAlways, browsers that keep the cookie are recorded. Robots are not, and answers for everybody have no cookie.
func TestVisitorsAreAlwaysRecorded(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAlways})
	for _, target := range []string{"/public", "/missing/image.png"} {
		b.visit(target)
	}
	if a := b.visit("/public"); b.visitorCookie() != nil && a.Header().Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("an answer for all is changed: %v", a.Header())
	}
	b.cookies = map[string]*http.Cookie{}
	d.told()
	if a := b.visit("/"); b.visitorCookie() == nil || a.Header().Get("Cache-Control") != "private" {
		t.Errorf("the header is %v", a.Header())
	}
	d.expect(t, "")
	b.visit("/public")
	b.visit("POST /login")
	d.expect(t, "GET /public by visitor, POST /login by visitor")
	b.visit("POST /login?as=ada")
	if b.visitorCookie() != nil {
		t.Error("the cookie is still there")
	}
	b.visit("POST /logout")
	d.expect(t, "visitor is ada by POST /login?as=ada, POST /logout by ada")
	if b.visitorCookie() != nil {
		t.Error("a logout sets a cookie")
	}
	b.visit("/")
	b.visit("/")
	d.expect(t, "GET / by visitor")

	robot := &browser{t: t, handler: b.handler, cookies: map[string]*http.Cookie{}, robot: true}
	for range 5 {
		robot.visit("/")
	}
	d.expect(t, "")
}

// Over https, only a cookie counts that this very site has set.
func TestTheCookieIsTheSitesOwn(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
	b.https = true
	b.visit("/help")
	cookie := b.visitorCookie()
	if cookie == nil || !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || cookie.Domain != "" {
		t.Fatalf("the cookie is %+v", cookie)
	}
	d.told()
	planted := *cookie
	planted.Name = "userlog-visitor"
	b.cookies = map[string]*http.Cookie{planted.Name: &planted}
	b.visit("/")
	d.expect(t, "")
}

// A proxy may end https and not say so. Then browsers do.
func TestACookieIsTheSitesOwnBehindAnyProxy(t *testing.T) {
	for _, c := range []struct {
		host, headers string
		secure        bool
	}{
		{"shop.example", "", false},
		{"shop.example", "X-Forwarded-Proto: https", true},
		{"shop.example", "Sec-Fetch-Site: none", true},
		{"shop.example:8443", "Sec-Fetch-Site: cross-site", true},
		{"shop.example", "X-Forwarded-Proto: http, Sec-Fetch-Site: none", true}, // by a proxy behind the one that ends https
		{"shop.example:8443", "Origin: https://Shop.example:8443", true},
		{"shop.example", "Origin: https://evil.example", false},
		{"shop.example", "Origin: http://shop.example", false},
		{"notlocalhost", "Sec-Fetch-Site: none", true},
		{"127.0.0.1.evil.example", "Sec-Fetch-Site: none", true},
		{"", "Sec-Fetch-Site: none", true},
		{"localhost", "Sec-Fetch-Site: none", false},
		{"LOCALHOST:8080", "Sec-Fetch-Site: none", false},
		{"shop.localhost:8080", "Sec-Fetch-Site: none", false},
		{"127.0.0.1:8080", "Sec-Fetch-Site: none", false},
		{"[::1]:8080", "Sec-Fetch-Site: none", false},
		{"[::1]", "Sec-Fetch-Site: none", false},
		{"localhost", "Sec-Fetch-Site: none, X-Forwarded-Proto: https", true},
	} {
		_, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
		request := browserRequest(http.MethodGet, "/help")
		request.Host = c.host
		for header := range strings.SplitSeq(c.headers, ", ") {
			if name, value, ok := strings.Cut(header, ": "); ok {
				request.Header.Set(name, value)
			}
		}
		answer := httptest.NewRecorder()
		ginShop(d, middleware.Visitors{From: middleware.VisitorsAsked}).ServeHTTP(answer, request)
		cookie := answer.Result().Cookies()[0]
		if secure := strings.HasPrefix(cookie.Name, "__Host-"); secure != c.secure || cookie.Secure != c.secure {
			t.Errorf("%s with %q: the cookie is %s", c.host, c.headers, cookie)
		}
	}
}

// What a stranger puts into the cookie is no visitor, and the browser gets rid of it.
func TestHostileCookies(t *testing.T) {
	good := func(age time.Duration) string {
		return "ABCDEFGHIJKLMNOPQRSTUVWXYZ." + base36(time.Now().Add(-age).Unix()/60)
	}
	for value, recorded := range map[string]bool{
		good(0): true, good(59 * time.Minute): true, good(3 * time.Hour): false, good(-time.Hour): false, "": false, ".": false,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ": false, "abcdefghijklmnopqrstuvwxyz." + base36(time.Now().Unix()/60): false,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ.zzzzzzzzzzzzzzzzzzz": false, "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-1": false, "ABCDEFGHIJKLMNOPQRSTUVWX\x00Z." + base36(time.Now().Unix()/60): false,
		strings.Repeat("A", 8<<10): false, good(0) + "; userlog-visitor=" + good(time.Minute): false, "visitor:abc": false,
	} {
		b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
		request := browserRequest(http.MethodGet, "/", "Cookie", "a=b; userlog-visitor="+value)
		answer := httptest.NewRecorder()
		b.handler.ServeHTTP(answer, request)
		if got := d.told(); (got != "") != recorded {
			t.Errorf("%.60q: recorded is %q", value, got)
		}
		if set := answer.Header().Get("Set-Cookie"); strings.Contains(set, "Max-Age=0") == recorded {
			t.Errorf("%.60q: the cookie is set to %q", value, set)
		}
	}
}

func base36(n int64) string { return strconv.FormatInt(n, 36) }

// A cookie is renewed while it is used, and is the same visitor's.
func TestACookieIsRenewed(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
	old := "ABCDEFGHIJKLMNOPQRSTUVWXYZ." + base36(time.Now().Add(-40*time.Minute).Unix()/60)
	b.cookies["userlog-visitor"] = &http.Cookie{Name: "userlog-visitor", Value: old}
	if a := b.visit("/public"); len(a.Header()["Set-Cookie"]) > 0 {
		t.Errorf("a cache may give the cookie to others: %v", a.Header())
	}
	d.told()
	b.visit("/")
	cookie := b.visitorCookie()
	if cookie == nil || cookie.Value == old || !strings.HasPrefix(cookie.Value, old[:27]) {
		t.Errorf("the cookie is %+v", cookie)
	}
	d.expect(t, "GET / by visitor")
}

// Nobody is shown as a visitor because of a name, and an agent who acts for a customer is no customer who logs in.
func TestNobodyPretendsToBeAVisitor(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
	b.visit("POST /forge")
	d.expect(t, "POST /forge by ")
	b.cookies["user"] = &http.Cookie{Name: "user", Value: store.VisitorName("somebody else's")}
	b.visit("/")
	d.expect(t, "GET / by ")
	delete(b.cookies, "user")
	b.visit("/help")
	d.told()
	b.visit("POST /act")
	d.expect(t, "POST /act by ada")
}

// A visitor who comes with the cookie of somebody who has logged in is not recorded, and gets rid of it.
func TestACookieIsNotInherited(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
	b.visit("/help")
	stolen := b.visitorCookie()
	b.visit("POST /login?as=ada")
	d.told()
	b.cookies = map[string]*http.Cookie{stolen.Name: stolen}
	b.visit("/")
	d.expect(t, "")
	if b.visitorCookie() != nil {
		t.Error("the cookie is still there")
	}
	b.cookies = map[string]*http.Cookie{stolen.Name: stolen}
	b.visit("POST /login?as=bob")
	d.expect(t, "POST /login?as=bob by bob")
}

// Robots that make up cookies are recorded up to a limit.
func TestVisitorsAreLimited(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked, PerMinute: 3})
	for range 10 {
		b.cookies = map[string]*http.Cookie{}
		b.visit("/help")
	}
	if told := d.told(); strings.Count(told, "GET /help by visitor") != 3 || strings.Count(told, "a code") != 3 {
		t.Errorf("recorded is %q", told)
	}
	if a := b.visit("/help"); a.Body.String() != "no code: "+middleware.ErrTooMany.Error() || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the page says %q, with %v", a.Body, a.Header())
	}
}

// Where there can be no code, the page is told why.
func TestThereIsNoSupportCode(t *testing.T) {
	b, d := newBrowser(t, ginShop, middleware.Visitors{From: middleware.VisitorsAsked})
	if a := b.visit("/late"); a.Body.String() != "begunno code: "+middleware.ErrAnswerBegun.Error() {
		t.Errorf("the page says %q", a.Body)
	}
	d.lost = errors.New("Redis is away")
	if a := b.visit("/help"); a.Body.String() != "no code: Redis is away" {
		t.Errorf("the page says %q", a.Body)
	}
	off, _ := newBrowser(t, ginShop, middleware.Visitors{})
	if a := off.visit("/help"); a.Body.String() != "no code: "+middleware.ErrNoVisitor.Error() || off.visitorCookie() != nil {
		t.Errorf("the page says %q", a.Body)
	}
	gin.SetMode(gin.TestMode)
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	if _, err := middleware.SupportCode(c); !errors.Is(err, middleware.ErrNotTracked) {
		t.Errorf("without Track: %v", err)
	}
}

// A handler that goes on behind a time limit may ask for a code while the limit answers in its place.
func TestASupportCodeBehindATimeLimit(t *testing.T) {
	for range 20 {
		d, asked := &desk{joined: map[string]bool{}}, make(chan struct{})
		help := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(asked)
			<-r.Context().Done()
			middleware.SupportCodeHTTP(w, r)
		})
		visitors := middleware.HTTPOptions{Visitors: middleware.Visitors{From: middleware.VisitorsAlways}}
		track := middleware.TrackHTTP(d, func(*http.Request) string { return "" }, visitors)
		answer := httptest.NewRecorder()
		track(http.TimeoutHandler(help, time.Millisecond, "")).ServeHTTP(answer, browserRequest(http.MethodGet, "/help", "Sec-Fetch-Dest", "document"))
		// Both may be ready at the same moment, and then either answers.
		if <-asked; answer.Code != http.StatusServiceUnavailable && answer.Code != http.StatusOK {
			t.Errorf("the status is %d", answer.Code)
		}
	}
}

// What can't be meant stops the program at start-up.
func TestVisitorsAreChecked(t *testing.T) {
	for name, track := range map[string]func(){
		"From":      func() { ginShop(&desk{}, middleware.Visitors{From: "sometimes"}) },
		"PerMinute": func() { httpShop(&desk{}, middleware.Visitors{From: middleware.VisitorsAlways, PerMinute: -1}) },
		"recorder": func() {
			middleware.Track(&memory{}, header, middleware.Options{Visitors: middleware.Visitors{From: middleware.VisitorsAsked}})
		},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, name) {
					t.Errorf("%s: %s", name, text)
				}
			}()
			track()
		}()
	}
}

// A request of a user costs no memory where visitors are recorded, and one of nobody costs none where they have asked for nothing.
func TestVisitorsCostOthersNothing(t *testing.T) {
	for _, user := range []string{"", "ada"} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = browserRequest("GET", "/", "Cookie", "session=abc; theme=dark", "Sec-Fetch-Site", "none", "Origin", "https://shop.example")
		track := middleware.Track(idle{}, func(*gin.Context) string { return user }, middleware.Options{Visitors: middleware.Visitors{From: middleware.VisitorsAsked}})
		if n := testing.AllocsPerRun(100, func() { track(c) }); n != 0 {
			t.Errorf("user %q: %v allocations a request", user, n)
		}
	}
}

// idle is a desk that keeps nothing.
type idle struct{}

func (idle) Record(store.Entry)       {}
func (idle) Join(string, store.Entry) {}
func (idle) IsJoined(string) bool     { return false }
func (idle) Options() store.Options   { return store.Options{Retention: time.Hour} }
