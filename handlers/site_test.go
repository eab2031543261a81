package handlers_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// The superuser of every site.
const (
	root     = "root"
	password = "correct horse battery"
)

// base is where the admin is unless a test says otherwise.
const base = "/userlog"

// patience is how long a test waits for what must happen.
const patience = redistest.Patience

// site is a Gin application with the admin in it. All its requests are recorded as those of the user [tracked].
type site struct {
	t      *testing.T
	client redis.UniversalClient
	logs   *store.Store
	admin  *handlers.Admin
	engine *gin.Engine
	server *httptest.Server
	base   string          // of the first mount
	led    map[string]bool // links that were followed, and whether each led to something
}

// tracked is the user who makes every request to the application.
const tracked = "tracked"

// files and parsed are the assets and the pages of every site. They don't change, and take long to make.
var (
	files  = sync.OnceValues(static.New)
	parsed = sync.OnceValues(func() (*views.Set, error) {
		assets, err := files()
		if err != nil {
			return nil, err
		}
		return views.New(assets, views.Links{})
	})
)

// newSite runs an application with the admin at every base; none means [base].
func newSite(t *testing.T, client redis.UniversalClient, options handlers.Options, bases ...string) *site {
	t.Helper()
	return newSiteWith(t, client, options, 0, bases...)
}

// newSiteWith is newSite with a login interval: a viewer who came by the login of a host or a proxy has her socket
// for as long; 0 is a minute. Connections to Redis are patient: a late answer, as on a busy machine, is no outage.
func newSiteWith(t *testing.T, client redis.UniversalClient, options handlers.Options, loginInterval time.Duration, bases ...string) *site {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	options.Logger = cmp.Or(options.Logger, quiet)
	if server, ok := client.(*redis.Client); ok { // and no Cluster
		client = redistest.Patient(t, server)
	}
	logs, err := store.New(client, store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	assets, err := files()
	if err != nil {
		t.Fatal(err)
	}
	set, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	admin := handlers.NewWith(logs, options, assets, set, loginInterval)
	s := &site{t: t, client: client, logs: logs, admin: admin, engine: gin.New(), led: map[string]bool{}}
	s.engine.Use(middleware.Track(logs, func(*gin.Context) string { return tracked }, middleware.Options{}))
	if bases == nil {
		bases = []string{base}
	}
	s.base = bases[0]
	for _, b := range bases {
		admin.Mount(s.engine.Group(b))
	}
	s.server = httptest.NewServer(s.engine)
	t.Cleanup(s.close)
	return s
}

// close ends everything, whatever state Redis is in.
func (s *site) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.admin.Close(ctx); err != nil && s.logs.Ping(ctx) == nil {
		s.t.Errorf("close the admin: %v", err)
	}
	s.server.Close()
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.logs.Close(soon) // waits for as long, and says what it could not write, where a test has killed Redis
}

// record records requests of one user, oldest first, and returns when Redis has them.
func (s *site) record(username string, paths ...string) {
	s.t.Helper()
	for _, path := range paths {
		s.logs.Record(store.Entry{Username: username, Method: "GET", Path: path, Code: 200})
	}
	redistest.Eventually(s.t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t    *testing.T
	site *site
	host string // and port, by which it knows the site
	jar  *cookiejar.Jar
	http *http.Client
}

// stranger opens a browser in which nobody is logged in.
func (s *site) stranger() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: s.t, site: s, host: s.host(), jar: jar, http: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// superuser makes the superuser's account, opens a browser and logs in at [base].
func (s *site) superuser() *browser {
	s.t.Helper()
	s.createSuperuser()
	return s.again()
}

// again opens one more browser, and logs in as the superuser.
func (s *site) again() *browser {
	s.t.Helper()
	b := s.stranger()
	if a := b.logIn(base, root, password, ""); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("login: %d", a.StatusCode)
	}
	return b
}

func (s *site) createSuperuser() {
	s.t.Helper()
	s.create(root, auth.Superuser)
}

// create makes an account with the password of all of them.
func (s *site) create(name string, role auth.Role) {
	s.t.Helper()
	if err := s.accounts().Create(s.t.Context(), name, role, password); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) accounts() *auth.Accounts {
	return auth.NewAccounts(s.logs.Client(), s.authKeys(), auth.AccountOptions{Cost: handlers.CheapCost})
}

func (s *site) authKeys() auth.Keys { return auth.Keys{Prefix: s.logs.KeyPrefix()} }

func (s *site) auditKeys() audit.Keys { return audit.Keys{Prefix: s.logs.KeyPrefix()} }

// token makes a token for an account.
func (s *site) token(account string) string {
	s.t.Helper()
	secret, err := auth.NewTokens(s.logs.Client(), s.authKeys()).Create(s.t.Context(), account, "test", time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// viewer makes the account of a viewer, and opens a browser in which it is logged in.
func (s *site) viewer(name string) *browser {
	s.t.Helper()
	return s.enter(name, auth.Viewer)
}

// enter makes an account, and opens a browser in which it is logged in.
func (s *site) enter(name string, role auth.Role) *browser {
	s.t.Helper()
	s.create(name, role)
	b := s.stranger()
	if a := b.logIn(base, name, password, ""); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("login: %d", a.StatusCode)
	}
	return b
}

// records are those of the audit log, oldest first.
func (s *site) records() []audit.Record {
	s.t.Helper()
	var records []audit.Record
	for r, err := range s.auditLog().All(s.t.Context(), audit.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// audited is actor, action and subject of each record.
func (s *site) audited() []string {
	s.t.Helper()
	var lines []string
	for _, r := range s.records() {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Actor, r.Action, r.Subject)))
	}
	return lines
}

func (b *browser) logIn(base, username, password, next string) *answer {
	b.t.Helper()
	return b.post(base+"/login", url.Values{"username": {username}, "password": {password}, "next": {next}})
}

// get asks for a target; headers are names and values in turn.
func (b *browser) get(target string, headers ...string) *answer {
	b.t.Helper()
	return b.do(http.MethodGet, target, nil, headers...)
}

// post sends a form as one of the site's own pages does.
func (b *browser) post(target string, form url.Values, headers ...string) *answer {
	b.t.Helper()
	return b.do(http.MethodPost, target, strings.NewReader(form.Encode()),
		append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

// with is get with headers that may have several lines.
func (b *browser) with(header http.Header, target string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.site.server.URL+target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header, r.Host = header, b.host
	return b.send(r)
}

func (b *browser) do(method, target string, body io.Reader, headers ...string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.server.URL+target, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.Contains(target, "/audit/export") {
		r.Header.Set("Sec-Fetch-Site", "same-origin") // it is a link on our own page
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	r.Host = b.host
	return b.send(r)
}

func (b *browser) send(r *http.Request) *answer {
	b.t.Helper()
	response, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return &answer{Response: response, t: b.t, body: string(content)}
}

// cookies are those that the browser would send to the site.
func (b *browser) cookies() []*http.Cookie { return b.jar.Cookies(b.address()) }

// host is the site's host and port.
func (s *site) host() string { return strings.TrimPrefix(s.server.URL, "http://") }

// cookieName is what the session's cookie is called.
func (s *site) cookieName() string { return cookieName(s.host(), s.base) }

// cookieName is what the session's cookie is called over plain http on this machine.
func cookieName(host, base string) string {
	name := "userlog" + strings.ReplaceAll(base, "/", "+")
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		name += "!" + host[colon+1:]
	}
	return name
}

// address is the admin's home page.
func (b *browser) address() *url.URL {
	b.t.Helper()
	u, err := url.Parse(b.site.server.URL + base + "/")
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// session is the value of the session's cookie, "" without one.
func (b *browser) session() string {
	for _, cookie := range b.cookies() {
		if cookie.Name == cookieName(b.host, b.site.base) {
			return cookie.Value
		}
	}
	return ""
}

// dial opens a websocket with the browser's cookies and Origin. A header with an empty value is not sent. The response is
// that of the upgrade, or the refusal, with which conn is nil.
func (b *browser) dial(target string, headers ...string) (*websocket.Conn, *http.Response) {
	b.t.Helper()
	header := http.Header{"Origin": {"http://" + b.host}, "Host": {b.host}}
	for pair := range slices.Chunk(headers, 2) {
		if header.Set(pair[0], pair[1]); pair[1] == "" {
			header.Del(pair[0])
		}
	}
	dialer := websocket.Dialer{Jar: b.jar}
	conn, response, err := dialer.DialContext(b.t.Context(), "ws"+strings.TrimPrefix(b.site.server.URL, "http")+target, header)
	if response == nil {
		b.t.Fatal(err)
	}
	if err == nil {
		b.t.Cleanup(func() { conn.Close() })
	}
	return conn, response
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	t        *testing.T
	body     string
	document *goquery.Document // nil until find has parsed the body
}

// find selects elements of the page.
func (a *answer) find(selector string) *goquery.Selection {
	a.t.Helper()
	if a.document == nil {
		document, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
		if err != nil {
			a.t.Fatal(err)
		}
		a.document = document
	}
	return a.document.Find(selector)
}

// text is what a person reads in the selected elements.
func (a *answer) text(selector string) string {
	a.t.Helper()
	return strings.Join(strings.Fields(a.find(selector).Text()), " ")
}

// texts is [answer.text] of each element.
func (a *answer) texts(selector string) []string {
	a.t.Helper()
	return a.find(selector).Map(func(_ int, s *goquery.Selection) string { return strings.TrimSpace(s.Text()) })
}

// location is where the answer redirects to.
func (a *answer) location() string { return a.Header.Get("Location") }

// expect compares status and the text of #messages.
func (a *answer) expect(status int, message string) {
	a.t.Helper()
	if got := a.text("#messages"); a.StatusCode != status || got != message {
		a.t.Errorf("%s: got %d and %q, want %d and %q", a.Request.URL, a.StatusCode, got, status, message)
	}
}

// storeLost is what a page says while Redis is away.
const storeLost = "Logs and accounts are kept in Redis, and it does not answer. Try again in a moment. If it lasts, tell whoever runs Redis."

// expectStoreLost wants a page that says that the log store can't be reached.
func (a *answer) expectStoreLost() {
	a.t.Helper()
	a.expect(http.StatusServiceUnavailable, storeLost)
	if got := a.text("h1"); got != "The log store can’t be reached." {
		a.t.Errorf("%s: the title is %q", a.Request.URL, got)
	}
}
