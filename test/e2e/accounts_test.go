package e2e

import (
	"fmt"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// createAccount makes an account on the page, and returns the one-time link that is shown.
func (b *tab) createAccount(name, role string) (link string) {
	b.t.Helper()
	b.visit("/accounts")
	b.enter("#create [name=name]", name)
	evaluate[bool](b, fmt.Sprintf("!!(document.querySelector('#role').value = %s)", quote(role)))
	b.click("#create button")
	b.eventually("the link", "document.querySelector('#secret')")
	return evaluate[string](b, "document.querySelector('#secret').textContent")
}

// openLink goes to a one-time link, of which the form takes the code.
func (b *tab) openLink(link string) {
	b.t.Helper()
	b.visit(link[len(b.base):])
	b.eventually("the code is in the form", "document.querySelector('#code').value.length > 40")
}

func TestASuperuserInvitesAViewer(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t))
	admin := site.enter(t)
	link := admin.createAccount("vera", "viewer")

	vera := openTab(t, site.origin+"/userlog") // a browser of her own
	vera.openLink(link)
	if got, want := vera.location(), "/password?username=vera"; got != want {
		t.Errorf("the address is %s, want %s: the code must not stay there", got, want)
	}
	vera.enter("#new-password", "a password of her own")
	vera.click("#show-password")
	if shown := evaluate[string](vera, "document.querySelector('#new-password').type"); shown != "text" {
		t.Errorf("the password is shown as %s", shown)
	}
	vera.click("#set-password > button")
	vera.shows("header .account a", "Logged in as vera")
	if evaluate[int](vera, "document.querySelectorAll('nav a[href$=\"/accounts\"]').length") != 0 {
		t.Error("a viewer is shown a link to the accounts")
	}
	vera.visit("/account")
	vera.shows("#sessions .own", "this one")

	admin.click("main a.button")
	admin.shows("#accounts td.state", "Active")
	admin.eventually("the link to the accounts", "document.querySelector('nav a[href$=\"/accounts\"][aria-current]')")
}

// A change of the password in one browser ends the sessions in all others, and not the one there.
func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t))
	here, there := site.enter(t), site.enter(t)
	there.expect("the server responded with a status of 401") // its home page asks by itself
	there.visit("/")
	here.visit("/account")
	here.enter("#current", password)
	here.enter("#new-password", "another good password")
	here.click("#change-password > button")
	here.shows("#messages [role=status]", "Your password has been changed. Your other sessions and your tokens have ended.")
	there.visit("/account")
	there.eventually("the login", "document.querySelector('#login')")
}
