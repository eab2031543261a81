package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// MinSeedKey is how long a key is at least that seals the seeds of authenticator apps, in bytes.
const MinSeedKey = 32

const (
	// sealIDLength is how many bytes of a sealed text say by which key.
	sealIDLength = 8
	// sealerUse is what keys of sealers are for, as [Box] tells keys apart.
	sealerUse = "userlog second factors"
)

// errSealed is the error of opening what this program has not sealed, or has sealed by a key that it has no more, or for something else.
var errSealed = errors.New("what was sealed can't be opened: is it sealed by another key?")

// sealer encrypts what Redis or a page keeps for us, so that it can be neither read nor changed there (AES-256-GCM). The first of the
// given keys seals, and all of them open. Without a given one, the key is in Redis, too. Texts that this one has sealed can
// be opened also where keys are given by now.
type sealer struct {
	given  [][]byte
	shared *sharedKey
}

func newSealer(client redis.UniversalClient, keys Keys, given [][]byte) *sealer {
	return &sealer{given: given, shared: &sharedKey{client: client, name: keys.seedKey()}}
}

// seal encrypts a text for one purpose: it can be opened for no other.
func (s *sealer) seal(ctx context.Context, purpose string, plain []byte) (string, error) {
	secrets, err := s.secrets(ctx)
	if err != nil {
		return "", err
	}
	box, id, err := Box(secrets[0], sealerUse, sealIDLength)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(id, nil, plain, []byte(purpose))), nil
}

// open is the inverse of seal. It tells whether the text was sealed by another key than seal would use. Its errors are errSealed, and the
// failure of Redis or ctx.
func (s *sealer) open(ctx context.Context, purpose, sealed string) (plain []byte, old bool, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) < sealIDLength {
		return nil, false, errSealed
	}
	secrets, err := s.secrets(ctx)
	if err != nil {
		return nil, false, err
	}
	for i, secret := range secrets {
		box, id, err := Box(secret, sealerUse, sealIDLength)
		if err != nil {
			return nil, false, err
		}
		if bytes.Equal(id, raw[:sealIDLength]) {
			if plain, err = box.Open(nil, nil, raw[sealIDLength:], []byte(purpose)); err != nil {
				return nil, false, errSealed
			}
			return plain, i > 0, nil
		}
	}
	return nil, false, errSealed
}

// secrets are all keys there are, the one that seals first.
func (s *sealer) secrets(ctx context.Context) ([][]byte, error) {
	shared, err := s.shared.get(ctx)
	if err != nil {
		return nil, err
	}
	return append(slices.Clone(s.given), shared), nil
}
