package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"

	"github.com/gin-userlog/userlog/auth"
)

// addAuthenticator gives the tab a device that makes passkeys, and whose user always agrees.
func (b *tab) addAuthenticator() {
	b.t.Helper()
	call(b, webauthn.Enable, webauthn.EnableParams{})
	call(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
}

// A passkey is made, logs in without a password, is the second factor behind one, and is the proof before a change: with a real browser, and the
// WebAuthn of the program. Where a browser has none, or its user says no, the page says so.
func TestPasskeys(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	// Passkeys belong to names, and not to addresses.
	b := openTab(t, strings.Replace(site.origin, "127.0.0.1", "localhost", 1)+"/userlog")
	b.addAuthenticator()
	b.visit("/login")
	b.fillInLogin(site.superuser, password)
	b.eventually("the home page", "document.querySelector('#search')")
	b.visit("/account")
	b.enter("#passkey-label", "a laptop")
	b.click("#add-passkey button")
	b.eventually("recovery codes", "document.querySelector('#secret')")
	b.visit("/account")
	b.shows("#factors .name bdi", "a laptop")

	b.logsOut()
	b.shows("#messages [role=status]", "You are logged out.")
	evaluate[bool](b, "(navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')), true)")
	b.click("#login-passkey button")
	b.eventually("that none was used", "document.querySelector('#login-passkey [role=alert]').checkVisibility()")
	b.visit("/login")
	b.click("#login-passkey button")
	b.eventually("the home page, without a password", "document.querySelector('#search')")

	b.logsOut()
	b.shows("#messages [role=status]", "You are logged out.")
	b.fillInLogin(site.superuser, password)
	b.eventually("the second step", "document.querySelector('#second')")
	b.click("#second-passkey button")
	b.eventually("the home page, after the second step", "document.querySelector('#search')")

	b.holdSessionBegun(site, site.superuser, begin{ago: 2 * auth.ProofLifetime})
	b.expect("the server responded with a status of 403") // which asks for a proof
	b.visit("/account")
	b.enter("#create-token [name=label]", "report")
	b.submit("#create-token")
	b.eventually("the question", "document.querySelector('#proof-passkey:not([hidden])')")
	b.click("#proof-passkey button")
	b.eventually("the token", "document.querySelector('#secret')")
}
