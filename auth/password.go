package auth

import (
	_ "embed" // commonPasswords
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a password. The upper one bounds the work that a stranger can ask for.
const (
	MinPassword = 12   // characters
	MaxPassword = 1024 // bytes
)

// Errors of [CheckPassword].
var (
	ErrPasswordShort   = fmt.Errorf("the password is shorter than %d characters", MinPassword)
	ErrPasswordLong    = fmt.Errorf("the password is longer than %d bytes", MaxPassword)
	ErrPasswordInvalid = errors.New("the password is not valid UTF-8")
	ErrPasswordCommon  = errors.New("the password is one of the most common ones: choose another")
	ErrPasswordNames   = errors.New("the password is made of the name of the account, of the site or of this program: choose another")
)

// commonPasswords are the passwords of 12 characters and more that leak most often. They are in lower
// case, each between two line ends. The file common_passwords.LICENSE names the list's authors, and
// "make vendor" fetches it.
//
//go:embed common_passwords.txt
var commonPasswords string

// CheckPassword returns nil where an account can have this password. It asks for length, and that the
// password is not one that everybody tries first, or that is made of names: those of the account and of the site, and of this
// program. Rules about digits and signs make passwords that are worse to remember and no harder to guess.
func CheckPassword(password string, names ...string) error {
	switch {
	case len(password) > MaxPassword:
		return ErrPasswordLong
	case !utf8.ValidString(password):
		return ErrPasswordInvalid
	case utf8.RuneCountInString(password) < MinPassword:
		return ErrPasswordShort
	case strings.Contains(commonPasswords, "\n"+strings.ToLower(password)+"\n"):
		return ErrPasswordCommon
	case madeOfNames(password, names):
		return ErrPasswordNames
	}
	return nil
}
