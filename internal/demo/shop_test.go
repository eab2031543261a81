package demo

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	redistest.VerifyNoLeaks(m)
}

// site is a shop that is served, what its Username said at the end of each request, and what is recorded of them.
type site struct {
	*httptest.Server
	usernames chan string
	recorded  recorded
}

// recorded are the first requests that were recorded. Only some tests read them.
type recorded chan store.Entry

func (r recorded) Record(e store.Entry) {
	select {
	case r <- e:
	default:
	}
}

// serveShop serves a shop as a host application would.
func serveShop(t *testing.T) *site {
	t.Helper()
	shop, err := NewShop()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{usernames: make(chan string, 100), recorded: make(recorded, 100)}
	engine := gin.New()
	engine.Use(middleware.Track(s.recorded, shop.Username, middleware.Options{}))
	engine.Use(func(c *gin.Context) {
		c.Next()
		select {
		case s.usernames <- shop.Username(c):
		default: // only some tests read them
		}
	})
	engine.Use(gin.CustomRecoveryWithWriter(io.Discard, shop.Recovered))
	engine.GET("/elsewhere", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	shop.Routes(engine)
	engine.NoRoute(shop.NotFound)
	s.Server = httptest.NewServer(engine)
	t.Cleanup(s.Close)
	return s
}

// browser keeps cookies and stays where a redirect is.
type browser struct {
	t      *testing.T
	client *http.Client
	url    string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport:     s.Client().Transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &browser{t, client, s.URL}
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	page   *goquery.Document
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.read(b.client.Get(b.url + path))
}

func (b *browser) post(path string, fields ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.read(b.client.PostForm(b.url+path, form))
}

func (b *browser) read(res *http.Response, err error) answer {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, page}
}

// redirects checks that the answer is a 303 to a path.
func (a answer) redirects(t *testing.T, path string) {
	t.Helper()
	if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != path {
		t.Fatalf("got %d to %q, want 303 to %q", a.status, got, path)
	}
}

// shows checks the status, and that the text of a selector contains something.
func (a answer) shows(t *testing.T, status int, selector, text string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("got status %d, want %d", a.status, status)
	}
	if got := a.page.Find(selector).Text(); !strings.Contains(got, text) || a.page.Find(selector).Length() == 0 {
		t.Fatalf("%s shows %q, want %q in it", selector, got, text)
	}
}

func TestPages(t *testing.T) {
	b := serveShop(t).browser(t)
	for _, test := range []struct {
		path     string
		status   int
		selector string
		text     string
	}{
		{"/", 200, ".card h2", "Moth in a frame"},
		{"/products/duck", 200, "h1", "Rubber duck"},
		{"/products/nothing", 404, "h1", "Page not found"},
		{"/search?q=EARRINGS", 200, ".card h2", "Core memory earrings"},
		{"/search?q=unicorn", 200, "[role=status]", "Nothing found for “unicorn”."},
		{"/search", 200, "[role=status]", "Type what you are looking for"},
		{"/cart", 200, "[role=status]", "Your cart is empty."},
		{"/login", 200, ".names", "ada, grace, linus, margaret, ken"},
		{"/help", 200, "h1", "Help"},
		{"/account/reset?token=secret", 200, "[role=status]", "masked"},
		{"/account/reset", 400, "[role=alert]", "incomplete"},
		{"/missing", 404, "h1", "Page not found"},
		{"/orders/1", 404, "h1", "Page not found"},
		{"/invoice", 500, "[role=alert]", "The mistake is ours"},
	} {
		t.Run(test.path, func(t *testing.T) {
			answer := b.get(test.path)
			answer.shows(t, test.status, test.selector, test.text)
			answer.shows(t, test.status, "#watch a[href='/userlog/']", "look at yourself in the admin")
		})
	}
}

func TestTitles(t *testing.T) {
	b := serveShop(t).browser(t)
	for path, want := range map[string]string{"/": "The Relay Room", "/cart": "Your cart · The Relay Room"} {
		if got := b.get(path).page.Find("title").Text(); got != want {
			t.Errorf("%s has the title %q, want %q", path, got, want)
		}
	}
}

func TestLoginPageDoesNotLinkToItself(t *testing.T) {
	b := serveShop(t).browser(t)
	b.get("/").shows(t, 200, "#watch a[href='/login']", "Log in as a customer")
	login := b.get("/login")
	login.shows(t, 200, "#watch", "Log in as a customer")
	if login.page.Find("#watch a[href='/login']").Length() != 0 {
		t.Error("the login page asks to follow a link to the login page")
	}
}

func TestAssets(t *testing.T) {
	b := serveShop(t).browser(t)
	front := b.get("/")
	links := front.page.Find("head link[href]")
	if links.Length() != 2 {
		t.Fatalf("%d assets in the head, want 2", links.Length())
	}
	links.Each(func(_ int, link *goquery.Selection) {
		if answer := b.get(link.AttrOr("href", "")); answer.status != http.StatusOK {
			t.Errorf("%s: status %d", link.AttrOr("href", ""), answer.status)
		}
	})
	if inline := front.page.Find("[style], style, script"); inline.Length() != 0 {
		t.Errorf("%d inline styles or scripts", inline.Length())
	}
}

func TestResetLinkHasASecret(t *testing.T) {
	b := serveShop(t).browser(t)
	for _, path := range []string{"/help", "/login"} {
		link := b.get(path).page.Find("#reset-link").AttrOr("href", "")
		target, err := url.Parse(link)
		if err != nil || target.Path != "/account/reset" || len(target.Query().Get("token")) < 20 {
			t.Errorf("%s links to %q, %v", path, link, err)
		}
	}
}

func TestSearchTermIsText(t *testing.T) {
	b := serveShop(t).browser(t)
	answer := b.get("/search?q=" + url.QueryEscape(`<img src=x onerror=alert(1)>`))
	answer.shows(t, http.StatusOK, "[role=status]", "<img src=x onerror=alert(1)>")
	if n := answer.page.Find("img").Length(); n != 0 {
		t.Errorf("%d images on the page", n)
	}
}

func TestLogin(t *testing.T) {
	b := serveShop(t).browser(t)
	b.post("/login", "username", `"><b>eve`).shows(t, 422, "#username-problem", "No customer has this name.")
	b.post("/login", "username", "").shows(t, 422, "#username-problem", "No customer has this name.")
	b.post("/login", "username", " Ada ").redirects(t, "/")
	front := b.get("/")
	front.shows(t, 200, "#customer", "ada")
	front.shows(t, 200, "#watch a[href='/userlog/live?username=ada']", "Look at yourself")
	b.get("/missing").shows(t, 404, "#customer", "ada")
	broken := b.get("/invoice")
	broken.shows(t, 500, "#customer", "ada")
	if code := broken.page.Find("#code").Text(); len(code) != 6 {
		t.Errorf("ada is told the code %q", code)
	}
	b.post("/logout").redirects(t, "/")
	b.get("/").shows(t, 200, "#login-link", "Log in")
}

func TestUsernameIsAskedAfterTheHandlers(t *testing.T) {
	s := serveShop(t)
	b := s.browser(t)
	for _, test := range []struct {
		what string
		do   func() answer
		want string
	}{
		{"before", func() answer { return b.get("/") }, ""},
		{"login", func() answer { return b.post("/login", "username", "grace") }, "grace"},
		{"page", func() answer { return b.get("/help") }, "grace"},
		{"missing page", func() answer { return b.get("/missing") }, "grace"},
		{"broken page", func() answer { return b.get("/invoice") }, "grace"},
		{"a page of the host", func() answer { return b.get("/elsewhere") }, ""},
		{"logout", func() answer { return b.post("/logout") }, ""},
		{"after", func() answer { return b.get("/") }, ""},
	} {
		test.do()
		if got := <-s.usernames; got != test.want {
			t.Errorf("%s: got %q, want %q", test.what, got, test.want)
		}
	}
}

func TestCookieOfAnotherRunIsForgotten(t *testing.T) {
	b := serveShop(t).browser(t)
	b.post("/login", "username", "ada").redirects(t, "/")
	b.url = serveShop(t).URL // cookies don't care for ports: the old one is sent
	b.get("/").shows(t, 200, "#login-link", "Log in")
	b.post("/login", "username", "ken").redirects(t, "/")
	b.get("/").shows(t, 200, "#customer", "ken")
}

func TestUnreadableCookieIsNoError(t *testing.T) {
	store := forgivingStore{cookie.NewStore([]byte("key"))}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.AddCookie(&http.Cookie{Name: cookieName, Value: "signed-with-another-key"})
	session, err := store.Get(req, cookieName)
	if err != nil || session == nil || !session.IsNew {
		t.Errorf("got %+v, %v, want a new session", session, err)
	}
}

func TestCookieStaysOnTheSite(t *testing.T) {
	answer := serveShop(t).browser(t).post("/login", "username", "ada")
	cookie := answer.header.Get("Set-Cookie")
	for _, want := range []string{cookieName + "=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("no %s in %s", want, cookie)
		}
	}
}
