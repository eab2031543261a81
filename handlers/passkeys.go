package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// Fields in which a form brings the answer of a browser that was asked for a passkey, and what it was asked. A proof has others,
// because the form that it proves may be about a passkey itself.
const (
	passkeyField      = "passkey"
	stateField        = "passkey_state"
	passkeyProofField = "proof_passkey"
	stateProofField   = "proof_passkey_state"
)

// passkeyAnswer is what a form brings of a browser that was asked for a passkey; empty where it brings none.
type passkeyAnswer struct{ state, answer string }

// passkeyOf is the passkey that a form is about, or that it logs in by.
func passkeyOf(c *gin.Context) passkeyAnswer {
	return passkeyAnswer{c.PostForm(stateField), c.PostForm(passkeyField)}
}

// passkeyProof is the passkey that proves who sends a form.
func passkeyProof(c *gin.Context) passkeyAnswer {
	return passkeyAnswer{c.PostForm(stateProofField), c.PostForm(passkeyProofField)}
}

// passkeySite is the site as the browser of a request sees it. It is not ok where there can be no passkeys: they belong to names of
// hosts, and not to addresses.
func (s *site) passkeySite(c *gin.Context) (where auth.PasskeySite, ok bool) {
	if s.passkeys == nil {
		return auth.PasskeySite{}, false
	}
	scheme, host, _ := strings.Cut(s.origin(c), "://")
	host = strings.ToLower(withoutDefaultPort(scheme, host))
	name := host
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[:i]
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" {
		return auth.PasskeySite{}, false
	}
	return auth.PasskeySite{Host: name, Origin: scheme + "://" + host}, true
}

// offersPasskeys reports whether pages of the request can ask for passkeys.
func (s *site) offersPasskeys(c *gin.Context) bool {
	_, ok := s.passkeySite(c)
	return ok
}

// askPasskey answers with what a login page needs to ask for a passkey: that of the account whose second factor is waited for, or
// anybody's.
func (s *site) askPasskey(c *gin.Context) {
	waiting, _, err := s.sessions.Waiting(c)
	s.answerQuestion(c, err, func(ctx context.Context, where auth.PasskeySite) (auth.PasskeyQuestion, error) {
		return s.passkeys.Ask(ctx, waiting, where)
	})
}

// askOwnPasskey does so for somebody who is logged in, who has to prove who she is.
func (s *site) askOwnPasskey(c *gin.Context) {
	account, err := s.accounts.Get(c.Request.Context(), accessOf(c).Account)
	s.answerQuestion(c, err, func(ctx context.Context, where auth.PasskeySite) (auth.PasskeyQuestion, error) {
		return s.passkeys.Ask(ctx, account, where)
	})
}

// askNewPasskey answers with what the page of the own account needs to ask for a new passkey.
func (s *site) askNewPasskey(c *gin.Context) {
	s.answerQuestion(c, nil, func(ctx context.Context, where auth.PasskeySite) (auth.PasskeyQuestion, error) {
		return s.passkeys.AskNew(ctx, accessOf(c).Account, where)
	})
}

func (s *site) answerQuestion(c *gin.Context, err error, ask func(context.Context, auth.PasskeySite) (auth.PasskeyQuestion, error)) {
	where, ok := s.passkeySite(c)
	if !ok {
		s.failJSON(c, http.StatusNotFound, "There are no passkeys at this address.")
		return
	}
	var question auth.PasskeyQuestion
	if err == nil {
		question, err = ask(c.Request.Context(), where)
	}
	switch {
	case auth.IsRefusal(err):
		s.failJSON(c, http.StatusUnprocessableEntity, err.Error()+".")
	case err != nil:
		s.failures.add("userlog: a passkey could not be asked for", err)
		s.failJSON(c, http.StatusServiceUnavailable, s.storeTrouble(c, err))
	default:
		s.sendJSON(c, http.StatusOK, question)
	}
}

// logInByPasskey logs in without a password.
func (s *site) logInByPasskey(c *gin.Context) {
	p := views.Login{Next: s.ownPath(c.PostForm("next"))}
	address := s.ClientAddress(c)
	tooMany, err := s.attempt(c, "", address)
	if err == nil && tooMany != nil {
		p.Message = tooMany
		s.showLogin(c, http.StatusTooManyRequests, p)
		return
	}
	var account auth.Account
	if err == nil {
		account, err = s.verifyPasskey(c, auth.Account{}, passkeyOf(c), "passkey of a login")
	}
	if p.Message = views.WrongCode(err); p.Message != nil {
		s.showLogin(c, http.StatusUnprocessableEntity, p)
		return
	}
	if err == nil {
		p.Message, err = s.spendPassword(c, account.Name)
	}
	if err == nil && p.Message != nil {
		s.showLogin(c, http.StatusTooManyRequests, p)
		return
	}
	if err == nil {
		err = s.throttle.Succeeded(c.Request.Context(), "", address)
	}
	if err == nil {
		err = s.begin(c, account, account.Name, address, string(auth.FactorPasskey))
	}
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Redirect(http.StatusSeeOther, p.Next)
}

// verifyPasskey checks an answer, which has to be of the account, or of anybody with the zero Account. A wrong one is written down.
func (s *site) verifyPasskey(c *gin.Context, account auth.Account, given passkeyAnswer, what string) (auth.Account, error) {
	where, ok := s.passkeySite(c)
	if !ok {
		return auth.Account{}, auth.ErrPasskey
	}
	verified, err := s.passkeys.Verify(c.Request.Context(), account, where, given.state, given.answer)
	if auth.IsRefusal(err) {
		s.log.Debug("userlog: a passkey was not accepted", "err", err)
		if errors.Is(err, auth.ErrPasskeyCounter) {
			what += ", whose counter went back"
		}
		if failed := s.recordFailure(c, account.Name, what); failed != nil {
			return auth.Account{}, failed
		}
	}
	return verified, err
}

// addPasskey gives the reader's own account the passkey that the browser has made.
func (s *site) addPasskey(c *gin.Context) {
	name := accessOf(c).Account
	where, ok := s.passkeySite(c)
	given := passkeyOf(c)
	if !ok {
		s.afterOwnChange(c, auth.ErrPasskey, "", views.Account{})
		return
	}
	account, recovery, err := s.changes.AddPasskey(c.Request.Context(), s.actor(c), s.passkeys, name, c.PostForm("label"), where, given.state, given.answer)
	s.afterFactorAdded(c, account, recovery, err)
}

// removePasskey takes a passkey of the reader's own account away.
func (s *site) removePasskey(c *gin.Context) {
	account, err := s.changes.RemovePasskey(c.Request.Context(), s.actor(c), s.passkeys, accessOf(c).Account, c.PostForm("id"))
	if err == nil {
		err = s.sessions.LogIn(c, account, s.ClientAddress(c))
	}
	s.afterOwnChange(c, err, views.FactorRemoved, views.Account{})
}
