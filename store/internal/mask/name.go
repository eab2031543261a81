package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parameters whose values are always masked. Names are compared without case and punctuation, so
// that access_token, accessToken and Access-Token are one.
var (
	// Anywhere in a name.
	secretParts = []string{
		"token", "password", "passwd", "passphrase", "passcode", "pwd", "secret", "apikey", "accesskey", "privatekey",
		"signature", "session", "sessid", "credential", "authorization", "jwt", "verifier", "samlresponse", "samlrequest",
		"cardnumber", "csrf", "xsrf",
	}
	// As a whole name, or as its last word: user[pin], auth_code, newPass.
	secretNames = map[string]bool{
		"key": true, "code": true, "sig": true, "auth": true, "pass": true, "pw": true, "sid": true, "sess": true, "pin": true,
		"otp": true, "totp": true, "mfa": true, "2fa": true, "cvv": true, "cvc": true, "ssn": true, "hmac": true, "nonce": true,
		"bearer": true, "cookie": true, "ticket": true,
	}
	// Words before code and key that make them harmless: zip_code, sort-key.
	harmless = map[string]bool{
		"zip": true, "post": true, "postal": true, "country": true, "area": true, "currency": true, "language": true, "lang": true,
		"discount": true, "promo": true, "coupon": true, "voucher": true, "bar": true, "qr": true, "sort": true, "order": true,
		"product": true, "item": true, "error": true, "status": true, "primary": true, "foreign": true,
	}
)

// IsName reports whether a parameter can have this name: it has letters or digits.
func IsName(name string) bool { return foldParameter(name) != "" }

// foldParameter is what names of parameters are compared by: letters and digits, in lower case.
func foldParameter(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

func foldParameters(names []string) map[string]bool {
	folded := make(map[string]bool, len(names))
	for _, name := range names {
		folded[foldParameter(name)] = true
	}
	return folded
}

// secret reports whether values of a parameter with this name are masked.
func (m *Masker) secret(name string) bool {
	if m.allow != nil {
		return !m.allow[foldParameter(name)]
	}
	return m.secretName(name)
}

// secretName reports whether a name is that of a secret, by the host's list or by ours.
func (m *Masker) secretName(name string) bool {
	folded := foldParameter(name)
	if secretNames[folded] || m.mask[folded] || secretWord(name) {
		return true
	}
	for _, part := range secretParts {
		if strings.Contains(folded, part) {
			return true
		}
	}
	return false
}

// secretWord reports whether the last word of a name is a secret's.
func secretWord(name string) bool {
	rest, last := cutLastWord(name)
	if last == "code" || last == "key" {
		_, before := cutLastWord(rest)
		return !harmless[before]
	}
	return secretNames[last]
}

// cutLastWord returns the last word of a name, in lower case, and what stands before it. Words end at
// punctuation and at the humps of camelCase.
func cutLastWord(name string) (rest, word string) {
	end := len(name)
	for end > 0 && !isWordByte(name[end-1]) {
		end--
	}
	start := end
	for start > 0 && isWordByte(name[start-1]) {
		start--
		if start > 0 && class(name[start]) == upper && class(name[start-1]) == lower {
			break
		}
	}
	return name[:start], strings.ToLower(name[start:end])
}

// isWordByte reports whether c belongs to a word: letters of any script, and digits.
func isWordByte(c byte) bool { return c >= utf8.RuneSelf || class(c) != other }
