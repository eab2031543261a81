package store

import (
	"net/url"
	"strings"
	"unicode"
)

// masked replaces a value that must not be recorded.
const masked = "***"

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

// masker hides sensitive values in a path and its query. A value is sensitive by the name of its
// parameter or by its shape; what is not sensitive stays as it is, byte for byte.
type masker struct {
	mask  map[string]bool // the host's own names, folded
	allow map[string]bool // nil, or the only names whose values are kept
}

func newMasker(mask, allow []string) *masker {
	m := &masker{mask: foldParameters(mask)}
	if allow != nil {
		m.allow = foldParameters(allow)
	}
	return m
}

func foldParameters(names []string) map[string]bool {
	folded := make(map[string]bool, len(names))
	for _, name := range names {
		folded[foldParameter(name)] = true
	}
	return folded
}

// foldParameter is what names of parameters are compared by: letters and digits, in lower case.
func foldParameter(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// path masks a request's path and query as the client sent them. It allocates only where there is
// something to mask or to decode.
func (m *masker) path(raw string) string {
	path, query := raw, ""
	if cut := strings.IndexAny(raw, "?#"); cut >= 0 {
		path, query = raw[:cut], raw[cut:]
	}
	path = rewrite(path, "/;", m.segment)
	if query != "" {
		query = rewrite(query, "?&;#", m.parameter)
	}
	if len(path)+len(query) == len(raw) && path == raw[:len(path)] && query == raw[len(path):] {
		return raw
	}
	return path + query
}

// rewrite applies f to what stands between delimiters, and returns s itself if nothing changes.
func rewrite(s, delimiters string, f func(string) string) string {
	var out strings.Builder
	copied := 0
	for start := 0; start <= len(s); {
		end := start + strings.IndexAny(s[start:], delimiters)
		if end < start {
			end = len(s)
		}
		if part := s[start:end]; part != "" {
			if changed := f(part); changed != part {
				out.WriteString(s[copied:start])
				out.WriteString(changed)
				copied = end
			}
		}
		start = end + 1
	}
	if copied == 0 {
		return s
	}
	out.WriteString(s[copied:])
	return out.String()
}

// segment masks one segment of the path, or one of its ;name=value parameters.
func (m *masker) segment(s string) string {
	if strings.Contains(s, "=") || strings.Contains(s, "%3") {
		return m.parameter(s)
	}
	if secretShape(decode(s)) {
		return masked
	}
	return s
}

// parameter masks the value of one name=value. A parameter without a value is judged by its shape.
func (m *masker) parameter(s string) string {
	name, value, found := strings.Cut(s, "=")
	if !found {
		if decoded := decode(s); secretShape(decoded) || m.nested(decoded) {
			return masked
		}
		return s
	}
	switch {
	case value == "":
		return s
	case m.secret(decode(name)), secretShape(decode(name)):
		return name + "=" + masked
	case m.allow != nil:
		return s
	}
	if decoded := decode(value); secretShape(decoded) || m.nested(decoded) {
		return name + "=" + masked
	}
	return s
}

// secret reports whether values of a parameter with this name are masked.
func (m *masker) secret(name string) bool {
	folded := foldParameter(name)
	if m.allow != nil {
		return !m.allow[folded]
	}
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
	words := strings.FieldsFunc(split(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return false
	}
	last := strings.ToLower(words[len(words)-1])
	if (last == "code" || last == "key") && len(words) > 1 && harmless[strings.ToLower(words[len(words)-2])] {
		return false
	}
	return secretNames[last]
}

// split puts a space before each hump of a camelCase name.
func split(name string) string {
	var b strings.Builder
	before := 'A'
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// nested reports whether a decoded value contains a sensitive parameter itself, such as the address
// in next=/reset?token=... or the names in filter[token]=... of a nested query.
func (m *masker) nested(value string) bool {
	if !strings.Contains(value, "=") {
		return false
	}
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune("?&;#/ ", r) }) {
		if name, inner, found := strings.Cut(part, "="); found && inner != "" && m.secret(name) {
			return true
		}
	}
	return false
}

// decode undoes percent-encoding, also when it was applied several times. What can't be decoded as
// a whole is decoded where it can be.
func decode(s string) string {
	for range 8 {
		if !strings.Contains(s, "%") {
			return s
		}
		decoded := unescape(s)
		if decoded == s {
			return s
		}
		s = decoded
	}
	return s
}

// unescape decodes every valid %xx and leaves the rest.
func unescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if decoded, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(decoded)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
