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

// Who is shut out in the middle of a call does not look for a mistake in her password.
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
	b.click("#add-note > summary")
	b.click("#note")
	b.types("calls back")
	if err := logs.Client().Del(t.Context(), auth.Keys{Prefix: logs.KeyPrefix()}.Reason(superuser, "ada")).Err(); err != nil {
		t.Fatal(err)
	}
	b.shows("h1", "Why are you opening this log?")
	// A note that was typed is there again, and stays nowhere when the agent has logged out.
	b.enter("#why", "ticket 12")
	b.click("#reason-form button")
	b.eventually("the note is in sight", "document.querySelector('#note')?.value === 'calls back' && document.querySelector('#note').checkVisibility()")
	b.click("header .account button")
	b.eventually("the login", "document.querySelector('form#login')")
	b.eventually("nothing is kept", "sessionStorage.length === 0")
}
