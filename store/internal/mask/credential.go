package mask

import (
	"strings"
	"unicode/utf8"
)

// credential is how a key of a well-known service begins, and how many characters of base64 follow at
// least. The less a beginning says, the more have to follow.
type credential struct {
	prefix string
	follow int
}

// credentials are grouped by their first byte.
var credentials = byFirst(
	credential{"eyJ", 8},                           // {" in base64: a JSON Web Token, or a part of one
	credential{"AKIA", 12}, credential{"ASIA", 12}, // AWS
	credential{"AIza", 12}, credential{"ya29.", 12}, // Google
	credential{"sk_live_", 6}, credential{"sk_test_", 6}, credential{"rk_live_", 6}, credential{"rk_test_", 6}, // Stripe
	credential{"pk_live_", 6}, credential{"pk_test_", 6}, credential{"whsec_", 6},
	credential{"ghp_", 6}, credential{"gho_", 6}, credential{"ghu_", 6}, credential{"ghs_", 6}, credential{"ghr_", 6}, // GitHub
	credential{"github_pat_", 6}, credential{"glpat-", 6}, // and GitLab
	credential{"xoxb-", 4}, credential{"xoxp-", 4}, credential{"xoxa-", 4}, credential{"xoxs-", 4}, // Slack
	credential{"npm_", 16}, credential{"pypi-", 16}, credential{"hf_", 16}, // registries
	credential{"SG.", 16}, credential{"sk-", 16}, // SendGrid, OpenAI
	credential{"shpat_", 8}, credential{"shpss_", 8}, credential{"hvs.", 8}, credential{"dckr_pat_", 8}, credential{"dop_v1_", 8}, // Shopify, Vault, Docker, DigitalOcean
	credential{"-----BEGIN", 0}, // PEM
)

func byFirst(all ...credential) (table [128][]credential) {
	for _, c := range all {
		table[c.prefix[0]] = append(table[c.prefix[0]], c)
	}
	return table
}

// schemes of an Authorization header that are followed by a secret.
var schemes = [...]string{"bearer", "basic"}

// hasCredential reports whether something in a decoded value begins like a key of a well-known service or
// like an Authorization header, and does not go on like words.
func (w *walk) hasCredential(value string) bool {
	const shortest = len("bearer x")
	w.work += len(value)
	for i := 0; i+shortest <= len(value); i++ {
		c := value[i]
		if c >= utf8.RuneSelf || i > 0 && class(value[i-1]) != other {
			continue
		}
		if (c == 'b' || c == 'B') && w.beginsAuthorization(value[i:]) || credentials[c] != nil && w.beginsKey(value[i:], credentials[c]) {
			return true
		}
	}
	return false
}

// beginsKey recognises a key by its beginning and by as many characters behind it as are needed.
func (w *walk) beginsKey(s string, credentials []credential) bool {
	for _, c := range credentials {
		if s[1] != c.prefix[1] || !strings.HasPrefix(s, c.prefix) || len(s) < len(c.prefix)+c.follow {
			continue
		}
		if c.follow == 0 {
			return true
		}
		key := s[len(c.prefix):][:c.follow]
		w.work += 2 * len(key)
		w.reads++
		if w.exhausted() || class(key[0]) != other && !isWords(key) && isToken(key) {
			return true
		}
	}
	return false
}

// beginsAuthorization recognises Bearer and Basic; in a query, a space is also written as a plus.
func (w *walk) beginsAuthorization(s string) bool {
	for _, scheme := range schemes {
		if len(s) <= len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
			continue
		}
		secret := strings.TrimLeft(s[len(scheme):], " +")
		spaces := len(s) - len(scheme) - len(secret)
		if spaces == 0 {
			continue // a longer word
		}
		if end := strings.IndexAny(secret, " +\"',;"); end >= 0 {
			secret = secret[:end]
		}
		w.work += spaces + 2*len(secret)
		if !isWords(secret) {
			return true
		}
	}
	return false
}

// isToken reports whether s is in base64.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return true
}
