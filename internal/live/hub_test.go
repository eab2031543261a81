package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.AtOnce(6)
	redistest.VerifyNoLeaks(m)
}

// patience is how long a test waits for what must happen. In a bubble that takes no time.
const patience = redistest.Patience

// pages are parsed once: a set never changes.
var pages = sync.OnceValues(func() (*views.Set, error) {
	assets, err := static.New()
	if err != nil {
		return nil, err
	}
	return views.New(assets, views.Links{})
})

func newPages(t *testing.T) Pages {
	t.Helper()
	set, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// site serves a hub's sockets. The query of a socket says what it watches.
type site struct {
	t        *testing.T
	hub      *Hub
	listener *memoryListener
	record   func(username string, paths ...string) // requests of one user, oldest first; their ids are their paths
	until    time.Time                              // of every viewer
	filter   journey.Filter                         // of every viewer
	seen     func(*http.Request)                    // is shown each request; nil = not
	open     atomic.Int64                           // sockets being served
	handling atomic.Int64                           // requests being handled
	asked    atomic.Int64                           // how often the hub has asked who may look
	panics   atomic.Bool                            // instead of an answer

	mu        sync.Mutex
	endedFor  string // the account whose access has ended
	endedFail error  // what asking fails with
}

// Limits of the hub under test.
const (
	testSockets    = 24
	testPerAccount = 16
)

// inBubble runs a test with logs in memory and a clock that runs ahead while everybody waits.
func inBubble(t *testing.T, test func(t *testing.T, s *site, logs *memoryLogs)) {
	t.Helper()
	t.Parallel()
	rendered := newPages(t)
	synctest.Test(t, func(t *testing.T) {
		logs := newMemoryLogs()
		s := newSite(t, logs, rendered)
		s.record = logs.record
		test(t, s, logs)
	})
}

// onRedis returns a site with the logs of a store, whose record waits until Redis has everything.
func onRedis(t *testing.T, client redis.UniversalClient) (*site, *store.Store) {
	t.Helper()
	stored, err := store.New(client, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = stored.Close(ctx) // says what it could not write, where a test has killed Redis
	})
	s := newSite(t, FromStore(stored), newPages(t))
	s.record = func(username string, paths ...string) {
		for _, path := range paths {
			stored.Record(newEntry(username, path))
		}
		redistest.Eventually(t, "everything is written", func() bool { return stored.Stats().Queued == 0 })
	}
	return s, stored
}

// newEntry is a request whose id is its path.
func newEntry(username, path string) store.Entry {
	return store.Entry{ID: path, Username: username, Method: "GET", Path: path, Code: 200, Time: time.Now()}
}

func newSite(t *testing.T, logs Logs, rendered Pages) *site {
	t.Helper()
	s := &site{t: t, listener: newMemoryListener()}
	s.hub = NewHub(logs, rendered, Options{
		CheckOrigin: s.mayConnect, MaxSockets: testSockets, MaxPerAccount: testPerAccount,
		Logger: slog.New(slog.DiscardHandler), Ended: s.ended,
	})
	server := &http.Server{Handler: http.HandlerFunc(s.serve)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(s.listener) // until it is closed
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.hub.Close(ctx); err != nil {
			t.Errorf("close the hub: %v", err)
		}
		_ = server.Close() // says what is wrong with connections that tests have closed
		<-served
	})
	return s
}

// ended is what the hub asks whose access has ended.
func (s *site) ended(_ context.Context, accesses []auth.Access) (ended []auth.Access, err error) {
	s.asked.Add(1)
	if s.panics.Load() {
		panic("asked")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range accesses {
		if s.endedFor != "" && a.Account == s.endedFor {
			ended = append(ended, a)
		}
	}
	return ended, s.endedFail
}

// endFor changes what ended answers.
func (s *site) endFor(account string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endedFor, s.endedFail = account, err
}

// closesHub is the Origin of a socket during whose opening the hub closes.
const closesHub = "https://closing.example"

// panics is the Origin of a socket for which looking at it panics.
const panics = "https://panicking.example"

func (s *site) mayConnect(r *http.Request) bool {
	if r.Header.Get("Origin") == panics {
		panic(panics)
	}
	if r.Header.Get("Origin") == closesHub {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.hub.Close(ended) // can't wait for this very socket
	}
	return r.Header.Get("Origin") != "https://evil.example"
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.handling.Add(1)
	defer s.handling.Add(-1)
	if s.seen != nil {
		s.seen(r)
	}
	s.open.Add(1)
	q := r.URL.Query()
	err := s.hub.Serve(w, r, Watch{
		Access: auth.Access{Account: q.Get("account")}, Until: s.until, Username: q.Get("username"), After: q.Get("after"),
		JSON: q.Has("json"), Filter: views.Filter{Filter: s.filter}, Lang: cmp.Or(q.Get("lang"), "en"), Base: "/base",
	}, func() { s.open.Add(-1) })
	switch {
	case errors.Is(err, ErrTooMany):
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case errors.Is(err, ErrClosed), errors.Is(err, ErrFull), errors.Is(err, store.ErrUsernameInvalid):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// socket is a client's end.
type socket struct {
	*websocket.Conn
	t *testing.T
}

// watch opens a socket; pairs are names and values of its query.
func (s *site) watch(pairs ...string) *socket {
	s.t.Helper()
	conn, response, err := s.dial(nil, pairs...)
	if err != nil {
		s.t.Fatalf("connect: %v, %+v", err, response)
	}
	return &socket{conn, s.t}
}

func (s *site) dial(header http.Header, pairs ...string) (*websocket.Conn, *http.Response, error) {
	query := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		query.Set(pair[0], pair[1])
	}
	dialer := websocket.Dialer{NetDialContext: s.listener.dial}
	conn, response, err := dialer.DialContext(s.t.Context(), "ws://memory/?"+query.Encode(), header)
	if err == nil {
		s.t.Cleanup(func() { conn.Close() })
	}
	return conn, response, err
}

// read waits for the next message.
func (s *socket) read() []byte {
	s.t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	_, content, err := s.ReadMessage()
	if err != nil {
		s.t.Fatalf("read: %v", err)
	}
	return content
}

// closing reads until the connection is closed, and returns with which code; 0 = without one.
func (s *socket) closing() int {
	s.t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0 // it is closed already
	}
	for {
		_, _, err := s.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
			return closed.Code
		case err != nil && strings.Contains(err.Error(), "timeout"):
			s.t.Fatalf("the connection did not close: %v", err)
		case err != nil:
			return 0
		}
	}
}

// message is what programs read.
type message struct {
	Type     string
	ID       string
	Username string
	State    string
	Cursor   string
}

// brief is a message in few words.
func (m message) brief() string { return m.Type + " " + m.State + m.ID }

// readMessage waits for the next message of a program.
func (s *socket) readMessage() (m message) {
	s.t.Helper()
	line := s.read()
	if err := json.Unmarshal(line, &m); err != nil {
		s.t.Fatalf("%v: %s", err, line)
	}
	return m
}

// expect waits for messages, each in the words of [message.brief].
func (s *socket) expect(want ...string) {
	s.t.Helper()
	for _, w := range want {
		if got := strings.TrimSpace(s.readMessage().brief()); got != w {
			s.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// frame is what pages read: partials, each for one part of the page.
type frame struct{ *goquery.Document }

// parseFrame reads a partial as a template, in which rows may stand without a table. So does htmx.
func parseFrame(t *testing.T, html []byte) frame {
	t.Helper()
	templates := strings.NewReplacer("<hx-partial", "<template", "</hx-partial", "</template").Replace(string(html))
	document, err := goquery.NewDocumentFromReader(strings.NewReader(templates))
	if err != nil {
		t.Fatal(err)
	}
	if document.Find("script, img, [onclick], [onerror]").Length() != 0 {
		t.Errorf("something in the frame would run: %s", html)
	}
	return frame{document}
}

// readFrame waits for the next frame.
func (s *socket) readFrame() frame {
	s.t.Helper()
	return parseFrame(s.t, s.read())
}

// urls are the new rows' URLs, top down; a gap is "gap".
func (f frame) urls() []string {
	return f.Find("template[hx-target='#rows'][hx-swap=afterbegin] > tr").Map(func(_ int, row *goquery.Selection) string {
		if row.HasClass("gap") {
			return "gap"
		}
		return row.Find("td.url > code").Text()
	})
}

// state is what #connection becomes, "" if it stays.
func (f frame) state() string {
	return f.Find("template[hx-target='#connection'][hx-swap=outerHTML] > #connection").AttrOr("data-state", "")
}

// message is what #messages becomes, "" if it stays.
func (f frame) message() string {
	return strings.Join(strings.Fields(f.Find("template[hx-target='#messages'][hx-swap=innerHTML]").Text()), " ")
}
