package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	goredis "github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// as opens a tab in which another account is logged in.
func (p *program) as(t *testing.T, name string) *tab {
	t.Helper()
	b := openTab(t, p.origin+"/userlog")
	b.holdSession(p, name)
	return b
}

// colleagues starts a site with two viewers, and a customer who has failed.
func colleagues(t *testing.T) (site *program, logs *store.Store, redis *redistest.Server) {
	t.Helper()
	redis = redistest.Start(t)
	logs = openStore(t, redis)
	site = serve(t, redis)
	for _, name := range []string{"vera", "willi"} {
		createAccount(t, logs.Client(), name, auth.Viewer)
	}
	for _, e := range troubled() {
		logs.Record(e.entry(logs.Now()))
	}
	redistest.Eventually(t, "the customer is remembered", func() bool {
		seen, err := logs.Seen(t.Context(), "katherine")
		return err == nil && len(seen) == 1
	})
	return site, logs, redis
}

// marked says that the page has not been loaded again since mark.
const marked = "window.mark === 1"

func (b *tab) mark() { evaluate[int](b, "window.mark = 1") }

// holdsAnswers has the page wait for the answer to its next form until answer is called.
func (b *tab) holdsAnswers() {
	b.t.Helper()
	evaluate[bool](b, `(fetch => {
		window.fetch = async (...request) => {
			if (request[1]?.method === "POST") {
				delete request[1].signal; // of htmx, which waits five seconds
				await new Promise(resolve => { window.answer = resolve; });
			}
			return fetch(...request);
		};
		return true;
	})(fetch)`)
}

// Two agents help the same customer: each sees at once what the other notes and says, on both kinds of pages, and nothing of what they
// type is lost.
func TestColleaguesWorkTogether(t *testing.T) {
	t.Parallel()
	site, _, redis := colleagues(t)
	vera, willi := site.as(t, "vera"), site.as(t, "willi")
	vera.visit("/live?username=katherine")
	vera.hasRows(troubledSteps)
	vera.shows(".handling > :first-child [role=status]", "Nobody is on it")
	willi.visit("/static?username=katherine")
	willi.hasRows(troubledSteps)
	vera.mark()
	willi.mark()
	vera.shows(".looking", "Also looking now: willi")
	willi.shows(".looking", "Also looking now: vera")

	vera.tabTo("#add-note > summary")
	vera.press(kb.Enter)
	vera.tabTo("#note")
	vera.types("Card declined, calls back")
	vera.tabTo("#note-form button")
	vera.press(kb.Enter)
	vera.shows("#note-said [role=status]", "The note is saved.")
	vera.shows("#notes summary", "1 note vera: Card declined, calls back")
	vera.eventually("the field is empty", "document.querySelector('#note').value === ''")
	willi.shows("#notes summary", "1 note vera: Card declined, calls back")

	willi.click(".handling button")
	vera.shows(".handling > :first-child [role=status]", "willi is on it")
	willi.shows(".handling > :first-child [role=status]", "You are on it")

	vera.click("#notes > summary")
	vera.click("#note")
	vera.types("a draft")
	willi.click("#add-note > summary")
	willi.click("#note")
	willi.types("I call her")
	willi.holdsAnswers()
	willi.click("#note-form button")
	willi.eventually("it is sent", "window.answer")
	willi.click("#note")
	willi.types(kb.End + " at 3")
	evaluate[bool](willi, "(answer(), true)")
	vera.shows("#notes li .said", "I call her")
	vera.eventually("the draft, the focus and the open list are as they were", marked+
		" && document.activeElement.id === 'note' && document.querySelector('#note').value === 'a draft' && document.querySelector('#notes').open")
	willi.eventually("what was typed since is there, and what is kept is not", "document.querySelector('#note').value === ' at 3'")
	willi.eventually("the page was not loaded again", marked)
	vera.photograph("team")
	vera.phone(390)
	vera.photograph("team-phone")

	vera.expect("the server responded with a status of 503")
	willi.expect("the server responded with a status of 503")
	redis.Kill()
	vera.click("#note-form button")
	vera.eventually("it says that Redis is away", "document.querySelector('#note-said [role=alert]')?.textContent.includes(\"can’t be reached\")")
	vera.eventually("the draft is there", "document.querySelector('#note').value === 'a draft'")
}

// A note may be kept although its answer is lost, or comes from somebody else. The page does not say then that it could not be sent.
func TestAnAnswerToANoteIsLost(t *testing.T) {
	t.Parallel()
	site, _, _ := colleagues(t)
	b := site.as(t, "vera")
	b.expect(requestRefusedHTMX)
	b.visit("/live?username=katherine")
	b.hasRows(troubledSteps)
	b.click("#add-note > summary")
	for _, c := range []struct{ answer, notes string }{
		{"Promise.reject(new TypeError('Failed to fetch'))", "1 note"},
		{"new Response('<p>Welcome to the network</p>')", "2 notes"},
	} {
		evaluate[bool](b, `(fetch => {
			window.fetch = async (...request) => {
				const answer = await fetch(...request);
				return request[1]?.method === "POST" ? (window.fetch = fetch, `+c.answer+`) : answer;
			};
			return true;
		})(fetch)`)
		b.click("#note")
		b.types("calls back, " + c.notes)
		b.click("#note-form button")
		b.eventually("it is not known what came of it", `document.querySelector("#note-lost").checkVisibility()
			&& `+hasText("#note-lost", "No answer came from the server: what you sent may have been kept, or not. Look above before you send it again."))
		b.shows("#notes summary", c.notes+" vera: calls back, "+c.notes)
		b.eventually("the text is there", "document.querySelector('#note').value === "+quote("calls back, "+c.notes))
		evaluate[bool](b, "(document.querySelector('#note').value = '', true)")
	}
}

// When a log has expired its notes are left, on an open page, too: the customer may call back.
func TestNotesOutliveTheLog(t *testing.T) {
	t.Parallel()
	site, logs, redis := colleagues(t)
	b := site.as(t, "vera")
	b.visit("/static?username=katherine") // of which the program remembers nothing
	b.click("#add-note > summary")
	b.click("#note")
	b.types("calls back at 3")
	b.click("#note-form button")
	b.shows("#notes summary", "1 note vera: calls back at 3")
	client := redis.Client(t)
	gone := float64(time.Now().Add(-2 * time.Hour).UnixMilli())
	client.ZAdd(t.Context(), logs.KeyPrefix()+"users", goredis.Z{Score: gone, Member: "katherine"})
	for _, key := range client.Keys(t.Context(), logs.KeyPrefix()+"*log:katherine*").Val() {
		client.Del(t.Context(), key)
	}
	for _, page := range []string{"/live", "/static"} {
		b.visit(page + "?username=katherine")
		b.eventually("the log has expired", "document.querySelector('#messages > .alone')?.textContent.includes('was here until')")
		b.eventually("the notes are there, and nothing else of a log", "document.querySelector('#notes')?.checkVisibility() && document.querySelector('#add-note').checkVisibility()"+
			" && ![...document.querySelectorAll('#log, #now, #controls')].some(e => e.checkVisibility())")
	}
}

// Without scripts, notes are plain forms of the static log.
func TestNotesWithoutJavaScript(t *testing.T) {
	t.Parallel()
	site, _, _ := colleagues(t)
	b := site.as(t, "vera")
	b.withoutJavaScript()
	b.visit("/static?username=katherine")
	b.click("#add-note > summary")
	b.click("#note")
	b.types("calls back at 3")
	b.click("#note-form button")
	b.shows("#notes summary", "1 note vera: calls back at 3")
	b.click(".handling button")
	b.shows(".handling > :first-child [role=status]", "You are on it")
	b.click("#notes > summary")
	b.click("#notes li button")
	b.eventually("the note is gone", "document.querySelector('#colleagues') && !document.querySelector('#notes')")
}
