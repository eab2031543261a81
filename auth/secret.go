package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// secretLength is the number of random bytes in a secret.
const secretLength = 32

// newSecret returns a secret for a cookie, a token or a one-time link, in base64url.
func newSecret() string {
	secret := make([]byte, secretLength)
	rand.Read(secret) // never fails, it ends the program instead
	return base64.RawURLEncoding.EncodeToString(secret)
}

// hashSecret returns what is kept of a secret, in hexadecimal: reading Redis gives nobody's cookie,
// token or link away. It is not ok where the value can't be a secret of ours. Nothing slower than
// SHA-256 is needed, because nobody can guess 32 random bytes.
func hashSecret(secret string) (hash string, ok bool) {
	if len(secret) != base64.RawURLEncoding.EncodedLen(secretLength) {
		return "", false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), true
}
