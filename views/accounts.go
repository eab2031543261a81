package views

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
)

// Accounts is the superusers' page of all accounts.
type Accounts struct {
	Layout
	OwnLogin bool           // accounts have passwords here; false where the login is the host's or a proxy's
	Accounts []auth.Account // in the order in which they are shown
	Name     string         // what was typed for a new account, after a refusal
	Role     auth.Role      // what was chosen for it; "" = viewer
	Message  *Message
	At       time.Time // links have expired, or not, at this time; zero = when the page is rendered
}

// Link is the page that shows a one-time link, which nothing shows again.
type Link struct {
	Layout
	Name string // of the account
	URL  string // with scheme and host
	New  bool   // the account was made just now
}

// Accounts renders the page of all accounts.
func (s *Set) Accounts(p Accounts) ([]byte, error) {
	return s.page("accounts", p.Lang, accountsPage{p})
}

// Link renders the page of a one-time link.
func (s *Set) Link(p Link) ([]byte, error) { return s.page("link", p.Lang, linkPage{p}) }

// linkPage is Link as its template reads it.
type linkPage struct{ Link }

// Hours is how long the link can be used.
func (p linkPage) Hours() int { return int(auth.LinkLifetime / time.Hour) }

// accountsPage is Accounts as its template reads it.
type accountsPage struct{ Accounts }

// MaxName is how many characters the name of an account can have.
func (p accountsPage) MaxName() int { return auth.MaxName }

// Roles are the choices for a new account.
func (p accountsPage) Roles() []roleChoice {
	chosen := p.Role
	if chosen == "" {
		chosen = auth.Viewer
	}
	var choices []roleChoice
	for _, role := range auth.Roles() {
		choices = append(choices, roleChoice{Role: role, Chosen: role == chosen})
	}
	return choices
}

// roleChoice is a role in a form.
type roleChoice struct {
	Role   auth.Role
	Chosen bool
}

// Key is the catalogue's key for the role's name.
func (c roleChoice) Key() string { return roleKey(c.Role) }

func roleKey(role auth.Role) string { return "role." + string(role) }

// Rows are the accounts as the table shows them.
func (p accountsPage) Rows() []accountRow {
	now := orNow(p.At)
	rows := make([]accountRow, len(p.Accounts.Accounts))
	for i, account := range p.Accounts.Accounts {
		rows[i] = accountRow{
			Account: account, Own: account.Name == p.Layout.Account,
			base: p.Base, ownLogin: p.OwnLogin, left: account.LinkExpires.Sub(now),
		}
	}
	return rows
}

// accountRow is an account as the table shows it.
type accountRow struct {
	auth.Account
	Own      bool // the reader's
	base     string
	ownLogin bool
	left     time.Duration // of its one-time link; below zero where it has none, or has expired
}

// RoleKey is the catalogue's key for the role's name.
func (r accountRow) RoleKey() string { return roleKey(r.Role) }

// State is the end of the catalogue's key for what can be done with the account: its CSS class too.
func (r accountRow) State() string {
	switch {
	case r.Disabled:
		return "disabled"
	case r.HasPassword || !r.ownLogin:
		return "active"
	case r.left > 0:
		return "waiting"
	}
	return "expired"
}

// StateKey is the catalogue's key for the state.
func (r accountRow) StateKey() string { return "accounts.state." + r.State() }

// HasLink says whether there is a one-time link that still works.
func (r accountRow) HasLink() bool { return r.ownLogin && r.left > 0 }

// Left is how long it still works.
func (r accountRow) Left() time.Duration { return r.left }

// Made is when the account was made.
func (r accountRow) Made() moment { return momentOf(r.Created) }

// accountAction is one change that a superuser can make to an account: a form with one button.
type accountAction struct {
	Base    string    // of the admin
	Name    string    // of the route, and the end of the catalogue's key
	Account string    // whose
	Role    auth.Role // the new one, where the change is that of a role
	Confirm bool      // asks first: it takes the reader's own access away
}

// Key is the catalogue's key for what the button says.
func (a accountAction) Key() string {
	if a.Role != "" {
		return "accounts.make-" + string(a.Role)
	}
	return "accounts." + a.Name
}

// HintKey is the catalogue's key for what happens then.
func (a accountAction) HintKey() string { return "accounts." + a.Name + ".hint" }

// Actions are the changes that make sense in the account's state.
func (r accountRow) Actions() []accountAction {
	var actions []accountAction
	if r.Disabled {
		actions = append(actions, accountAction{Name: "enable"})
	} else if r.ownLogin {
		actions = append(actions, accountAction{Name: "link"})
	}
	for _, role := range auth.Roles() {
		if role != r.Role {
			actions = append(actions, accountAction{Name: "role", Role: role, Confirm: r.Own})
		}
	}
	if r.ownLogin && r.SecondFactor && !r.Own {
		actions = append(actions, accountAction{Name: "second-factor"})
	}
	if !r.Disabled {
		actions = append(actions, accountAction{Name: "sessions"}, accountAction{Name: "disable", Confirm: r.Own})
	}
	for i := range actions {
		actions[i].Base, actions[i].Account = r.base, r.Account.Name
	}
	return actions
}
