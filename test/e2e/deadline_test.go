package e2e

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// A connection can die without being closed: another network was joined, or something on the way has
// forgotten it. The page must not say for ever that it is live.
func TestADeadConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	way := startWay(t, strings.TrimPrefix(site.origin, "http://"))
	record(logs, "dora", "/before")
	b := openTab(t, way.origin+"/userlog")
	b.holdSession(site, site.superuser)
	b.visit("/live?username=dora")
	b.hasURLs("/before")
	b.holdsLongTimers()
	record(logs, "dora", "/heard")
	b.hasURLs("/heard", "/before")

	way.forget()
	record(logs, "dora", "/unheard")
	b.shows("#connection[data-state=live]", "Live") // nobody can know yet
	if ms := evaluate[int](b, "overdue()"); ms != 9000 {
		t.Errorf("the page waits for %d ms", ms)
	}
	b.hasURLs("/unheard", "/heard", "/before")
	b.isConnected("live")
	b.hasGaps(0)
}

// A server can hang before it has answered the page for the first time, when the page says that it is live already.
func TestAServerThatNeverAnsweredIsNoticed(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "dorothea", "/before")
	b := openTab(t, site.origin+"/userlog")
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "WebSocket.prototype.send = () => {}; (" + holdLongTimers + ")()",
	})
	b.holdSession(site, site.superuser)
	b.visit("/live?username=dorothea")
	b.hasURLs("/before")
	b.isConnected("live")
	if ms := evaluate[int](b, "overdue()"); ms != 9000 {
		t.Errorf("the page waits for %d ms", ms)
	}
}

// holdsLongTimers has the page wait for as long as the test likes where it would wait for long. overdue
// ends that: it returns how many milliseconds the newest timer was to wait. Requests of the page have longer timers.
func (b *tab) holdsLongTimers() {
	b.t.Helper()
	evaluate[bool](b, "("+holdLongTimers+")()")
}

const holdLongTimers = `() => {
	const later = window.setTimeout;
	let held;
	window.setTimeout = (call, ms = 0, ...more) => {
		if (ms < 9000 || ms > 60_000) return later(call, ms, ...more);
		held = { call, ms };
		return 0;
	};
	window.overdue = () => { held.call(); return held.ms; };
	return true;
}`

// way is what lies between a browser and a server.
type way struct {
	origin   string
	server   string
	listener net.Listener
	passing  sync.WaitGroup

	mu    sync.Mutex
	ends  []net.Conn
	known chan struct{} // closed when the connections that are open have been forgotten
}

// startWay starts a way to a server.
func startWay(t *testing.T, server string) *way {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{origin: "http://" + listener.Addr().String(), server: server, listener: listener, known: make(chan struct{})}
	w.passing.Go(w.accept)
	t.Cleanup(w.close)
	return w
}

// accept connects clients until the way is closed.
func (w *way) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			client.Close()
			continue
		}
		w.mu.Lock()
		w.ends = append(w.ends, client, server)
		known := w.known
		w.mu.Unlock()
		w.passing.Go(func() { pass(client, server, known) })
		w.passing.Go(func() { pass(server, client, known) })
	}
}

// pass brings from one end to the other what is sent, and that it was closed, while they are known.
func pass(from, to net.Conn, known <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-known:
			if err != nil {
				return
			}
			continue
		default:
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// forget has everything disappear that is sent on the connections that are open. New ones work.
func (w *way) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.known)
	w.known = make(chan struct{})
}

func (w *way) close() {
	w.listener.Close()
	w.mu.Lock()
	for _, end := range w.ends {
		end.Close()
	}
	w.mu.Unlock()
	w.passing.Wait()
}
