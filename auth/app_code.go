package auth

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// Codes of authenticator apps are those of RFC 6238 that every app knows: six digits, of SHA-1, for 30 seconds.
const (
	codeStep   = 30 * time.Second
	codeSkew   = 1 // steps by which the clock of the app may be ahead or behind
	codeDigits = otp.DigitsSix
	seedLength = 20 // bytes, as RFC 4226 recommends
)

// newSeed returns what an app and we share, in base32.
func newSeed(issuer, account string) (seed string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, SecretSize: seedLength, Digits: codeDigits})
	if err != nil {
		return "", fmt.Errorf("make a seed: %w", err)
	}
	return key.Secret(), nil
}

// appURL is what an app reads in a QR code. Some apps take a colon for the end of the issuer, so neither name keeps one.
func appURL(seed, issuer, account string) string {
	plain := func(text string) string { return strings.ReplaceAll(text, ":", " ") }
	return "otpauth://totp/" + url.PathEscape(plain(issuer)) + ":" + url.PathEscape(plain(account)) + "?secret=" + seed + "&issuer=" + url.QueryEscape(plain(issuer))
}

// stepAt is the step of the code that an app shows at a time.
func stepAt(at time.Time) int64 { return at.Unix() / int64(codeStep/time.Second) }

// codeStepOf returns the step of which a code is, of those close to now. It is not ok for a code of none of them.
func codeStepOf(seed, code string, now time.Time) (step int64, ok bool) {
	if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed); err != nil {
		return 0, false
	}
	current := stepAt(now)
	for candidate := current - codeSkew; candidate <= current+codeSkew; candidate++ {
		want, err := hotp.GenerateCode(seed, uint64(candidate))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok
}
