package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// Pages ask by themselves, and keep a socket: who may not look any longer sees the login instead, and
// comes back to where she was.
func TestOpenPagesEndWithTheSession(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/live?show=pages&username=ada", "/live/everyone?show=", "/static?username=ada"} {
		t.Run(page, func(t *testing.T) {
			redis := redistest.Start(t)
			site, logs := serve(t, redis), openStore(t, redis)
			record(logs, "ada", "/orders/7")
			b := site.enter(t)
			b.expect("the server responded with a status of 401")
			b.visit(page)
			b.hasURLs("/orders/7")
			if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).EndSessions(t.Context(), superuser); err != nil {
				t.Fatal(err)
			}
			b.eventually("the login", "document.querySelector('form#login')")
			b.shows("#messages [role=status]", "Your session has ended. Log in to go on where you were.")
			b.fillInLogin(superuser, password)
			b.hasURLs("/orders/7")
			if at := b.location(); at != page {
				t.Errorf("the login leads to %s", at)
			}
		})
	}
}

// An agent who is shut out in the middle of a call does not look for a mistake in her password.
func TestAnOpenPageSaysThatItsAccountIsDisabled(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/orders/7")
	createAccount(t, redis.Client(t), "vera", auth.Viewer)
	b := openTab(t, site.origin+"/userlog")
	b.prefers("fr")
	b.holdSession(site, "vera")
	b.visit("/live?username=ada")
	b.hasURLs("/orders/7")
	accounts := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{})
	if err := accounts.Disable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	const disabled = "Le compte vera a été désactivé. Demandez à un superutilisateur de le réactiver."
	b.shows("#messages [role=alert]", disabled)
	b.expect("the server responded with a status of 422")
	b.fillInLogin("vera", password)
	b.eventually("the same answer", "document.querySelector('#username').value === 'vera' && document.querySelector('#login [name=password]').value === '' && "+hasText("#messages [role=alert]", disabled))
	if err := accounts.Enable(t.Context(), "vera"); err != nil {
		t.Fatal(err)
	}
	b.fillInLogin("vera", password)
	b.hasURLs("/orders/7")
}

// A session that ends while the page has no connection: the socket that is refused doesn't say why.
func TestAnUnconnectedPageFindsOutThatItsSessionHasEnded(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	b := site.enter(t)
	b.visit("/live?username=ada")
	b.isConnected("live")
	b.expectOutage()
	b.expect("the server responded with a status of 401") // to a request that stands in for the socket, if the start took long
	site.stop()
	b.isConnected("lost")
	if err := auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}).EndSessions(t.Context(), superuser); err != nil {
		t.Fatal(err)
	}
	site.again()
	b.eventually("the login", "document.querySelector('form#login')")
}

func TestAReasonIsStatedAndInSight(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis, "--require-reason"), openStore(t, redis)
	record(logs, "ada", "/orders/7")
	b := site.enter(t)
	b.expect("the server responded with a status of 403")
	b.visit("/live?username=ada")
	b.shows("h1", "Why are you opening this log?")
	b.enter("#why", "ticket 12")
	b.click("#reason-form button")
	b.hasURLs("/orders/7")
	b.eventually("the time that is left", `/^Your reason: \W*ticket 12\W* · (30|29) min left$/.test(document.querySelector('.reason').textContent.trim())`)
	// The other page of the same log needs no further reason, another user's does.
	b.click(".heading .switch a:not([aria-current])")
	b.isAt("/static?username=ada")
	b.hasURLs("/orders/7")
	b.visit("/static?username=bob")
	b.shows("h1", "Why are you opening this log?")
	// When the time is over, the page asks again by itself.
	b.visit("/static?username=ada")
	b.hasURLs("/orders/7")
	b.sees("a reason that holds for longer, where the computer's clock is set back", "/(8|9)\\d min left/.test(document.querySelector('.reason')?.textContent)")
	evaluate[bool](b, `(now => {
		Date.now = () => now() - 3_600_000;
		setTimeout(() => { window.counted = true; }, 1100);
		return true;
	})(Date.now)`)
	b.eventually("the page has counted down", "window.counted")
	if evaluate[bool](b, "seen") {
		t.Error("the page has said that the reason holds for longer")
	}
	if err := logs.Client().Del(t.Context(), auth.Keys{Prefix: logs.KeyPrefix()}.Reason(superuser, "ada")).Err(); err != nil {
		t.Fatal(err)
	}
	b.shows("h1", "Why are you opening this log?")
}

// A note that was being typed when the reason ran out is there again, for the same account and customer, on the next page that asks for no
// reason. Else nothing of it is kept: the agent may be logged out by the host.
func TestADraftOutlivesTheReason(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis, "--require-reason"), openStore(t, redis)
	createAccount(t, redis.Client(t), "vera", auth.Viewer)
	for _, name := range []string{"ada", "bob"} {
		record(logs, name, "/of/"+name)
	}
	b := site.enter(t)
	b.expect("the server responded with a status of 403")
	state := func(username string) {
		t.Helper()
		b.visit("/static?username=" + username)
		b.enter("#why", "ticket 12")
		b.click("#reason-form button")
		b.hasURLs("/of/" + username)
	}
	types := func() {
		t.Helper()
		b.click("#add-note > summary")
		b.click("#note")
		b.types("calls back")
	}
	// runOut ends the time of the reason, after whatever else the page does then.
	runOut := func(meanwhile string) {
		t.Helper()
		evaluate[bool](b, `(document.addEventListener("htmx:before:request", event => event.preventDefault()), true)`) // its answer would tell the time
		b.eventually("no request is under way", "!document.querySelector('.htmx-request')")
		if err := logs.Client().Del(t.Context(), auth.Keys{Prefix: logs.KeyPrefix()}.Reason(superuser, "ada")).Err(); err != nil {
			t.Fatal(err)
		}
		evaluate[bool](b, `(now => {
			Date.now = () => now() + 3_600_000;
			`+meanwhile+`
			return true;
		})(Date.now)`)
		b.shows("h1", "Why are you opening this log?")
	}
	const isEmpty = "document.querySelector('#note')?.value === ''"
	const leave = `(dispatchEvent(new PageTransitionEvent("pagehide")), sessionStorage.getItem("userlog.draft"))`

	state("ada")
	types()
	if evaluate[bool](b, leave+" !== null") {
		t.Error("a draft is kept while the reason holds")
	}
	runOut("")
	state("ada")
	b.eventually("the note is in sight", "document.querySelector('#note').value === 'calls back' && document.querySelector('#note').checkVisibility()")

	runOut("")
	state("bob")
	b.eventually("the note is not bob's", isEmpty)

	state("ada")
	b.eventually("the note is forgotten", isEmpty)
	types()
	// The browser itself sends a form where htmx can't prevent that.
	runOut(`const form = document.querySelector("#note-form");
			form.dispatchEvent(new SubmitEvent("submit", { bubbles: true }));
			` + leave + ` === null || console.error("a note that was sent is kept");
			form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));`)
	b.eventually("the draft is kept", `sessionStorage.getItem("userlog.draft")`)
	b.holdSession(site, "vera")
	state("ada")
	b.eventually("the note is not vera's", isEmpty)

	types()
	b.logsOut()
	b.eventually("the login", "document.querySelector('form#login')")
	b.eventually("nothing is kept", "sessionStorage.length === 0")
}
