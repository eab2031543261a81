package views

import (
	"errors"
	"html/template"
	"strings"

	"github.com/gin-userlog/userlog/auth"
)

// SecondStep is the form of a login that asks for the second factor, after the password was right.
type SecondStep struct {
	Layout
	Next     string // path to return to after the login; the handler has checked it
	Passkeys bool   // can be used at this address
	Message  *Message
}

// App is the page on which an authenticator app is set up.
type App struct {
	Layout
	Seed    string // in base32
	URL     string // of the QR code
	Sealed  string // sent back with the code
	Message *Message
}

// RecoveryCodes is the page that shows recovery codes, which nothing shows again.
type RecoveryCodes struct {
	Layout
	Codes []string
}

// SecondStep renders the form that asks for the second factor.
func (s *Set) SecondStep(p SecondStep) ([]byte, error) { return s.page("second", p.Lang, p) }

// App renders the page on which an authenticator app is set up.
func (s *Set) App(p App) ([]byte, error) { return s.page("app", p.Lang, appPage{p}) }

// RecoveryCodes renders the page that shows recovery codes.
func (s *Set) RecoveryCodes(p RecoveryCodes) ([]byte, error) {
	return s.page("codes", p.Lang, recoveryCodesPage{p})
}

// appPage is App as its template reads it.
type appPage struct{ App }

// Groups is the seed in groups of four characters, as people type it.
func (p appPage) Groups() string {
	var groups []string
	for rest := p.Seed; rest != ""; {
		n := min(4, len(rest))
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	return strings.Join(groups, " ")
}

// Link is the URL that an app on the same device opens. It is ours, and its scheme is one that html/template does not know.
func (p appPage) Link() template.URL { return template.URL(p.URL) }

// QR is the URL as a QR code: the path of an SVG image, and its size.
func (p appPage) QR() (qrCode, error) { return newQRCode(p.URL) }

// recoveryCodesPage is RecoveryCodes as its template reads it.
type recoveryCodesPage struct{ RecoveryCodes }

// Lines are the codes, each on a line.
func (p recoveryCodesPage) Lines() string { return strings.Join(p.Codes, "\n") }

// WrongCode says why a code of a second factor was not taken; nil where err is a failure, or none.
func WrongCode(err error) *Message {
	switch {
	case errors.Is(err, auth.ErrCode):
		return &Message{key: "second.wrong", alert: true, next: true}
	case errors.Is(err, auth.ErrSeedKey):
		return &Message{key: "second.unreadable", alert: true, next: true}
	case errors.Is(err, auth.ErrPasskeyCounter):
		return &Message{key: "passkey.copied", alert: true, next: true}
	case errors.Is(err, auth.ErrPasskey):
		return &Message{key: "passkey.wrong", alert: true, next: true}
	}
	return nil
}

// FactorRequired says that nothing else can be opened until there is a second factor.
func FactorRequired() *Message { return &Message{key: "factor.required", warn: true, next: true} }
