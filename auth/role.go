package auth

import "errors"

// Role is what an account may do. The zero Role is nobody's, and may do nothing.
type Role string

// Roles. Their texts are kept in Redis and typed in commands: they never change.
const (
	Superuser Role = "superuser" // everything
	Viewer    Role = "viewer"    // searches and watches; sees no accounts, settings or viewing log
)

// Roles are all roles there are, the one that may do most first.
func Roles() []Role { return []Role{Superuser, Viewer} }

// ErrRole is what [ParseRole] returns.
var ErrRole = errors.New("a role is either superuser or viewer")

// ParseRole reads a role as it is typed, or returns [ErrRole].
func ParseRole(s string) (Role, error) {
	for _, role := range Roles() {
		if s == string(role) {
			return role, nil
		}
	}
	return "", ErrRole
}

// Access is who makes a request, and by what right. The zero Access is nobody. It can be compared.
type Access struct {
	Account string // the account's name, or what the host or a proxy calls the person
	Role    Role
	Via     Via
	ID      string // of the session or token, as lists of them name it; "" for others

	generation int64 // of the account, when the session or token began
}

// Via is how somebody has shown who she is. Its texts are written to the viewing log.
type Via string

// Ways to show who one is.
const (
	ViaSession Via = "browser" // a session of our own login
	ViaToken   Via = "token"   // a program's token
	ViaProxy   Via = "proxy"   // a header that a trusted proxy has set
	ViaHost    Via = "host"    // the host application's own login
)
