package e2e

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// The account is one that the program has made, whose password takes what it takes to verify.
func TestLoginLeadsBackToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	create := userlog("createsuperuser", superuser, "--redis", redis.URL)
	create.Stdin = strings.NewReader(password + "\n")
	if output, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", create, err, output)
	}
	b := openTab(t, start(t, anyAddress(t), "serve", "--redis", redis.URL).origin+"/userlog")
	b.visit("/static?username=ada")
	b.fillInLogin(superuser, password)
	b.eventually("the page that was asked for", "document.querySelector('#search')")
	if got, want := b.location(), "/static?username=ada"; got != want {
		t.Errorf("the login led to %s, want %s", got, want)
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := openTab(t, site.origin+"/userlog")
	b.visit("/login")
	b.expect("the server responded with a status of 422") // which is what is tested
	b.fillInLogin(site.superuser, "wrong horse battery")
	b.shows("#messages [role=alert]", "The username or the password is wrong. Check both and try again. If you have no account, ask a superuser for one.")
	if name := evaluate[string](b, "document.querySelector('#login [name=username]').value"); name != site.superuser {
		t.Errorf("the form has forgotten the username: it shows %q", name)
	}
	b.visit("/")
	b.eventually("the login, still", "document.querySelector('#login')")
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := site.enter(t)
	b.visit("/")
	b.logsOut()
	b.shows("#messages [role=status]", "You are logged out.")
	b.visit("/live?username=ada")
	b.eventually("the login", "document.querySelector('#login')")
}

// logsOut clicks the button in the header. A request by which the page refreshes itself meanwhile is refused.
func (b *tab) logsOut() {
	b.t.Helper()
	b.expect("the server responded with a status of 401")
	b.click("header .account button")
}
