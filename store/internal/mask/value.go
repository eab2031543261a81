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

// hasCredential reports whether something in a decoded value begins like a key of a well-known
// service or like an Authorization header, and does not go on like words.
func hasCredential(value string) bool {
	const shortest = len("bearer x")
	for i := 0; i+shortest <= len(value); i++ {
		if c := value[i]; c >= utf8.RuneSelf || i > 0 && class(value[i-1]) != other {
			continue
		} else if (c == 'b' || c == 'B') && beginsAuthorization(value[i:]) || credentials[c] != nil && beginsKey(value[i:], credentials[c]) {
			return true
		}
	}
	return false
}

func beginsKey(s string, credentials []credential) bool {
	for _, c := range credentials {
		key, found := strings.CutPrefix(s, c.prefix)
		if !found {
			continue
		}
		end := 0
		for end < len(key) && isTokenByte(key[end]) {
			end++
		}
		if c.follow == 0 || end >= c.follow && class(key[0]) != other && !isWords(key[:end]) {
			return true
		}
	}
	return false
}

// beginsAuthorization recognises Bearer and Basic; in a query, a space is also written as a plus.
func beginsAuthorization(s string) bool {
	for _, scheme := range schemes {
		if len(s) <= len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
			continue
		}
		secret := strings.TrimLeft(s[len(scheme):], " +")
		if len(secret) == len(s)-len(scheme) {
			continue // a longer word
		}
		if end := strings.IndexAny(secret, " +\"',;"); end >= 0 {
			secret = secret[:end]
		}
		if !isWords(secret) {
			return true
		}
	}
	return false
}

// hasUserinfo reports whether a decoded value contains an address with a name and a password before
// its host.
func hasUserinfo(value string) bool {
	for {
		cut := strings.Index(value, "//")
		if cut < 0 {
			return false
		}
		authority := value[cut+2:]
		if end := strings.IndexAny(authority, "/?# "); end >= 0 {
			authority = authority[:end]
		}
		if isUserinfo("//", authority) {
			return true
		}
		value = value[cut+2:]
	}
}

// isUserinfo reports whether an authority follows on before, and has a password.
func isUserinfo(before, authority string) bool {
	if !strings.HasSuffix(before, "//") {
		return false
	}
	userinfo, _, found := strings.Cut(authority, "@")
	_, password, _ := strings.Cut(userinfo, ":")
	return found && password != ""
}

// hasSecretName reports whether a decoded value names a secret and gives its value: the address in
// next=/reset?token=..., the JSON in data={"pin":1}, a search for password:x.
func (m *Masker) hasSecretName(value string) bool {
	const quotes = "\"' "
	for i := range len(value) {
		if value[i] != '=' && value[i] != ':' || strings.Trim(value[i+1:], quotes+"+=") == "" {
			continue
		}
		name := strings.TrimRight(value[:i], quotes)
		quoted := len(name) < i
		name = name[strings.LastIndexAny(name, "?&;#/,{}()<>:=+"+quotes)+1:]
		switch {
		case name == "":
		case value[i] == '=':
			if m.secret(name) {
				return true
			}
		case quoted || !isColumn(name):
			if m.secretName(name) {
				return true
			}
		}
	}
	return false
}

// isColumn recognises names that stand before a colon in harmless expressions, such as sort=key:asc
// or q=code:404.
func isColumn(name string) bool {
	return strings.EqualFold(name, "key") || strings.EqualFold(name, "code")
}
