package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

//go:embed templates assets
var files embed.FS

// maxBody is more than any form of the shop needs, in bytes.
const maxBody = 64 << 10

// Shop is a small web site. It has products, of which one is sold once only, a search, a cart, and a checkout that rejects
// wrong cards. Its login has no passwords, and its sessions end in every browser at once. One page is missing and one breaks. Its links are absolute:
// it lives at the root of its host. Create it with [NewShop].
type Shop struct {
	// AdminPath is where the shop's pages say that visitors can watch themselves: the path of
	// userlog's admin, which ends in a slash. NewShop sets "/userlog/"; set it before serving.
	AdminPath string

	templates map[string]*template.Template // by file name without .html, each with the layout
	sessions  gin.HandlerFunc
	shelf     shelf
	endings   endings
	now       func() time.Time
}

// NewShop returns a shop with a session key of its own, so that every start of a program logs all
// customers out. An error means that the embedded templates are broken.
func NewShop() (*Shop, error) {
	templates, err := parseTemplates()
	if err != nil {
		return nil, err
	}
	return &Shop{
		AdminPath: "/userlog/", templates: templates, sessions: newSessions(), now: time.Now,
		shelf: shelf{sold: make(map[string]int)}, endings: endings{counts: make(map[string]int)},
	}, nil
}

// Routes puts every page of the shop on r. Middleware that should see the shop's requests belongs
// on r before.
func (s *Shop) Routes(r gin.IRouter) {
	assets := r.Group("/assets", func(c *gin.Context) { c.Header("Cache-Control", "max-age=3600") })
	assets.StaticFileFS("/shop.css", "assets/shop.css", http.FS(files))
	assets.StaticFileFS("/shop.svg", "assets/shop.svg", http.FS(files))

	shop := r.Group("", limitBody, s.sessions, s.endSession)
	shop.GET("/", s.front)
	shop.GET("/products/:id", s.product)
	shop.GET("/search", s.search)
	shop.GET("/cart", s.cart)
	shop.POST("/cart", s.addToCart)
	shop.GET("/checkout", s.checkout)
	shop.POST("/checkout", s.pay)
	shop.GET("/orders/:id", s.order)
	shop.GET("/invoice", s.invoice)
	shop.GET("/login", s.login)
	shop.POST("/login", s.logIn)
	shop.POST("/logout", s.logOut)
	shop.POST("/logout/everywhere", s.logOutEverywhere)
	shop.GET("/account/reset", s.reset)
	shop.GET("/help", s.help)
	shop.GET("/call", s.call)
	shop.POST("/call", s.callAgain)
}

// PageNames is what the shop calls its pages and actions, for those who watch them.
func (s *Shop) PageNames() map[string]string {
	return map[string]string{
		"/": "Front page", "/products/:id": "Product", "/search": "Search", "/cart": "Cart", "POST /cart": "Add to cart",
		"/checkout": "Checkout", "POST /checkout": "Pay", "/orders/:id": "Order", "/invoice": "Invoice", "/help": "Help",
		"/login": "Log in", "POST /login": "Log in", "POST /logout": "Log out", "POST /logout/everywhere": "Log out everywhere", "/account/reset": "New password",
		"/call": "Call us", "POST /call": "Call us",
	}
}

// NotFound answers for pages that do not exist. It is meant for gin.Engine.NoRoute, where the
// shop's own middleware has not run.
func (s *Shop) NotFound(c *gin.Context) {
	s.sessions(c)
	s.missing(c)
}

// Recovered answers for a page that panicked. It is meant for gin.CustomRecovery.
func (s *Shop) Recovered(c *gin.Context, _ any) {
	if c.Writer.Written() {
		c.Abort()
		return
	}
	code := ""
	if s.Username(c) != "" { // of nobody there is no log for it to lead to
		code = middleware.Reference(c)
	}
	s.render(c, http.StatusInternalServerError, "broken", "Something broke", code)
	c.Abort()
}

// page is what every template is executed with.
type page struct {
	Title     string // "" on the front page, whose title is the shop's name
	IsLogin   bool   // it is the login page, which does not link to itself
	Customer  string // who is logged in, or ""
	CartSize  int
	AdminPath string
	WatchURL  string // where the customer's own log is; "" when nobody is logged in
	Content   any    // the page's own
}

// render sends a page. It is complete before the status is sent, so that a template that fails is a
// plain 500 and not half a page.
func (s *Shop) render(c *gin.Context, status int, name, title string, content any) {
	p := page{Title: title, IsLogin: name == "login", AdminPath: s.AdminPath, Content: content}
	if v, ok := visitOf(c); ok {
		p.Customer, p.CartSize = v.customer(), len(v.cart())
	}
	if p.Customer != "" {
		p.WatchURL = s.AdminPath + "live?" + url.Values{"username": {p.Customer}}.Encode()
	}
	var body bytes.Buffer
	if err := s.templates[name].ExecuteTemplate(&body, "layout", p); err != nil {
		s.fail(c, fmt.Errorf("render %s: %w", name, err))
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
}

// missing sends the page that says that there is none.
func (s *Shop) missing(c *gin.Context) {
	s.render(c, http.StatusNotFound, "missing", "Page not found", nil)
}

// fail ends a request that went wrong on our side; the error is for the host's log.
func (s *Shop) fail(c *gin.Context, err error) {
	_ = c.AbortWithError(http.StatusInternalServerError, err) // returns err itself, in gin's form
}

// limitBody keeps anybody from sending more than a form.
func limitBody(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// parseTemplates parses every page together with the layout.
func parseTemplates() (map[string]*template.Template, error) {
	const dir, layout, suffix = "templates", "layout.html", ".html"
	entries, err := files.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the shop's templates: %w", err)
	}
	templates := make(map[string]*template.Template, len(entries))
	for _, entry := range entries {
		if entry.Name() == layout {
			continue
		}
		parsed, err := template.ParseFS(files, dir+"/"+layout, dir+"/"+entry.Name())
		if err != nil {
			return nil, fmt.Errorf("parse the shop's templates: %w", err)
		}
		templates[strings.TrimSuffix(entry.Name(), suffix)] = parsed
	}
	return templates, nil
}
