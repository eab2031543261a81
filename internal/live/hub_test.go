package live_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/live"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/static"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis tells of every Redis that a test kills
	redistest.VerifyNoLeaks(m)
}

// patience is how long a test waits for what must happen.
const patience = 15 * time.Second

// site serves a hub's sockets; what is watched is in the query.
type site struct {
	t      *testing.T
	logs   *store.Store
	hub    *live.Hub
	server *httptest.Server
	until  time.Time      // of every viewer
	filter journey.Filter // of every viewer
	open   atomic.Int64   // sockets being served
	asked  atomic.Int64   // how often the hub has asked who may look
	panics atomic.Bool    // instead of an answer

	mu        sync.Mutex
	endedFor  string // the account that may not look any longer
	endedFail error  // what asking fails with
}

// Limits of the hub under test.
const (
	maxSockets    = 24
	maxPerAccount = 16
)

func newSite(t *testing.T, client redis.UniversalClient) *site {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	set, err := views.New(assets, views.Links{})
	if err != nil {
		t.Fatal(err)
	}
	return newSiteWith(t, client, set)
}

// newSiteWith is newSite with pages of another making.
func newSiteWith(t *testing.T, client redis.UniversalClient, set *views.Set) *site {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	logs, err := store.New(client, store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, logs: logs}
	s.hub = live.NewHub(logs, set, live.Options{
		CheckOrigin: s.mayConnect, MaxSockets: maxSockets, MaxPerAccount: maxPerAccount, Logger: quiet, Ended: s.ended,
	})
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.close)
	return s
}

// ended is what the hub asks who may not look any longer.
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

func (s *site) mayConnect(r *http.Request) bool {
	if r.Header.Get("Origin") == closesHub {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.hub.Close(ended) // can't wait for this very socket
	}
	return r.Header.Get("Origin") != "https://evil.example"
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.open.Add(1)
	defer s.open.Add(-1)
	q := r.URL.Query()
	err := s.hub.Serve(w, r, live.Watch{
		Access: auth.Access{Account: q.Get("account")}, Until: s.until, Username: q.Get("username"), After: q.Get("after"), JSON: q.Has("json"), Filter: views.Filter{Filter: s.filter}, Lang: cmp.Or(q.Get("lang"), "en"), Base: "/base",
	})
	switch {
	case errors.Is(err, live.ErrTooMany):
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case errors.Is(err, live.ErrClosed), errors.Is(err, live.ErrFull), errors.Is(err, store.ErrUsernameInvalid):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// close ends everything, whatever state Redis is in.
func (s *site) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.hub.Close(ctx); err != nil {
		s.t.Errorf("close the hub: %v", err)
	}
	s.server.Close()
	_ = s.logs.Close(ctx) // says what it could not write, where a test has killed Redis
}

// record records requests of one user, oldest first; their ids are their paths.
func (s *site) record(username string, paths ...string) {
	for _, path := range paths {
		s.logs.Record(store.Entry{ID: path, Username: username, Method: "GET", Path: path, Code: 200})
	}
}

// recorded is record, and waits until Redis has them.
func (s *site) recorded(username string, paths ...string) {
	s.t.Helper()
	s.record(username, paths...)
	eventually(s.t, "everything is written", func() bool { return s.logs.Stats().Queued == 0 })
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
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
	conn, response, err := websocket.DefaultDialer.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.server.URL, "http")+"/?"+query.Encode(), header)
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

// expect waits for messages, each in the words of [message.brief].
func (s *socket) expect(want ...string) {
	s.t.Helper()
	for _, w := range want {
		var m message
		line := s.read()
		if err := json.Unmarshal(line, &m); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
		if got := strings.TrimSpace(m.brief()); got != w {
			s.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// frame is what pages read: partials, each for one part of the page.
type frame struct{ *goquery.Document }

// readFrame waits for the next frame. As htmx does, it reads a partial as a template, in which rows
// may stand without a table.
func (s *socket) readFrame() frame {
	s.t.Helper()
	html := strings.NewReplacer("<hx-partial", "<template", "</hx-partial", "</template").Replace(string(s.read()))
	document, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		s.t.Fatal(err)
	}
	if document.Find("script, img, [onclick], [onerror]").Length() != 0 {
		s.t.Errorf("something in the frame would run: %s", html)
	}
	return frame{document}
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
