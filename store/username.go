package store

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxUsername is the longest username that is recorded, in bytes.
const MaxUsername = 256

// Errors of [CheckUsername].
var (
	ErrUsernameEmpty   = errors.New("the username is empty")
	ErrUsernameLong    = fmt.Errorf("the username is longer than %d bytes", MaxUsername)
	ErrUsernameInvalid = errors.New("the username has control characters or is not UTF-8")
)

// CheckUsername says whether a log can be kept under this name. Every printable name can: Redis takes names as bytes, and
// no name becomes part of a pattern.
func CheckUsername(username string) error {
	switch {
	case username == "":
		return ErrUsernameEmpty
	case len(username) > MaxUsername:
		return ErrUsernameLong
	case !utf8.ValidString(username):
		return ErrUsernameInvalid
	}
	for _, r := range username {
		if unicode.IsControl(r) {
			return ErrUsernameInvalid
		}
	}
	return nil
}
