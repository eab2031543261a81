package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// How keys begin as texts. The two are told apart, so that nobody publishes a secret for a public key.
const (
	secretKeyPrefix = "userlog-audit-secret:"
	publicKeyPrefix = "userlog-audit-public:"
)

// signedContext stands before what is signed, so that the key can sign nothing else by mistake.
const signedContext = "userlog audit copy 1\n"

// signatureMember is where the part of a line ends that is signed.
const signatureMember = `,"signature":"`

// Errors of keys. They don't repeat what was to be read.
var (
	errSigningKey = errors.New("this is no key that signs the audit log: userlog audit key makes one")
	errPublicKey  = errors.New("this is no public key of the audit log: userlog audit key prints it")
)

// SigningKey signs the lines of a copy (Ed25519).
type SigningKey struct{ private ed25519.PrivateKey }

// NewSigningKey returns a random key.
func NewSigningKey() SigningKey {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails, it ends the program instead
	return SigningKey{ed25519.NewKeyFromSeed(seed)}
}

// ParseSigningKey reads what [SigningKey.Secret] has returned.
func ParseSigningKey(text string) (SigningKey, error) {
	seed, ok := keyBytes(secretKeyPrefix, text, ed25519.SeedSize)
	if !ok {
		return SigningKey{}, errSigningKey
	}
	return SigningKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Secret is the key as a text, to be kept where nobody else can read it.
func (k SigningKey) Secret() string { return keyText(secretKeyPrefix, k.private.Seed()) }

// Public is what checks signatures of the key.
func (k SigningKey) Public() PublicKey {
	return PublicKey{k.private.Public().(ed25519.PublicKey)}
}

// PublicKey checks signatures. It is no secret, but has to be the right one.
type PublicKey struct{ key ed25519.PublicKey }

// ParsePublicKey reads what [PublicKey.String] has returned.
func ParsePublicKey(text string) (PublicKey, error) {
	key, ok := keyBytes(publicKeyPrefix, text, ed25519.PublicKeySize)
	if !ok {
		return PublicKey{}, errPublicKey
	}
	return PublicKey{key}, nil
}

// String is the key as a text.
func (p PublicKey) String() string { return keyText(publicKeyPrefix, p.key) }

// id is how lines name the key.
func (p PublicKey) id() string {
	sum := sha256.Sum256(p.key)
	return hex.EncodeToString(sum[:8])
}

func keyText(prefix string, key []byte) string {
	return prefix + base64.RawURLEncoding.EncodeToString(key)
}

func keyBytes(prefix, text string, size int) (key []byte, ok bool) {
	encoded, found := strings.CutPrefix(strings.TrimSpace(text), prefix)
	key, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return key, found && err == nil && len(key) == size
}

// signer signs the lines of one copy of one process. It numbers them, so that a line that was removed leaves a hole.
type signer struct {
	key    func() SigningKey
	series string // the lines that belong together
	lines  int64
}

// newSigner returns nil where nothing is to be signed.
func newSigner(key func() SigningKey) *signer {
	if key == nil {
		return nil
	}
	return &signer{key: key, series: rand.Text()}
}

// sign returns a record's line with more members behind its hash: the series, the number of the line in it, the key, and the signature of all
// that stands before it. Where there is nothing to sign by, it is the line itself.
func (s *signer) sign(line []byte) []byte {
	if s == nil {
		return line
	}
	s.lines++
	key := s.key()
	signed := fmt.Appendf([]byte(signedContext), `%s,"series":%q,"line":%d,"key":%q`, bytes.TrimSuffix(line, []byte("}\n")), s.series, s.lines, key.Public().id())
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key.private, signed))
	return fmt.Appendf(signed[len(signedContext):], "%s%s\"}\n", signatureMember, signature)
}

// signatures checks lines of copies by public keys.
type signatures struct {
	keys   map[string]ed25519.PublicKey  // by their ids
	series map[string]map[int64]struct{} // numbers of lines
}

func newSignatures(keys []PublicKey) signatures {
	s := signatures{keys: make(map[string]ed25519.PublicKey), series: make(map[string]map[int64]struct{})}
	for _, key := range keys {
		s.keys[key.id()] = key.key
	}
	return s
}

// signature is what a line says of how it was signed.
type signature struct {
	Series string `json:"series"`
	Line   int64  `json:"line"`
	Key    string `json:"key"`
	Text   string `json:"signature"`
}

// check reports whether a line was signed by one of the keys, and notes its number.
func (s signatures) check(line string, stated signature) bool {
	signed, found := strings.CutSuffix(line, signatureMember+stated.Text+`"}`)
	text, err := base64.StdEncoding.Strict().DecodeString(stated.Text)
	key := s.keys[stated.Key]
	if !found || err != nil || key == nil || !ed25519.Verify(key, []byte(signedContext+signed), text) {
		return false
	}
	if s.series[stated.Series] == nil {
		s.series[stated.Series] = make(map[int64]struct{})
	}
	s.series[stated.Series][stated.Line] = struct{}{}
	return true
}

// missing is how many lines are missing between others of their series.
func (s signatures) missing() (n int64) {
	for _, lines := range s.series {
		var first, last int64
		for number := range lines {
			if first == 0 || number < first {
				first = number
			}
			last = max(last, number)
		}
		n += last - first + 1 - int64(len(lines))
	}
	return n
}
