package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// proofField is the field in which a form brings the password or a code again, besides what it is about.
const proofField = "proof"

// proofFields are all fields that a form brings for the proof, and that are not part of what is proven.
func proofFields() []string { return []string{proofField, passkeyProofField, stateProofField} }

// requireProof stands before changes of accounts, links, tokens, second factors and of what is recorded. Somebody who finds a browser open,
// or has stolen a session, must not make them. So a person who has not given the password for some minutes is asked for it again, or for the
// second factor of an account that has one. The page that asks keeps the form that was sent, and sends it again with the password. So nothing
// that was typed is lost. Where people log in at a provider, the provider asks. Where the login is a host's or a proxy's, nobody is asked here.
func (s *site) requireProof(c *gin.Context) {
	via := accessOf(c).Via
	if via != auth.ViaSession && via != auth.ViaSignOn {
		return
	}
	proven, err := s.sessions.IsProven(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case proven:
	case via == auth.ViaSignOn:
		s.askProvider(c)
	case c.PostForm(proofField) == "" && passkeyProof(c).answer == "":
		s.askProof(c, http.StatusForbidden, nil)
	default:
		s.takeProof(c)
	}
}

// takeProof checks the password, or the code, that a form has brought. The request goes on if it is right. Otherwise it has been answered.
func (s *site) takeProof(c *gin.Context) {
	tooMany, err := s.attemptProof(c)
	if err == nil && tooMany != nil {
		s.askProof(c, http.StatusTooManyRequests, tooMany)
		return
	}
	var who auth.Access
	if err == nil {
		if err = s.verifyProof(c); err == nil {
			who, err = s.sessions.Prove(c)
		}
	}
	switch wrong := views.WrongCode(err); {
	case errors.Is(err, auth.ErrBusy):
		setRetryAfter(c, auth.BusyWait)
		s.askProof(c, http.StatusServiceUnavailable, views.Busy())
	case errors.Is(err, auth.ErrCredentials):
		s.askProof(c, http.StatusUnprocessableEntity, views.WrongProof())
	case wrong != nil:
		s.askProof(c, http.StatusUnprocessableEntity, wrong)
	case errors.Is(err, auth.ErrNoSession) || err == nil && who.Account == "":
		c.Abort()
		s.askLogin(c)
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	default:
		c.Set(accessKey, who)
	}
}

// attemptProof counts an attempt. Where there were too many it returns the message that says so.
func (s *site) attemptProof(c *gin.Context) (tooMany *views.Message, err error) {
	who := accessOf(c)
	if who.SecondFactor {
		return s.attemptFactor(c, who.Account, auth.LaneSession, passkeyProof(c))
	}
	return s.attempt(c, who.Account, s.ClientAddress(c))
}

// verifyProof checks what a form has brought: of an account with a second factor a code, and of others the password.
func (s *site) verifyProof(c *gin.Context) error {
	who, address := accessOf(c), s.ClientAddress(c)
	if !who.SecondFactor {
		return s.verifyOwner(c, who.Account, address, c.PostForm(proofField))
	}
	account, err := s.accounts.Get(c.Request.Context(), who.Account)
	if err != nil {
		return err
	}
	if _, _, err = s.verifyFactor(c, account, auth.LaneSession, passkeyProof(c), c.PostForm(proofField), "second factor, asked again of somebody who is logged in"); err != nil {
		return err
	}
	return s.throttle.Succeeded(c.Request.Context(), who.Account, address)
}

// verifyOwner checks that a password is that of the account that is logged in. A wrong one is written down.
func (s *site) verifyOwner(c *gin.Context, name, address, password string) error {
	ctx := auth.FromKnownBrowser(c.Request.Context()) // it is logged in
	_, err := s.accounts.Verify(ctx, name, password)
	if errors.Is(err, auth.ErrCredentials) {
		if failed := s.recordFailure(c, name, "password, asked again of somebody who is logged in"); failed != nil {
			return failed
		}
		return err
	}
	if err == nil {
		err = s.throttle.Succeeded(ctx, name, address)
	}
	return err
}

// askProof ends the request with a page that asks for the password or for a code, and that keeps the form.
func (s *site) askProof(c *gin.Context, status int, message *views.Message) {
	p := views.Proof{Layout: s.layout(c, ""), Action: s.prefix + c.Request.URL.EscapedPath(), Field: proofField, Code: accessOf(c).SecondFactor, Passkeys: accessOf(c).SecondFactor && s.offersPasskeys(c), Message: message}
	s.showProof(c, status, p, c.Request.PostForm)
}

// showProof ends the request with a page that keeps a form.
func (s *site) showProof(c *gin.Context, status int, p views.Proof, form url.Values) {
	p.Layout.Current = "" // going back there shows something else
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if slices.Contains(proofFields(), name) {
			continue
		}
		for _, value := range form[name] {
			p.Kept = append(p.Kept, views.KeptField{Name: name, Value: value})
		}
	}
	html, err := s.views.Proof(p)
	c.Abort()
	s.answer(c, status, html, err)
}
