package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// RecoveryCodes is how many recovery codes an account gets. Each can be used once.
const RecoveryCodes = 10

// recoveryLength is how many characters a recovery code has, of 5 bits each: nobody can try 80 bits, also not who has read the hash.
const recoveryLength = 16

// newRecoveryCodes returns codes as they are shown, and what is kept of them.
func newRecoveryCodes(account string) (codes, hashes []string) {
	for range RecoveryCodes {
		code := strings.ToLower(rand.Text()[:recoveryLength])
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		hashes = append(hashes, hashRecovery(account, code))
	}
	return codes, hashes
}

// hashRecovery returns what is kept of a recovery code, as it is typed without blanks and dashes.
func hashRecovery(account, code string) string {
	sum := sha256.Sum256([]byte("recovery\x00" + account + "\x00" + code))
	return hex.EncodeToString(sum[:])
}

// typedCode is a code as it is compared: without blanks and dashes, and in lower case. It is "" for what is far too long.
func typedCode(text string) string {
	if len(text) > 4*recoveryLength {
		return ""
	}
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\u00a0' {
			return -1
		}
		return r
	}, text))
}
