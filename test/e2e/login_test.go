package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

func TestLoginLeadsBackToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t))
	b := openTab(t, site.origin+"/userlog")
	b.visit("/static?username=ada")
	b.fillInLogin(superuser, password)
	b.eventually("the page that was asked for", "document.querySelector('#search')")
	if got, want := b.location(), "/static?username=ada"; got != want {
		t.Errorf("the login led to %s, want %s", got, want)
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t))
	b := openTab(t, site.origin+"/userlog")
	b.visit("/login")
	b.expect("the server responded with a status of 422") // which is what is tested
	b.fillInLogin(superuser, "wrong horse battery")
	b.shows("#messages [role=alert]", "The username or the password is wrong. Check both and try again. If you have no account, ask a superuser for one.")
	if name := evaluate[string](b, "document.querySelector('#login [name=username]').value"); name != superuser {
		t.Errorf("the form has forgotten the username: it shows %q", name)
	}
	b.visit("/")
	b.eventually("the login, still", "document.querySelector('#login')")
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t))
	b := openTab(t, site.origin+"/userlog")
	b.logIn()
	b.click("header .account button")
	b.shows("#messages [role=status]", "You are logged out.")
	b.visit("/live?username=ada")
	b.eventually("the login", "document.querySelector('#login')")
}
