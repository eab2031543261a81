// Package passkeys speaks WebAuthn for package auth. It stands apart because its library is heavy, and the admin in an application that has its
// own login needs none of it.
package passkeys

import (
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gin-userlog/userlog/auth"
)

// Verifier is an [auth.PasskeyVerifier]. Its passkeys can be found by the browser itself, and verify their user: without a password, they are
// two factors. Which device made them is not asked.
type Verifier struct{}

var _ auth.PasskeyVerifier = Verifier{}

// Create asks for a new passkey.
func (Verifier) Create(site auth.PasskeySite, user auth.PasskeyUser) (options, state []byte, err error) {
	known, err := newOwner(user)
	if err != nil {
		return nil, nil, err
	}
	library, err := of(site)
	if err != nil {
		return nil, nil, err
	}
	exclude := make([]protocol.CredentialDescriptor, len(known.credentials))
	for i, c := range known.credentials {
		exclude[i] = c.Descriptor()
	}
	creation, session, err := library.BeginRegistration(known, webauthn.WithExclusions(exclude))
	if err != nil {
		return nil, nil, fmt.Errorf("begin a registration: %w", err)
	}
	return both(creation.Response, session)
}

// Created checks the answer, and returns the new passkey.
func (Verifier) Created(site auth.PasskeySite, user auth.PasskeyUser, state, answer []byte) (auth.PasskeyKey, error) {
	known, err := newOwner(user)
	if err != nil {
		return auth.PasskeyKey{}, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("read a state: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("read an answer: %w", err)
	}
	library, err := of(site)
	if err != nil {
		return auth.PasskeyKey{}, err
	}
	credential, err := library.CreateCredential(known, session, parsed)
	if err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("check an answer: %w", err)
	}
	return keyOf(credential)
}

// Ask asks for any passkey of the site.
func (Verifier) Ask(site auth.PasskeySite) (options, state []byte, err error) {
	library, err := of(site)
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := library.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, fmt.Errorf("begin a login: %w", err)
	}
	return both(assertion.Response, session)
}

// Answered checks the answer, and returns the passkey as it is to be kept from now on.
func (Verifier) Answered(site auth.PasskeySite, state, answer []byte, find func(handle []byte) (auth.PasskeyUser, error)) (auth.PasskeyKey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("read a state: %w", err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("read an answer: %w", err)
	}
	library, err := of(site)
	if err != nil {
		return auth.PasskeyKey{}, err
	}
	_, credential, err := library.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		user, err := find(handle)
		if err != nil {
			return nil, err
		}
		return newOwner(user)
	}, session, parsed)
	if err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("check an answer: %w", err)
	}
	credential.Authenticator.SignCount = parsed.Response.AuthenticatorData.Counter // what the passkey says: auth compares it
	return keyOf(credential)
}

// of is the library for a site.
func of(site auth.PasskeySite) (*webauthn.WebAuthn, error) {
	timeout := webauthn.TimeoutConfig{Enforce: true, Timeout: auth.PasskeyTimeout, TimeoutUVD: auth.PasskeyTimeout}
	resident := true
	library, err := webauthn.New(&webauthn.Config{
		RPID: site.Host, RPDisplayName: "userlog", RPOrigins: []string{site.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("set up passkeys for %s: %w", site.Origin, err)
	}
	return library, nil
}

// both writes options and the state that belongs to them.
func both(options any, session *webauthn.SessionData) (encoded, state []byte, err error) {
	if encoded, err = json.Marshal(options); err != nil {
		return nil, nil, fmt.Errorf("write options: %w", err)
	}
	if state, err = json.Marshal(session); err != nil {
		return nil, nil, fmt.Errorf("write a state: %w", err)
	}
	return encoded, state, nil
}

// maxKept is how much is kept of a passkey, in bytes of JSON. Keys for signatures that no quantum computer forges have some 5 KiB. More is
// what somebody has made up, and would be read with the account at each request.
const maxKept = 8 << 10

// keyOf is what is kept of a passkey.
func keyOf(credential *webauthn.Credential) (auth.PasskeyKey, error) {
	credential.Attestation = webauthn.CredentialAttestation{} // says nothing that we ask for, and is long
	kept, err := json.Marshal(credential)
	if err != nil {
		return auth.PasskeyKey{}, fmt.Errorf("write a passkey: %w", err)
	}
	if len(kept) > maxKept {
		return auth.PasskeyKey{}, fmt.Errorf("the passkey has %d bytes: %d at most are kept", len(kept), maxKept)
	}
	return auth.PasskeyKey{ID: credential.ID, Kept: kept, Count: credential.Authenticator.SignCount}, nil
}

// owner is an account as the library asks for it.
type owner struct {
	user        auth.PasskeyUser
	credentials []webauthn.Credential
}

func newOwner(user auth.PasskeyUser) (owner, error) {
	o := owner{user: user}
	for _, key := range user.Keys {
		var credential webauthn.Credential
		if err := json.Unmarshal(key.Kept, &credential); err != nil {
			return owner{}, fmt.Errorf("read a passkey: %w", err)
		}
		o.credentials = append(o.credentials, credential)
	}
	return o, nil
}

// WebAuthnID is how passkeys know the account.
func (o owner) WebAuthnID() []byte { return o.user.Handle }

// WebAuthnName is the name of the account, which browsers show.
func (o owner) WebAuthnName() string { return o.user.Name }

// WebAuthnDisplayName is the same.
func (o owner) WebAuthnDisplayName() string { return o.user.Name }

// WebAuthnCredentials are the passkeys of the site.
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }
