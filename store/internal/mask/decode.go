package mask

import (
	"net/url"
	"strings"
)

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

// isEncoded reports whether what decode returned is encoded still, and can't be judged.
func isEncoded(decoded string) bool {
	return strings.Contains(decoded, "%") && unescape(decoded) != decoded
}
