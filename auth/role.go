package auth

import "errors"

// Role is what an account may do. The zero Role is nobody's, and may do nothing.
type Role string

// Roles. Their texts are kept in Redis and typed in commands: they never change.
const (
	Superuser Role = "superuser" // everything
	Viewer    Role = "viewer"    // searches and watches; sees no accounts, settings or audit log
)

// Roles are all roles, beginning with the one that may do most.
func Roles() []Role { return []Role{Superuser, Viewer} }

// ErrRole is the error of [ParseRole].
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
