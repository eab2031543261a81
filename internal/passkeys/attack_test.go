package passkeys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/passkeys"
)

// Flags of an authenticator's data.
const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

// key is a passkey in software, which answers whatever a thief would have it answer.
type key struct {
	private *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	count   uint32
}

// lie is what a browser and a device say. The zero lie is the truth about [site].
type lie struct {
	kind, challenge, origin, host string
	flags                         byte // 0 = present and verified
	crossOrigin                   bool
	handle                        []byte
	transports                    []string
	format                        string
	id                            []byte
}

func newKey(t *testing.T) *key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &key{private: private, id: make([]byte, 32), handle: []byte("handle of ada")}
	rand.Read(k.id)
	return k
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client is what the browser signs.
func (l lie) client(kind, challenge string) []byte {
	said := map[string]any{"type": kind, "challenge": challenge, "origin": site().Origin, "crossOrigin": l.crossOrigin}
	for name, value := range map[string]string{"type": l.kind, "challenge": l.challenge, "origin": l.origin} {
		if value != "" {
			said[name] = value
		}
	}
	line, _ := json.Marshal(said) // texts can always be marshalled
	return line
}

// data is what the device signs.
func (k *key) data(l lie, more byte) []byte {
	host, flags := site().Host, byte(present|verified)
	if l.host != "" {
		host = l.host
	}
	if l.flags != 0 {
		flags = l.flags
	}
	sum := sha256.Sum256([]byte(host))
	return binary.BigEndian.AppendUint32(append(sum[:], flags|more), k.count)
}

// create answers a question for a new passkey.
func (k *key) create(t *testing.T, options []byte, l lie) []byte {
	t.Helper()
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		t.Fatal(err)
	}
	id := k.id
	if l.id != nil {
		id = l.id
	}
	data := append(k.data(l, attested), make([]byte, 16)...) // without a model
	data = append(append(binary.BigEndian.AppendUint16(data, uint16(len(id))), id...), public...)
	format := "none"
	if l.format != "" {
		format = l.format
	}
	object, err := webauthncbor.Marshal(map[string]any{"fmt": format, "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		t.Fatal(err)
	}
	return answer(t, id, map[string]any{
		"clientDataJSON": encoded(l.client("webauthn.create", challengeOf(t, options))), "attestationObject": encoded(object), "transports": l.transports,
	})
}

// use answers a question for a passkey.
func (k *key) use(t *testing.T, options []byte, l lie) []byte {
	t.Helper()
	client, data := l.client("webauthn.get", challengeOf(t, options)), k.data(l, 0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(data, hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	handle := k.handle
	if l.handle != nil {
		handle = l.handle
	}
	return answer(t, k.id, map[string]any{
		"clientDataJSON": encoded(client), "authenticatorData": encoded(data), "signature": encoded(signature), "userHandle": encoded(handle),
	})
}

func answer(t *testing.T, id []byte, response map[string]any) []byte {
	t.Helper()
	line, err := json.Marshal(map[string]any{"id": encoded(id), "rawId": encoded(id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func challengeOf(t *testing.T, options []byte) string {
	t.Helper()
	var asked struct{ Challenge string }
	if err := json.Unmarshal(options, &asked); err != nil || asked.Challenge == "" {
		t.Fatalf("%s: %v", options, err)
	}
	return asked.Challenge
}

// made is a passkey of ada's, and what is kept of it.
func made(t *testing.T) (*key, auth.PasskeyUser) {
	t.Helper()
	k := newKey(t)
	user := auth.PasskeyUser{Handle: k.handle, Name: "ada"}
	options, state, err := passkeys.Verifier{}.Create(site(), user)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := passkeys.Verifier{}.Created(site(), user, state, k.create(t, options, lie{}))
	if err != nil {
		t.Fatal(err)
	}
	user.Keys = []auth.PasskeyKey{kept}
	return k, user
}

// A passkey that answers for something else than what was asked lets nobody in.
func TestAnswersOfThieves(t *testing.T) {
	t.Parallel()
	k, ada := made(t)
	eve, eves := made(t)
	eves.Handle, eve.handle, eves.Name = []byte("handle of eve"), []byte("handle of eve"), "eve"
	find := func(handle []byte) (auth.PasskeyUser, error) {
		switch string(handle) {
		case string(ada.Handle):
			return ada, nil
		case string(eves.Handle):
			return eves, nil
		}
		return auth.PasskeyUser{}, fmt.Errorf("nobody has the handle %q", handle)
	}
	options, state, err := passkeys.Verifier{}.Ask(site())
	if err != nil {
		t.Fatal(err)
	}
	older, olderState, err := passkeys.Verifier{}.Ask(site())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (passkeys.Verifier{}).Answered(site(), state, k.use(t, options, lie{}), find); err != nil {
		t.Fatalf("the truth: %v", err)
	}
	for what, given := range map[string][]byte{
		"for an older question":             k.use(t, older, lie{}),
		"for no question":                   k.use(t, options, lie{challenge: "AAAA"}),
		"for another site":                  k.use(t, options, lie{origin: "https://evil.example.com", host: "evil.example.com"}),
		"on the page of another site":       k.use(t, options, lie{origin: "https://evil.example.com"}),
		"on a page without its port":        k.use(t, options, lie{origin: "https://support.example.com"}),
		"on a page without https":           k.use(t, options, lie{origin: "http://support.example.com:8443"}),
		"by the passkey of another host":    k.use(t, options, lie{host: "example.com"}),
		"in a frame of another site":        k.use(t, options, lie{crossOrigin: true}),
		"that was to make one":              k.use(t, options, lie{kind: "webauthn.create"}),
		"without having verified its user":  k.use(t, options, lie{flags: present}),
		"without anybody there":             k.use(t, options, lie{flags: verified}),
		"by one of eve's, as ada":           eve.use(t, options, lie{handle: ada.Handle}),
		"by one of ada's, as eve":           k.use(t, options, lie{handle: eves.Handle}),
		"as nobody":                         k.use(t, options, lie{handle: []byte{}}),
		"by one that nobody has registered": newKey(t).use(t, options, lie{}),
	} {
		if got, err := (passkeys.Verifier{}).Answered(site(), state, given, find); err == nil {
			t.Errorf("an answer %s is taken: %+v", what, got)
		}
	}
	if _, err := (passkeys.Verifier{}).Answered(site(), olderState, k.use(t, options, lie{}), find); err == nil {
		t.Error("an answer is taken for another question")
	}
	elsewhere := auth.PasskeySite{Host: "support.example.com", Origin: "https://support.example.com"}
	if _, err := (passkeys.Verifier{}).Answered(elsewhere, state, k.use(t, options, lie{}), find); err == nil {
		t.Error("an answer is taken at another port")
	}
}

// What is no passkey, or is made for something else, is not registered.
func TestPasskeysOfThieves(t *testing.T) {
	t.Parallel()
	ada := auth.PasskeyUser{Handle: []byte("handle of ada"), Name: "ada"}
	options, state, err := passkeys.Verifier{}.Create(site(), ada)
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(t)
	for what, l := range map[string]lie{
		"for another question":             {challenge: "AAAA"},
		"on the page of another site":      {origin: "https://evil.example.com"},
		"for another host":                 {host: "example.com"},
		"in a frame of another site":       {crossOrigin: true},
		"that was to be used":              {kind: "webauthn.get"},
		"without having verified its user": {flags: present},
		"with an endless id":               {id: []byte(strings.Repeat("x", 1024))},
		"without an id":                    {id: []byte{}},
		"by an unknown attestation":        {format: "trust-me"},
		"by an empty attestation":          {format: "packed"},
		"with endless transports":          {transports: []string{strings.Repeat("x", 20_000)}},
	} {
		got, err := passkeys.Verifier{}.Created(site(), ada, state, k.create(t, options, l))
		if err == nil {
			t.Errorf("a passkey %s is registered, of which %d bytes are kept", what, len(got.Kept))
		}
	}
}
