package signon

import (
	"bufio"
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// asProgram is set in the environment of a process that is the program.
const asProgram = "USERLOG_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(command.Run(ctx, os.Args[1:], func(string) (string, bool) { return "", false }, os.Stdin, os.Stdout, os.Stderr))
	}
	quiet()
	logging.Disable() // go-redis tells of every Redis that a test ends
	redistest.VerifyNoLeaks(m)
}

// site is "userlog serve" with a provider.
type site struct {
	*provider
	t      *testing.T
	redis  *redis.Client
	origin string

	mu  sync.Mutex
	log strings.Builder
}

// startSite runs the program and its provider.
func startSite(t *testing.T, more ...string) *site {
	t.Helper()
	server := redistest.Start(t)
	address := net.JoinHostPort("127.0.0.1", redistest.FreePort(t))
	s := &site{t: t, redis: server.Client(t), origin: "http://" + address}
	s.provider = startProvider(t, s.origin+"/userlog/sign-on/callback")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(clientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"serve", "--addr", address, "--redis", server.URL, "--drain", "0s", "--oidc-issuer", s.server.URL, "--oidc-client-id", clientID,
		"--oidc-client-secret-file", secret, "--oidc-roles", "chiefs=superuser,agents=viewer",
	}, more...)
	program := exec.Command(os.Args[0], args...)
	program.Env = append(os.Environ(), asProgram+"=1")
	program.Stderr = s
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	t.Cleanup(func() {
		_ = program.Process.Signal(syscall.SIGTERM) // one that has ended by itself is told below
		_, _ = io.Copy(io.Discard, lines)
		if err := program.Wait(); err != nil {
			t.Errorf("the program has ended: %v\n%s", err, s.errors())
		}
	})
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return s
}

// Write keeps what the program writes to its standard error.
func (s *site) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *site) errors() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// records are those of the audit log, as texts.
func (s *site) records() string {
	s.t.Helper()
	var lines []string
	for r, err := range audit.New(s.redis, audit.Keys{Prefix: store.DefaultKeyPrefix}, audit.Options{}).All(s.t.Context(), audit.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(strings.Join([]string{r.Actor, string(r.Action), r.Role, r.Via, r.Detail}, " ")))
	}
	return strings.Join(lines, "\n")
}

// ask has the program ask the provider about everybody at once, and not within 20 seconds.
func (s *site) ask() {
	s.t.Helper()
	const key = store.DefaultKeyPrefix + "sign-ons"
	for _, id := range s.redis.ZRange(s.t.Context(), key, 0, -1).Val() {
		if err := s.redis.ZAdd(s.t.Context(), key, redis.Z{Score: 1, Member: id}).Err(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// asked waits until the program has asked about everybody.
func (s *site) asked() {
	s.t.Helper()
	s.ask()
	redistest.Eventually(s.t, "the provider was asked", func() bool {
		return s.redis.ZCount(s.t.Context(), store.DefaultKeyPrefix+"sign-ons", "1", "1").Val() == 0
	})
}

// browser keeps cookies, and follows redirects one by one.
type browser struct {
	t    *testing.T
	site *site
	http *http.Client
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: s.t, site: s, http: &http.Client{
		Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is one that has been read.
type answer struct {
	*http.Response
	body string
}

// next is where a redirect leads.
func (a answer) next() string {
	u, err := a.Location()
	if err != nil {
		return ""
	}
	return u.String()
}

func (b *browser) do(method, address string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response, string(body)}
}

// get asks the program for a page, or whomever for an address.
func (b *browser) get(target string) answer {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.site.origin + target
	}
	return b.do(http.MethodGet, target, nil)
}

func (b *browser) post(target string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, b.site.origin+target, form)
}

// signOnLink is the link of the login page.
var signOnLink = regexp.MustCompile(`id="sign-on" href="([^"]+)"`)

// Parts of the page that asks for a proof.
var (
	proofLink   = regexp.MustCompile(`id="at-provider" href="([^"]+)"`)
	proofAction = regexp.MustCompile(`id="proof-form" method="post" action="([^"]+)"`)
	keptField   = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// prove follows the link of a page that asks for a proof, and returns what the callback answers.
func (b *browser) prove(asked answer, name string) answer {
	b.t.Helper()
	link := proofLink.FindStringSubmatch(asked.body)
	if link == nil || asked.StatusCode != http.StatusForbidden {
		b.t.Fatalf("nothing is asked: %d %s", asked.StatusCode, asked.body)
	}
	return b.get(b.enter(html.UnescapeString(link[1]), name))
}

// goOn sends the form again that a page has kept.
func (b *browser) goOn(page answer) answer {
	b.t.Helper()
	action := proofAction.FindStringSubmatch(page.body)
	if action == nil {
		b.t.Fatalf("no form is kept: %d %s", page.StatusCode, page.body)
	}
	var pairs []string
	for _, field := range keptField.FindAllStringSubmatch(page.body, -1) {
		pairs = append(pairs, field[1], html.UnescapeString(field[2]))
	}
	return b.post(action[1], pairs...)
}

// outdate lets the proofs of all sessions be of long ago.
func (s *site) outdate() {
	s.t.Helper()
	for _, key := range s.redis.Keys(s.t.Context(), store.DefaultKeyPrefix+"session:*").Val() {
		line := provenAt.ReplaceAllString(s.redis.Get(s.t.Context(), key).Val(), `"proven":1`)
		if err := s.redis.SetArgs(s.t.Context(), key, line, redis.SetArgs{KeepTTL: true}).Err(); err != nil {
			s.t.Fatal(err)
		}
	}
}

var provenAt = regexp.MustCompile(`"proven":\d+`)

// atProvider logs in at the provider, and returns the address to which it sends the browser back.
func (b *browser) atProvider(page, name string) (callback string) {
	b.t.Helper()
	toLogin := b.get(page)
	link := signOnLink.FindStringSubmatch(b.get(toLogin.next()).body)
	if link == nil {
		b.t.Fatalf("%s leads to %q, which has no link to the provider", page, toLogin.next())
	}
	authorize := b.get(strings.ReplaceAll(link[1], "&amp;", "&"))
	return b.enter(authorize.next(), name)
}

// enter types name and password at an address of the provider, and returns the address to which it sends the browser back.
func (b *browser) enter(address, name string) (callback string) {
	b.t.Helper()
	form := b.get(b.get(address).next())
	id := form.Request.URL.Query().Get("authRequestID")
	done := b.do(http.MethodPost, b.site.server.URL+"/login/username", url.Values{"username": {name}, "password": {userPassword}, "id": {id}})
	if done.next() == "" {
		b.t.Fatalf("the provider does not let %s in: %d %s", name, done.StatusCode, done.body)
	}
	return b.get(done.next()).next()
}

// logIn logs in, and returns what the callback answers.
func (b *browser) logIn(page, name string) answer {
	b.t.Helper()
	return b.get(b.atProvider(page, name))
}

// watch opens a live socket.
func (b *browser) watch() *websocket.Conn {
	b.t.Helper()
	dialer := websocket.Dialer{Jar: b.http.Jar}
	conn, response, err := dialer.DialContext(b.t.Context(), "ws"+strings.TrimPrefix(b.site.origin, "http")+"/userlog/live/socket?username=ada", http.Header{"Origin": {b.site.origin}})
	if err != nil {
		b.t.Fatalf("no socket: %v %v", err, response)
	}
	b.t.Cleanup(func() { conn.Close() })
	return conn
}
