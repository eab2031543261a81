package store

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// The form of the names of visitors.
const (
	visitorPrefix   = "visitor:"
	visitorAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
	visitorSize     = 24 // characters behind the prefix, of five bits each
)

// VisitorName is the username under which somebody is recorded who is not logged in. It is made of the secret in the visitor's cookie,
// so that nobody finds the secret by it. The middleware records nobody of the host's under such a name: see [IsVisitor].
func VisitorName(secret string) string {
	sum := sha256.Sum256([]byte("userlog visitor\x00" + secret)) // so that it is no part of a hash that a site may keep sessions by
	return visitorPrefix + base32.NewEncoding(visitorAlphabet).EncodeToString(sum[:visitorSize*5/8])
}

// IsVisitor reports whether a username has the form of [VisitorName]. Such a log is that of somebody who is not logged in. It is in
// no list of users, in no search and not in everyone's log: only the visitor's code leads to it.
func IsVisitor(username string) bool {
	rest, found := strings.CutPrefix(username, visitorPrefix)
	return found && len(rest) == visitorSize && strings.Trim(rest, visitorAlphabet) == ""
}
