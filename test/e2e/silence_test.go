package e2e

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestAQuietCustomerIsSaidToBeQuiet(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.enter(t)
	logs.Record(store.Entry{Username: "silvia", Path: "/", Time: time.Now().Add(-30 * time.Second)})
	b.visit("/live?username=silvia")
	b.saysIdle(`, ([3-5]\d s|1 min) ago.`)
	record(logs, "silvia", "/")
	b.saysNotIdle()
	b.saysIdle(`, [1-5]\d s ago.`)
	b.isConnected("live")
}

// Each of the four silences asks an agent to do something else, so each looks different: the customer
// does nothing, nobody is reporting, the log store is away, our own connection is lost.
func TestFourSilences(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, outlives...)
	site, reader := serve(t, redis), openStore(t, redis)
	crashed(t, redis, reader, "shop", 2*time.Minute, store.Entry{Username: "ada", Path: "/once", Time: time.Now().Add(-5 * time.Minute)})
	b := site.enter(t)

	b.visit("/live?username=ada")
	b.shows("#connection[data-state=live]", "Live")
	b.saysIdle(", 5 min ago.")

	// It is believed when there has been no heartbeat for as long as another may take to come.
	b.eventually("nobody is reporting", "document.querySelector('#connection[data-state=nobody]')")
	b.shows("#connection", "No application is reporting")
	b.saysNotIdle()
	record(openStore(t, redis), "ada", "/back")
	b.shows("#connection[data-state=live]", "Live")
	b.hasURLs("/back", "/once")

	redis.Kill()
	b.shows("#connection[data-state=store-lost]", "The log store can’t be reached, trying again")
	b.shows("#messages [role=alert]", "The log store can’t be reached. We keep trying. If it lasts, tell whoever runs Redis.")
	redis.Restart()
	b.shows("#connection[data-state=live]", "Live")
	b.shows("#messages [role=status]", "Logs found for ada.")

	b.expectOutage() // the page asks why, if there is time
	site.stop()
	b.shows("#connection[data-state=lost]", "Connection lost, trying again")
	b.hasURLs("/back", "/once")
}

// Pages that refresh themselves know silence from refreshes. An agent who looks elsewhere has to hear of it, too, and sees no list of applications.
func TestPagesThatRefreshThemselvesTellSilence(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, reader := serve(t, redis), openStore(t, redis)
	createAccount(t, redis.Client(t), "vera", auth.Viewer)
	crashed(t, redis, reader, "shop", 2*time.Minute, store.Entry{Username: "ada", Path: "/once", Time: time.Now().Add(-5 * time.Minute)})
	home := openTab(t, site.origin+"/userlog")
	home.holdSession(site, "vera")
	home.visit("/")
	home.isConnected("refreshing")
	home.shows("#seen td.state", "idle")
	b := openTabIn(t, suite.chromium(), site.origin+"/userlog")
	b.holdSession(site, "vera")
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	b.visit("/static?username=ada")
	b.isConnected("refreshing")
	b.saysIdle(", 5 min ago.")
	b.opensAlerts()
	b.minimize()

	home.eventually("nobody is reporting", "document.querySelector('#connection[data-state=nobody]')")
	home.shows("#connection", "No application is reporting")
	home.shows("#lists .warning", "No application has reported for a minute. Check that the site runs and that it writes to this log store.")
	home.eventually("nothing is said that nobody knows", "!document.querySelector("+quote(saidOfNow)+")")
	b.shows("#connection[data-state=nobody]", "No application is reporting")
	b.saysNotIdle()
	b.eventually("the title says so", "document.title.startsWith('⚠ No application is reporting')")
	evaluate[bool](b, "((now, passed) => { performance.now = () => now() + (passed += 5000); return true; })(performance.now.bind(performance), 0)") // half a minute, soon
	if got := b.alerts(2); got != "ada: No application is reporting" {
		t.Errorf("she is told %q", got)
	}

	record(openStore(t, redis), "ada", "/back")
	for _, tab := range []*tab{home, b} {
		tab.shows("#connection[data-state=refreshing]", "Refreshes by itself")
	}
	home.shows("#seen td.user", "ada")
	b.hasURLs("/back", "/once")
	b.eventually("the title does not speak of it", "!document.title.includes('⚠')")
}

func TestHomeListsApplicationsWithWhatTheyLost(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, reader := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	b.visit("/")
	b.eventually("no application is listed", "!document.querySelector('#applications')")

	crashed(t, redis, reader, "billing", 3*time.Minute, store.Entry{Username: "ada", Path: "/"})
	record(openStoreWith(t, redis, store.Options{Application: "shop", Version: "v1.2.3"}), "ada", "/")
	eventuallyReports(t, reader, "shop")
	b.visit("/")
	b.listsApplication("billing", "v1.2.3", "Ended 3 min ago", "1 request", "2", "0", "1 lost or not confirmed: 1 with a username that can’t be recorded")
	b.listsApplication("shop", "v1.2.3", "Reporting", "(1 request|No requests)", "1", "0", "0")
}

// crashed leaves what an application leaves behind that recorded an entry, lost another, and has not
// been heard of for so long.
func crashed(t *testing.T, redis *redistest.Server, reader *store.Store, name string, silent time.Duration, recorded store.Entry) {
	t.Helper()
	logs := openStoreWith(t, redis, store.Options{Application: name, Version: "v1.2.3", Logger: slog.New(slog.DiscardHandler)})
	logs.Record(store.Entry{Username: strings.Repeat("x", store.MaxUsername+1)})
	logs.Record(recorded)
	// One that has lost something stays listed when it has stopped.
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	application := eventuallyReports(t, reader, name)
	const kept = time.Hour // what is left of it tells how old a heartbeat is
	if err := reader.Client().PExpire(t.Context(), reader.KeyPrefix()+"application:"+application.ID, kept-silent).Err(); err != nil {
		t.Fatal(err)
	}
}

// eventuallyReports waits until an application of this name has sent a heartbeat.
func eventuallyReports(t *testing.T, reader *store.Store, name string) (reports store.Application) {
	t.Helper()
	redistest.Eventually(t, "a heartbeat of "+name, func() bool {
		applications, err := reader.Applications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(applications, func(a store.Application) bool { return a.Name == name })
		if i >= 0 {
			reports = applications[i]
		}
		return i >= 0
	})
	return reports
}

// listsApplication checks the row of an application on the home page: the pattern of each cell after
// that of the host.
func (b *tab) listsApplication(name string, cells ...string) {
	b.t.Helper()
	row := fmt.Sprintf("[...document.querySelectorAll('#applications tbody tr')].find(r => r.querySelector('.name').textContent === %s)", quote(name))
	text := evaluate[[]string](b, fmt.Sprintf("[...(%s)?.cells ?? []].slice(2).map(c => c.textContent.trim())", row))
	if len(text) != len(cells) {
		b.t.Fatalf("%s is listed with %q, want %q", name, text, cells)
	}
	for i, pattern := range cells {
		if !regexp.MustCompile("^" + pattern + "$").MatchString(text[i]) {
			b.t.Errorf("%s is listed with %q, want %q", name, text, cells)
			return
		}
	}
}

// saysIdle waits until the page says for how long nothing has come, in words that match a pattern.
func (b *tab) saysIdle(pattern string) {
	b.t.Helper()
	b.eventually("it says "+pattern, fmt.Sprintf("(idle => idle && !idle.hidden && new RegExp(%s).test(idle.textContent))(document.querySelector('#now .idle'))", quote("^"+pattern+"$")))
}

// saysNotIdle waits until the page does not say that nothing has come.
func (b *tab) saysNotIdle() {
	b.t.Helper()
	b.eventually("no word about silence", "(idle => !idle || idle.hidden || idle.textContent === ', active now.')(document.querySelector('#now .idle'))")
}

// A server that has been stopped keeps its connections open. Pages say that it does not answer, and count nobody's idleness
// on from when they last heard of it.
func TestAServerThatIsStoppedIsNoticed(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	acted(logs, "ada", "/", 20*time.Second)
	tabs := make(map[string]*tab)
	for _, page := range []string{"/live?username=ada", "/static?username=ada", "/"} {
		b := site.enter(t)
		b.expect(requestRefusedHTMX, "htmx: htmx:error: timeout", socketRefused, socketRefusedHTMX, requestRefused)
		b.givesUp()
		b.visit(page)
		tabs[page] = b
	}
	for page, b := range tabs {
		if page != "/" {
			b.saysIdle(`, ([2-5]\d s|1 min) ago.`)
			b.notesIdleness()
		}
		b.eventually("all is well", "['live', 'refreshing'].includes(document.querySelector('#connection').dataset.state)")
	}
	thaw := site.freeze()
	frozen := time.Now()
	for page, b := range tabs {
		b.isConnected("lost")
		b.shows("#connection", "Connection lost, trying again")
		b.eventually("the title says so", "document.title.startsWith('⚠ Connection lost')")
		b.eventually("nothing is said that nobody knows", "![...document.querySelectorAll("+quote(saidOfNow)+")].some(e => e.checkVisibility({ visibilityProperty: true }))")
		t.Logf("%s said so after %v", page, time.Since(frozen))
		if page != "/" {
			if longest := evaluate[int](b, "Math.max(...idleness)"); longest > int(frozen.Sub(begun(t, logs)).Seconds())+1 {
				t.Errorf("%s counted on to %d s", page, longest)
			}
		}
	}
	thaw()
	for _, b := range tabs {
		b.eventually("all is well again", "['live', 'refreshing'].includes(document.querySelector('#connection').dataset.state)")
	}
}

// saidOfNow is what pages say of this moment: who is active, that nothing failed, that nobody is on it, and which applications report.
const saidOfNow = "main :is(.presence, .nobody, .nobody-yet [role=status], .looking, .status)"

// begun is when ada did what the log has last.
func begun(t *testing.T, logs *store.Store) time.Time {
	t.Helper()
	log, err := logs.Log(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	return log.Entries[0].Time
}

// notesIdleness has the page write into idleness for how many seconds it says that the user is idle.
func (b *tab) notesIdleness() {
	b.t.Helper()
	evaluate[bool](b, `(() => {
		window.idleness = [0];
		const look = () => {
			const idle = document.querySelector("#now .idle");
			if (idle && !idle.hidden) idleness.push(parseInt(idle.textContent.match(/\d+/)));
		};
		new MutationObserver(look).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
		look();
		return true;
	})()`)
}

// A browser says when it has lost its network. Pages don't wait for the next silence then, and go on by themselves.
func TestABrowserWithoutANetworkSaysSo(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "olivia", "/before")
	for _, page := range []string{"/live?username=olivia", "/static?username=olivia", "/"} {
		b := site.enter(t)
		b.expect("net::ERR_INTERNET_DISCONNECTED", requestRefusedHTMX, socketRefused, socketRefusedHTMX)
		b.visit(page)
		b.eventually("all is well", "['live', 'refreshing'].includes(document.querySelector('#connection').dataset.state)")
		wait := b.sees("the loss is noticed in the moment when the browser says it", "document.querySelector('#connection').dataset.state === 'lost'")
		evaluate[bool](b, "(addEventListener('offline', () => setTimeout(() => { window.atOnce = window.seen; }, 1000)), true)")
		b.offline(true)
		wait()
		b.eventually("it was at once", "window.atOnce")
		b.offline(false)
		b.eventually("all is well again", "['live', 'refreshing'].includes(document.querySelector('#connection').dataset.state)")
	}
}

// offline takes the network from the tab, or gives it back.
func (b *tab) offline(away bool) {
	b.t.Helper()
	if err := (chromiumDriver{b.ctx}).offline(away); err != nil {
		b.t.Fatalf("offline %t: %v", away, err)
	}
}
