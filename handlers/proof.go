package handlers

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// proofField is the field in which a form brings the password again, besides what it is about.
const proofField = "proof"

// requireProof stands before changes of accounts, links, tokens and second factors. Who finds a browser open, or has stolen a session, must not
// change them. So the password is asked again where the session's owner has not given it for some minutes. The form that was sent
// is kept in the page that asks, and sent again with the password: nothing that was typed is lost. The login of a host or a proxy
// has no password of ours, and asks again or doesn't.
func (s *site) requireProof(c *gin.Context) {
	if accessOf(c).Via != auth.ViaSession {
		return
	}
	proven, err := s.sessions.IsProven(c)
	switch {
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	case proven:
	case c.PostForm(proofField) == "":
		s.askProof(c, http.StatusForbidden, nil)
	default:
		s.takeProof(c)
	}
}

// takeProof checks the password that a form has brought. The request goes on if it is right. Otherwise it has been answered.
func (s *site) takeProof(c *gin.Context) {
	name, address := accessOf(c).Account, s.clientAddress(c)
	tooMany, err := s.attempt(c, name, address)
	if err == nil && tooMany != nil {
		s.askProof(c, http.StatusTooManyRequests, tooMany)
		return
	}
	if err == nil {
		err = s.verifyOwner(c, name, address, c.PostForm(proofField))
	}
	var who auth.Access
	if err == nil {
		who, err = s.sessions.Prove(c)
	}
	switch {
	case errors.Is(err, auth.ErrBusy):
		setRetryAfter(c, auth.BusyWait)
		s.askProof(c, http.StatusServiceUnavailable, views.Busy())
	case errors.Is(err, auth.ErrCredentials):
		s.askProof(c, http.StatusUnprocessableEntity, views.WrongProof())
	case errors.Is(err, auth.ErrNoSession) || err == nil && who.Account == "":
		c.Abort()
		s.askLogin(c)
	case err != nil:
		s.fail(c, http.StatusServiceUnavailable, err)
	default:
		c.Set(accessKey, who)
	}
}

// verifyOwner checks that a password is that of the account that is logged in. A wrong one is written down.
func (s *site) verifyOwner(c *gin.Context, name, address, password string) error {
	ctx := auth.FromKnownBrowser(c.Request.Context()) // it is logged in
	_, err := s.accounts.Verify(ctx, name, password)
	if errors.Is(err, auth.ErrCredentials) {
		if failed := s.recordFailure(c, name, "asked again, of somebody who is logged in"); failed != nil {
			return failed
		}
		return err
	}
	if err == nil {
		err = s.throttle.Succeeded(ctx, name, address)
	}
	return err
}

// askProof ends the request with a page that asks for the password, and that keeps the form.
func (s *site) askProof(c *gin.Context, status int, message *views.Message) {
	p := views.Proof{Layout: s.layout(c, ""), Action: s.prefix + c.Request.URL.EscapedPath(), Field: proofField, Message: message}
	p.Layout.Current = "" // going back there shows something else
	for _, name := range slices.Sorted(maps.Keys(c.Request.PostForm)) {
		if name == proofField {
			continue
		}
		for _, value := range c.Request.PostForm[name] {
			p.Kept = append(p.Kept, views.KeptField{Name: name, Value: value})
		}
	}
	html, err := s.views.Proof(p)
	c.Abort()
	s.answer(c, status, html, err)
}
