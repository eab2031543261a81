package views

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
)

// Proof is the page that asks for the password again before a change is made. It keeps the form that asks for the change.
type Proof struct {
	Layout
	Action   string // path to which the form is sent again
	Field    string // name of the field for the password or the code
	Code     bool   // a code of the second factor is asked for, and not the password
	Passkeys bool   // a passkey will do, too

	AtProvider  bool   // it is asked at a provider, and not here
	ProviderURL string // where; "" = the form may be sent again
	Confirmed   bool   // the provider has said who it is

	Kept    []KeptField // of the form that was sent
	Message *Message
}

// KeptField is a field of a form that is sent again.
type KeptField struct{ Name, Value string }

// Proof renders the page that asks for the password again.
func (s *Set) Proof(p Proof) ([]byte, error) { return s.page("proof", p.Lang, proofPage{p}) }

// proofPage is Proof as its template reads it.
type proofPage struct{ Proof }

// Minutes is how long a proof holds.
func (p proofPage) Minutes() int { return int(auth.ProofLifetime / time.Minute) }

// Intro is the key of the text that says what is asked, and why.
func (p proofPage) Intro() string {
	switch {
	case p.Confirmed:
		return "proof.confirmed"
	case p.AtProvider:
		return "proof.intro-provider"
	case p.Code:
		return "proof.intro-code"
	}
	return "proof.intro"
}
