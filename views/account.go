package views

import "github.com/gin-userlog/userlog/auth"

// Account is everybody's page about the own account.
type Account struct {
	Layout
	Role           auth.Role
	OwnLogin       bool           // there are a password and sessions; false where the login is the host's or a proxy's
	HasTokens      bool           // there can be tokens: the name has an account
	Own            auth.Account   // as it is kept; the zero Account where there is none
	Passkeys       []auth.Passkey // the oldest first
	OffersPasskeys bool           // new ones can be made at this address
	SessionID      string         // of the session that asks
	Sessions       []auth.Session // the one that was used last first
	Tokens         []auth.Token
	Label          string // what was typed for a new token, after a refusal
	Days           int    // what was chosen for it; 0 = the default
	Message        *Message
}

// Token is the page that shows a token's secret, which nothing shows again.
type Token struct {
	Layout
	Label  string
	Secret string
	Days   int
}

// defaultTokenDays is how long a token lives unless its owner chooses otherwise.
const defaultTokenDays = 30

// Account renders the page about the own account.
func (s *Set) Account(p Account) ([]byte, error) { return s.page("account", p.Lang, accountPage{p}) }

// Token renders the page that shows a token.
func (s *Set) Token(p Token) ([]byte, error) { return s.page("token", p.Lang, p) }

// accountPage is Account as its template reads it.
type accountPage struct{ Account }

// MinPassword is how many characters a password has at least.
func (p accountPage) MinPassword() int { return auth.MinPassword }

// MaxLabel is how many characters say at most what a token is for.
func (p accountPage) MaxLabel() int { return auth.MaxLabel }

// AppSince is since when there is an authenticator app.
func (p accountPage) AppSince() moment { return momentOf(p.Own.AppSince) }

// PasskeyRows are the passkeys as the table shows them.
func (p accountPage) PasskeyRows() []passkeyRow {
	rows := make([]passkeyRow, len(p.Passkeys))
	for i, passkey := range p.Passkeys {
		rows[i] = passkeyRow{passkey}
	}
	return rows
}

// passkeyRow is a passkey as the table shows it.
type passkeyRow struct{ auth.Passkey }

// Made is when the passkey was made.
func (r passkeyRow) Made() moment { return momentOf(r.Created) }

// MaxPasskeyLabel is how many characters say at most which passkey it is.
func (p accountPage) MaxPasskeyLabel() int { return auth.MaxPasskeyLabel }

// RoleKey is the catalogue's key for the role's name.
func (p accountPage) RoleKey() string { return roleKey(p.Role) }

// Lifetimes are the choices for a new token.
func (p accountPage) Lifetimes() []lifetimeChoice {
	chosen := p.Days
	if chosen == 0 {
		chosen = defaultTokenDays
	}
	var choices []lifetimeChoice
	for _, days := range []int{1, 7, defaultTokenDays, 90, 365} {
		choices = append(choices, lifetimeChoice{Days: days, Chosen: days == chosen})
	}
	return choices
}

// lifetimeChoice is a number of days in a form.
type lifetimeChoice struct {
	Days   int
	Chosen bool
}

// SessionRows are the sessions as the table shows them.
func (p accountPage) SessionRows() []sessionRow {
	rows := make([]sessionRow, len(p.Sessions))
	for i, session := range p.Sessions {
		rows[i] = sessionRow{Session: session, Own: session.ID == p.SessionID}
	}
	return rows
}

// sessionRow is a session as the table shows it.
type sessionRow struct {
	auth.Session
	Own bool // the one that asks
}

// Browser is a short name of the browser; "" where it has none that we know.
func (r sessionRow) Browser() string { return browserName(r.Agent) }

// Description tells the session from the others, where they are not seen next to each other.
func (r sessionRow) Description() string {
	if browser := r.Browser(); browser != "" {
		return browser + ", " + r.Address
	}
	return r.Address
}

// Began is when the session began.
func (r sessionRow) Began() moment { return momentOf(r.Created) }

// LastUsed is when the session was used last.
func (r sessionRow) LastUsed() moment { return momentOf(r.Seen) }

// TokenRows are the tokens as the table shows them.
func (p accountPage) TokenRows() []tokenRow {
	rows := make([]tokenRow, len(p.Tokens))
	for i, token := range p.Tokens {
		rows[i] = tokenRow{token}
	}
	return rows
}

// tokenRow is a token as the table shows it.
type tokenRow struct{ auth.Token }

// Made is when the token was made.
func (r tokenRow) Made() moment { return momentOf(r.Created) }

// Ends is when the token expires.
func (r tokenRow) Ends() moment { return momentOf(r.Expires) }
