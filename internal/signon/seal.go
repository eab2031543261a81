package signon

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gin-userlog/userlog/auth"
)

// Purposes of what is sealed. One can't pass for the other.
const (
	sealedAttempt = "attempt" // a browser has it, for some minutes
	sealedTokens  = "tokens"  // Redis has it, as long as a session
)

// seal makes texts that nobody else can read or change.
type seal struct{ cipher.AEAD }

// newSeal derives the key from the secret of the client, which all processes have, and Redis has not.
func newSeal(secret string) (seal, error) {
	box, _, err := auth.Box([]byte(secret), "userlog single sign-on", 0)
	return seal{box}, err
}

// close seals a value.
func (s seal) close(purpose string, value any) (string, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.Seal(nil, nil, plain, []byte(purpose))), nil
}

var errSeal = errors.New("what was sealed can't be opened: it is not ours, or the client has another secret now")

// open is the inverse of close.
func (s seal) open(purpose, sealed string, value any) error {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return errSeal
	}
	plain, err := s.Open(nil, nil, raw, []byte(purpose))
	if err != nil {
		return errSeal
	}
	if json.Unmarshal(plain, value) != nil {
		return errSeal
	}
	return nil
}
