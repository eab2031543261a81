package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// notesAlerts has the pages of the tab write down what they show, ask for, and play. All of it happens as well.
func (b *tab) notesAlerts() {
	b.t.Helper()
	call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.alerted = [];
		window.asked = window.rung = window.focused = 0;
		const { focus } = window;
		window.focus = () => { focused++; focus.call(window); };
		const { start } = AudioScheduledSourceNode.prototype;
		AudioScheduledSourceNode.prototype.start = function (...at) { rung++; return start.apply(this, at); };
		window.Notification = class extends Notification {
			static requestPermission() { asked++; return super.requestPermission(); }
			constructor(title, options) { super(title, options); alerted.push({ title, ...options, shown: this }); }
			close() { this.closed = true; super.close(); }
		};`})
}

// decides answers what the browser would ask its user.
func (b *tab) decides(permission string, setting browser.PermissionSetting) {
	b.t.Helper()
	call(b, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: permission}, Setting: setting,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
}

// opensAlerts opens the panel with the keyboard, and switches the alerts on by it.
func (b *tab) opensAlerts() {
	b.t.Helper()
	b.eventually("alerts are offered", "document.querySelector('#alerting:not([hidden])')")
	evaluate[bool](b, "(document.querySelector('#alerting').focus(), true)")
	b.presses(kb.Enter)
	b.eventually("the panel", "document.querySelector('#alerts:popover-open')")
	b.presses(kb.Tab)
	b.presses(" ")
	b.shows("#alerting", "Alerts on")
}

// presses presses a key.
func (b *tab) presses(key string) {
	b.t.Helper()
	b.do("press a key", chromedp.KeyEvent(key))
}

// alerts waits until the page has shown so many notifications, and returns the text of the last.
func (b *tab) alerts(n int) string {
	b.t.Helper()
	b.eventually(fmt.Sprintf("%d notifications", n), fmt.Sprintf("alerted.length === %d", n))
	return evaluate[string](b, "(({ title, body }) => title + ': ' + body.replace(/[\\u2068\\u2069]/g, ''))(alerted.at(-1))")
}

// isBack is said first where the request before was a minute ago. On a busy machine, that may be the time that a page needs.
const isBack = "Is back. "

// failing is a payment that is declined.
func failing(username, problem string) store.Entry {
	return store.Entry{Username: username, Method: "POST", Path: "/pay", Page: "Pay", Code: 422, Kind: store.KindPage, Problem: problem}
}

// An agent who looks elsewhere is told what she has chosen, with the sentence that is on the page, until she leaves the log.
func TestAlertsOfALog(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	logs.Record(store.Entry{Username: "alina", Method: "GET", Path: "/before", Code: 200, Kind: store.KindPage, Time: time.Now().Add(-2 * time.Minute)})
	b := site.enterInChromium(t)
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	b.visit("/live?username=alina")
	b.hasURLs("/before")
	b.eventually("nothing is asked or told without a click", "asked === 0 && alerted.length === 0")
	b.opensAlerts()
	if got := b.alerts(1); got != "alina: Alerts are on." {
		t.Errorf("the first notification is %q", got)
	}
	b.shows("#alerts-state", "Notifications come while you look at something else. The title of this tab counts them.")
	b.isAccessible(readAxe(t), "light", everyRule)

	restore := b.minimize()
	b.eventually("the tab is hidden", "document.hidden")
	logs.Record(failing("alina", "card declined"))
	if got := b.alerts(2); got != "alina: Is back. Pay was rejected: card declined. On Pay" {
		t.Errorf("she is told %q", got)
	}
	b.eventually("the title counts it", "document.title.replace(/[\\u2068\\u2069]/g, '') === '(1) alina — Is back. Pay was rejected: card declined. On Pay · userlog'")
	b.eventually("names stand apart from the text around them", "alerted.at(-1).body.includes('\u2068Pay\u2069')")
	record(logs, "alina", "/quiet") // neither fails, nor is it after a silence
	b.hasURLs("/quiet", "/pay", "/before")
	logs.Record(failing("alina", "card expired"))
	if got := b.alerts(3); got != "alina: Pay was rejected: card expired. On Pay" {
		t.Errorf("she is told %q", got)
	}

	evaluate[bool](b, "alerted.at(-1).shown.dispatchEvent(new Event('click'))")
	b.eventually("a click leads to the tab", "focused === 1")
	restore()
	b.eventually("what has been seen is not counted", "document.title === 'Live log of alina · userlog' || document.title.startsWith('●')")
	b.click("#alerts [name=acts]")
	b.minimize()
	record(logs, "alina", "/next")
	if got := b.alerts(4); got != "alina: Pay was rejected: card expired. On /next" {
		t.Errorf("she is told %q", got)
	}
}

// What alerts are about is kept in the browser. That they are on is kept in the tab, for as long as it shows this log.
func TestAlertsEndWithTheLog(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "alma", "/here")
	record(logs, "alba", "/there")
	b := site.enterInChromium(t)
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	b.visit("/live?username=alma")
	b.opensAlerts()
	b.click("#alerts [name=acts]")
	b.canPlay()
	b.click("#alerts [name=sound]")
	// Where the sound needed a second all the same, the box is ticked once more.
	b.eventually("the sound is to be heard", `rung >= 2 || (!document.querySelector("#alerting[data-limited]") &&
		(box => { box.click(); box.click(); })(document.querySelector("#alerts [name=sound]")), false)`)
	b.visit("/live?username=alma&show=errors")
	b.shows("#alerting", "Alerts on")
	b.isConnected("live")
	b.presses("x") // without a touch, a browser may play nothing
	b.eventually("the page knows that it may play", "!document.querySelector('#alerting[data-limited]')")
	b.canPlay()
	b.minimize()
	record(logs, "alma", "/filtered-out")
	if got := strings.Replace(b.alerts(1), isBack, "", 1); got != "alma: On /filtered-out" {
		t.Errorf("she is told %q", got)
	}
	b.eventually("it is to be heard", "rung === 2")

	for _, elsewhere := range []string{"/live?username=alba", "/static?username=alba", "/"} {
		b.visit("/static?username=alma")
		b.opensAlertsAgain()
		b.visit(elsewhere)
		b.eventually(elsewhere+": alerts are off", "!document.querySelector('#alerts [name=on]:checked')")
		b.visit("/live?username=alma")
		b.shows("#alerting", "Alerts")
		b.eventually("what they are about is kept", "[...document.querySelectorAll('#alerts :checked')].map(e => e.name).join() === 'acts,fails,back,sound'")
	}
}

// canPlay waits until the browser plays sounds. A page plays none that comes a second late, and the browser needs longer to start what plays
// the first one.
func (b *tab) canPlay() {
	b.t.Helper()
	evaluate[bool](b, "(sounds => sounds.resume().then(() => sounds.close()).then(() => true))(new AudioContext())")
}

// opensAlertsAgain switches alerts on, where they are not.
func (b *tab) opensAlertsAgain() {
	b.t.Helper()
	if !evaluate[bool](b, "document.querySelector('#alerts [name=on]').checked") {
		b.opensAlerts()
	}
}

// Where the browser shows no notifications, the page says so, and the title still tells.
func TestAlertsWithoutNotifications(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.enterInChromium(t)
	b.notesAlerts()
	for i, test := range []struct {
		name, script, says string
		setting            browser.PermissionSetting
		asked              int
	}{
		{"blocked", "", "The browser blocks notifications of this site.", browser.PermissionSettingDenied, 0},
		{"none", "delete window.Notification", "This browser shows no notifications of pages.", browser.PermissionSettingGranted, 0},
		{"not for pages", "window.Notification = class { static permission = 'granted'; constructor() { throw new TypeError(); } }", "This browser shows no notifications of pages.", browser.PermissionSettingGranted, 0},
		{"not asked yet", "Notification.requestPermission = async () => { asked++; return 'default'; }", "The browser has not allowed notifications yet.", browser.PermissionSettingPrompt, 1},
	} {
		username := fmt.Sprintf("alva%d", i)
		b.decides("notifications", test.setting)
		b.visit("/live?username=" + username)
		b.isConnected("live")
		if test.script != "" {
			evaluate[bool](b, "("+test.script+", true)")
		}
		b.opensAlerts()
		b.eventually(test.name+": it is said", fmt.Sprintf("document.querySelector('#alerts-state').textContent.startsWith(%s)", quote(test.says)))
		b.eventually(test.name+": it is seen on the button", "document.querySelector('#alerting[data-limited]')")
		if asked := evaluate[int](b, "window.asked"); asked != test.asked {
			t.Errorf("%s: asked %d times", test.name, asked)
		}
		restore := b.minimize()
		b.eventually("the tab is hidden", "document.hidden")
		record(logs, username, "/first") // of whom nothing was known, she is back
		b.eventually(test.name+": the title tells", fmt.Sprintf("document.title.replace(/[\\u2068\\u2069]/g, '') === '(1) %s — Is back. On /first · userlog'", username))
		restore()
		b.eventually("the tab is back", "!document.hidden")
	}
}

// Alerts that end while nobody looks, because the session has ended, say so.
func TestAlertsEndWithTheSession(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "alda", "/before")
	b := site.enterInChromium(t)
	b.expect("the server responded with a status of 401", socketRefused, socketRefusedHTMX)
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	b.visit("/live?username=alda")
	b.isConnected("live")
	b.opensAlerts()
	b.minimize()
	b.eventually("the tab is hidden", "document.hidden")
	sessions, err := logs.Client().Keys(t.Context(), logs.KeyPrefix()+"session:*").Result()
	if err == nil {
		err = logs.Client().Del(t.Context(), sessions...).Err()
	}
	if err != nil || len(sessions) == 0 {
		t.Fatalf("sessions: %v, %v", sessions, err)
	}
	b.eventually("the login", "document.querySelector('#login')")
	if got := b.alerts(1); got != "alda: Your session has ended. Log in to go on where you were." {
		t.Errorf("she is told %q", got)
	}
}

// Alerts come on a page that can't have its socket, and one tells when none can come any more.
func TestAlertsWithoutASocket(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	w := &window{t: t}
	w.behind(site)
	w.socketless.Store(true)
	record(logs, "alda", "/before")
	b := openTabIn(t, suite.chromium(), w.origin+"/userlog")
	b.expect(socketRefused, socketRefusedHTMX, "the server responded with a status of 502")
	b.holdSession(site, site.superuser)
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	b.visit("/live?username=alda")
	b.isConnected("instead")
	b.opensAlerts()
	b.minimize()
	logs.Record(failing("alda", "card declined"))
	if got := strings.Replace(b.alerts(2), isBack, "", 1); got != "alda: Pay was rejected: card declined. On Pay" {
		t.Errorf("she is told %q", got)
	}

	site.stop()
	b.isConnected("lost")
	evaluate[bool](b, "((now, passed) => { performance.now = () => now() + (passed += 5000); return true; })(performance.now.bind(performance), 0)") // half a minute, soon
	if got := b.alerts(3); got != "alda: Connection lost, trying again" {
		t.Errorf("she is told %q", got)
	}
}

// An alert of a lost connection is false when the connection is back, however long the agent looks elsewhere.
func TestAnAlertOfALossIsTakenBack(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enterInChromium(t)
	b.expectOutage()
	b.notesAlerts()
	b.decides("notifications", browser.PermissionSettingGranted)
	record(logs, "alma", "/before")
	b.visit("/live?username=alma")
	b.isConnected("live")
	b.opensAlerts()
	b.minimize()
	b.eventually("the tab is hidden", "document.hidden")
	site.stop()
	b.isConnected("lost")
	evaluate[bool](b, "((now, passed) => { performance.now = () => now() + (passed += 5000); return true; })(performance.now.bind(performance), 0)") // half a minute, soon
	if got := b.alerts(2); got != "alma: Connection lost, trying again" {
		t.Errorf("she is told %q", got)
	}
	site.again()
	b.isConnected("live")
	b.eventually("the notification is gone", "alerted.at(-1).shown.closed")
	b.eventually("the title does not speak of it", "document.title === 'Live log of alma · userlog'")
}
