package views

import "github.com/gin-userlog/userlog/auth"

// Login is the form that asks for name and password.
type Login struct {
	Layout
	Username string   // typed before, after a failed attempt
	Next     string   // path to return to after the login; the handler has checked it
	Passkeys bool     // can be used at this address
	Message  *Message // nil = none

	SignOnURL string // where a login at a provider begins, in place of the form; "" = nowhere
}

// Login renders the login page.
func (s *Set) Login(p Login) ([]byte, error) { return s.page("login", p.Lang, p) }

// Password is the public page on which a one-time link sets a password. The page never shows one.
type Password struct {
	Layout
	Username string // of the account
	Code     string // the link's secret as it was typed, after a refusal
	Message  *Message
}

// Password renders the page on which a one-time link sets a password.
func (s *Set) Password(p Password) ([]byte, error) {
	return s.page("password", p.Lang, passwordPage{p})
}

// passwordPage is Password as its template reads it.
type passwordPage struct{ Password }

// MinPassword is how many characters a password has at least.
func (p passwordPage) MinPassword() int { return auth.MinPassword }
