package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

const searchField = "#search [name=username]"

// types presses keys one after the other, wherever the focus is. Each is one event that also types, as
// it is with a keyboard: a page that takes the key keeps its character out of the field.
func (b *tab) types(keys string) {
	b.t.Helper()
	for _, key := range keys {
		events := kb.Encode(key)
		if len(events) == 3 { // down, character, up
			events[0].Text = events[1].Text
			events = slices.Delete(events, 1, 2)
		}
		for _, event := range events {
			call(b, input.DispatchKeyEvent, *event)
		}
	}
}

// suggests waits until exactly these names are suggested, and that many are announced.
func (b *tab) suggests(names, announced string) {
	b.t.Helper()
	b.eventually("suggested are "+names+", and announced is "+announced, fmt.Sprintf(
		`[...document.querySelectorAll('#suggestions:not([hidden]) > [role=option]')].map(o => o.dataset.username).join() === %s && %s || %s`,
		quote(names), hasText("#suggestions-status[role=status]", announced), typeAgain))
	b.eventually("the list is said to be open", fmt.Sprintf("document.querySelector('#search-name').getAttribute('aria-expanded') === '%t'", names != ""))
}

// typeAgain is JavaScript that is false. Where the page says that names could not be looked up, it has the page ask once more. A machine that
// stands still for some seconds is enough for that.
const typeAgain = `((field, status) => {
	const lost = [field.dataset.lost, "The application does not say who its users are at the moment"];
	if (lost.some(words => status.textContent.startsWith(words))) {
		status.textContent = ""; // until the answer comes
		field.dispatchEvent(new Event("input"));
	}
	return false;
})(document.querySelector("#search-name"), document.querySelector("#suggestions-status"))`

// isActive waits until the option of this name is the one that the field points at, "" for none.
func (b *tab) isActive(name string) {
	b.t.Helper()
	b.eventually(quote(name)+" is active", fmt.Sprintf(
		`(document.getElementById(document.querySelector('#search-name').getAttribute('aria-activedescendant'))?.dataset.username ?? '') === %[1]s
		&& [...document.querySelectorAll('#suggestions > [aria-selected=true]')].map(o => o.dataset.username).join() === %[1]s`, quote(name)))
}

// isAt waits until the page is at a path and query below the base.
func (b *tab) isAt(location string) {
	b.t.Helper()
	b.eventually("the page is "+location, fmt.Sprintf("location.href === %s && document.readyState === 'complete'", quote(b.base+location)))
}

// An agent who types before the script has come is suggested names as well, and Enter opens the one that fits.
func TestWhatIsTypedEarlyIsSearched(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "early-bird", "/")
	b := site.enter(t)
	call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `
		const typing = new MutationObserver(() => {
			const field = document.querySelector("#search-name");
			if (!field) return;
			typing.disconnect();
			field.focus();
			field.value = "early-b";
		});
		typing.observe(document, { childList: true, subtree: true });`})
	b.visit("/")
	b.suggests("early-bird", "1 user")
	b.types(kb.Enter)
	b.isAt("/live?username=early-bird")
}

// After a start, names are read for a moment. An agent who searches meanwhile need not type again.
func TestASearchGoesOnUntilNamesAreRead(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/")
	written(t, logs)
	b := site.enter(t)
	b.visit("/")
	evaluate[bool](b, `(ask => { let asked = 0; window.fetch = async (address, ...how) => {
		const answer = await ask(address, ...how);
		return asked++ === 0 ? new Response("<p data-unread>Names are still being read. 0 users</p>", { headers: answer.headers }) : answer;
	}; return true; })(window.fetch)`)
	b.types("/ad")
	b.suggests("ada", "1 user")
	b.isActive("ada")
}

func TestSearchByKeyboard(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	for _, username := range []string{"ada", "Adam", "Ádám", "grace", "日本"} {
		record(logs, username, "/")
	}
	written(t, logs) // names are asked for once
	b := site.enter(t)
	b.visit("/")
	b.types("/")
	b.eventually("the field has the focus", "document.activeElement.id === 'search-name' && document.activeElement.value === ''")
	b.eventually("it is a combobox", "document.activeElement.role === 'combobox' && document.activeElement.getAttribute('aria-controls') === 'suggestions'")

	b.types("ad")
	b.suggests("ada,Adam,Ádám", "3 users")
	b.eventually("each has a state", "/^(active now|idle)$/.test(document.querySelector('#suggestion-0 .presence').textContent)")
	b.isActive("ada")
	for _, step := range []struct{ key, active string }{
		{kb.ArrowDown, "Adam"},
		{kb.ArrowDown, "Ádám"},
		{kb.ArrowDown, "ada"},
		{kb.ArrowUp, "Ádám"},
		{kb.Home, "ada"},
		{kb.End, "Ádám"},
	} {
		b.types(step.key)
		b.isActive(step.active)
	}
	b.types(kb.Escape)
	b.suggests("", "")
	b.isActive("")
	b.types(kb.ArrowDown)
	b.suggests("ada,Adam,Ádám", "3 users")
	b.isActive("ada")
	b.types(kb.ArrowDown + kb.Enter)
	b.isAt("/live?username=Adam")
	b.hasRows(1)

	// An agent who types faster than the answer comes sees who is chosen before anything opens, unless there is no doubt. The page has
	// the patience of the test.
	patiently := fmt.Sprintf("(wait => window.setTimeout = (f, ms) => wait(f, ms < 500 ? ms : %d))(setTimeout) && true", patience.Milliseconds())
	b.visit("/")
	evaluate[bool](b, patiently)
	b.types("/ad" + kb.Enter)
	b.suggests("ada,Adam,Ádám", "3 users")
	b.isActive("ada")
	b.types(kb.Enter)
	b.isAt("/live?username=ada")
	b.hasRows(1)
	b.visit("/")
	evaluate[bool](b, patiently)
	b.types("/GR" + kb.Enter)
	b.isAt("/live?username=grace")
	b.hasRows(1)

	// The first match is chosen, and Enter opens it. A user whose name only resembles what was typed may be somebody else, and is offered.
	b.visit("/")
	b.types("/race")
	b.suggests("grace", "1 user")
	b.isActive("grace")
	b.types(kb.Enter)
	b.isAt("/live?username=grace")
	b.hasRows(1)
	b.visit("/")
	b.types("/gracf")
	b.suggests("grace", "Nobody is called that. 1 user has a similar name")
	b.isActive("")
	b.types(kb.Enter)
	b.isAt("/live?username=gracf")
	b.shows("#messages [role=status]", noLogs("gracf"))
	b.eventually("somebody else is offered", lookUpAgain)
	b.click("#offers a")
	b.isAt("/live?username=grace")
	b.hasRows(1)

	b.visit("/")
	b.types("/nobody")
	b.suggests("", "No user with this name has been seen lately. Press Enter to look it up anyway, as a name or as a code.")
	b.types(kb.Escape + kb.Escape)
	b.eventually("the field is empty", "document.querySelector('#search-name').value === ''")
	b.types(kb.ArrowDown)
	b.suggests("grace,ada,Adam", "Opened lately")
}

// An agent who types on is not led to the user who fitted before, whether the answer comes or not.
func TestWhoTypesOnOpensNobodyElse(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "zedada", "/")
	record(logs, "zedadora", "/")
	b := site.enter(t)
	for _, keys := range []string{"ison" + kb.Enter, "ison" + kb.ArrowDown + kb.Enter} {
		b.visit("/")
		b.types("/zedad")
		b.suggests("zedada,zedadora", "2 users")
		b.isActive("zedada")
		evaluate[bool](b, "(window.fetch = () => new Promise(() => {}), true)")
		b.types(keys)
		b.isAt("/live?username=zedadison")
	}
}

func TestSlashIsTypedWhereItBelongs(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := site.enter(t)
	b.visit("/static")
	b.types("//a/b")
	b.eventually("the first slash led to the field", "document.querySelector('#search-name').value === '/a/b'")
}

// Keys of one character get in the way of who dictates to the browser.
func TestKeysCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := site.enter(t)
	b.visit("/account")
	b.eventually("the key is told", "document.querySelector('#search-name').getAttribute('aria-keyshortcuts') === '/'")
	b.tabTo("#shortcut")
	b.press(" ")
	b.visit("/live/everyone") // where it is remembered
	b.eventually("the key is told no longer", "!document.querySelector('#search-name').hasAttribute('aria-keyshortcuts')")
	b.types("/?")
	if evaluate[bool](b, "document.activeElement.id === 'search-name' || document.querySelector('#keys').matches(':popover-open')") {
		t.Error("keys work although they are switched off")
	}
	b.visit("/account")
	b.click("#shortcut")
	b.visit("/live/everyone")
	b.types("/")
	b.eventually("the key leads to the field", "document.activeElement.id === 'search-name'")
}

// A log is read with one hand on the keyboard.
func TestALogByKeys(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	for _, code := range []int{200, 500, 200} {
		logs.Record(store.Entry{Username: "keyla", Method: "GET", Path: fmt.Sprint("/", code), Code: code, Kind: store.KindPage})
	}
	b := site.enter(t)
	b.visit("/live?username=keyla")
	b.hasRows(3)
	const row = "document.activeElement.closest('#rows > tr')?.querySelector('td.url').textContent"
	b.types("j")
	b.eventually("the newest row has the focus", row+" === '/200'")
	b.types("j")
	b.eventually("the next row has the focus", row+" === '/500'")
	b.types(kb.Enter)
	b.eventually("it is open", "document.activeElement.parentElement.open")
	b.types("k")
	b.eventually("the row before has the focus", row+" === '/200'")
	b.types("p")
	b.eventually("the log is paused", "document.querySelector('#pause[aria-pressed=true]')")
	b.types("?")
	b.eventually("the keys are shown", "document.querySelector('#keys').matches(':popover-open') && document.activeElement.closest('#keys')")
	b.types(kb.Escape)
	b.eventually("the keys are gone", "!document.querySelector('#keys').matches(':popover-open')")
	b.types("e")
	b.isAt("/live?show=errors&username=keyla")
	b.hasURLs("/500")
	b.types("e")
	b.isAt("/live?username=keyla")
	b.types("/")
	b.eventually("the key leads to the search", "document.activeElement.id === 'search-name'")
}

func TestSuggestionsByMouse(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "a b&c", "/")
	record(logs, "abc", "/")
	written(t, logs)
	b := site.enter(t)
	b.visit("/live")
	b.enter(searchField, "a")
	b.suggests("a b&c,abc", "2 users")
	b.click("#suggestion-0 bdi")
	b.isAt("/live?username=a+b%26c")
}

// Names of customers must not be left behind in the browser.
func TestNamesOpenedLatelyAreForgottenAtTheLogout(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "otto", "/")
	b := site.enter(t)
	b.visit("/static?username=otto")
	b.visit("/")
	b.types("/")
	b.suggests("otto", "Opened lately")
	b.types(kb.ArrowDown + kb.Enter)
	b.isAt("/live?username=otto")
	b.logsOut()
	b.eventually("logged out", "document.querySelector('#login')")
	if kept := evaluate[int](b, "sessionStorage.length + localStorage.length"); kept != 0 {
		t.Errorf("%d things are kept", kept)
	}
}

func TestSearchWithoutRedisStillSends(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/")
	b := site.enter(t)
	b.visit("/live")
	b.expect("503")
	redis.Kill()
	b.types("/ad")
	b.suggests("", "Names can’t be suggested now. Press Enter to look the name up anyway.")
	b.types(kb.Enter)
	b.shows("h1", "The log store can’t be reached.")
}
