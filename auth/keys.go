package auth

import (
	"crypto/sha256"
	"encoding/hex"
)

// Keys spells every key of this package in Redis; no other file does. Prefix begins each of them:
// it is the store's.
type Keys struct{ Prefix string }

// accounts is the HASH name → account, as JSON.
func (k Keys) accounts() string { return k.Prefix + "accounts" }

// Types are the keys that there is one of, and what Redis' TYPE says of each.
func (k Keys) Types() map[string]string {
	return map[string]string{k.accounts(): "hash", k.browserKey(): "string", k.seedKey(): "string"}
}

// accountSessions is the ZSET of an account's session hashes → time of expiry, in Unix seconds.
func (k Keys) accountSessions(name string) string { return k.Prefix + "sessions:" + name }

// accountTokens is the ZSET of the hashes of an account's tokens → time of expiry, in Unix seconds.
func (k Keys) accountTokens(name string) string { return k.Prefix + "tokens:" + name }

// session is the STRING that holds one session as JSON. The hash is the SHA-256 of the cookie's
// secret, in hexadecimal.
func (k Keys) session(hash string) string { return k.Prefix + "session:" + hash }

// token is the STRING that holds one program's token as JSON. The hash is the SHA-256 of its secret,
// in hexadecimal.
func (k Keys) token(hash string) string { return k.Prefix + "token:" + hash }

// ticket is the STRING that holds one ticket for a live log as JSON, for some seconds. The hash is the SHA-256 of its secret, in
// hexadecimal.
func (k Keys) ticket(hash string) string { return k.Prefix + "ticket:" + hash }

// ticketsMade is the STRING in which is counted how many tickets an account has had, as attempts to log in are. The name is
// hashed, because a host's may be of any length.
func (k Keys) ticketsMade(account string) string {
	return k.Prefix + "tickets:" + hashPair("tickets", account)
}

// signOn is the STRING that holds, as JSON, what a provider has said of the person of a session, under the session's hash.
func (k Keys) signOn(hash string) string { return k.Prefix + "sign-on:" + hash }

// signOns is the ZSET of the same hashes → when the provider is to be asked again, in Unix milliseconds.
func (k Keys) signOns() string { return k.Prefix + "sign-ons" }

// signOnSubject is the STRING that says, hashed, which person of a provider has a name. The name is hashed, too.
func (k Keys) signOnSubject(name string) string {
	return k.Prefix + "sign-on-subject:" + hashPair("name", name)
}

// Reason is the STRING that holds why an account watches a user, "" for everyone, until it expires.
// The names are hashed, so that no two pairs share a key.
func (k Keys) Reason(account, username string) string {
	return k.Prefix + "reason:" + hashPair(account, username)
}

// loginAttempts is the STRING with the time at which one subject's attempts to log in are forgotten.
// The subject is an address, or an account and an address. The key expires at that time. A script
// counts in it, so that the Redis user of the admin must be allowed EVAL and EVALSHA.
func (k Keys) loginAttempts(subject string) string { return k.Prefix + "attempts:" + subject }

// Recorded is the STRING with the time at which it is forgotten how much an account has had written
// to the audit log, by one means. It is counted as the attempts to log in is. The names are hashed,
// because a host's may be of any length.
func (k Keys) Recorded(account, via string) string {
	return k.Prefix + "recorded:" + hashPair(via, account)
}

// codesTried is the STRING in which is counted how many support codes all accounts have tried, as attempts to log in are.
func (k Keys) codesTried() string { return k.Prefix + "recorded:codes" }

// browserKey is the STRING of 32 random bytes with which the cookies of known browsers are signed.
func (k Keys) browserKey() string { return k.Prefix + "browser-key" }

// seedKey is the STRING of 32 random bytes with which the seeds of authenticator apps are sealed where no key was given.
func (k Keys) seedKey() string { return k.Prefix + "seed-key" }

// claim is the STRING that is there while, or shortly after, one request does what can be done once, such as using a
// link. Both texts are hashed, because the second one may be a secret.
func (k Keys) claim(action, what string) string { return k.Prefix + "claim:" + hashPair(action, what) }

// hashPair makes one part of a key of two texts of any length and content.
func hashPair(one, other string) string {
	sum := sha256.Sum256([]byte(one + "\x00" + other))
	return hex.EncodeToString(sum[:])
}
