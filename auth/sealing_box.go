package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// boxKeyLength is the length of a key of AES-256, in bytes.
const boxKeyLength = 32

// Box makes of a secret what seals texts by it (AES-256-GCM, each text with a random nonce), and idLength bytes that name the key and tell
// nothing of it. The use says what is sealed: a text that is sealed for one use can be opened for no other. An error is one of the program.
func Box(secret []byte, use string, idLength int) (box cipher.AEAD, id []byte, err error) {
	material, err := hkdf.Key(sha256.New, secret, nil, use, boxKeyLength+idLength)
	if err != nil {
		return nil, nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(material[:boxKeyLength])
	if err != nil {
		return nil, nil, fmt.Errorf("make a cipher: %w", err)
	}
	box, err = cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, nil, fmt.Errorf("make a cipher: %w", err)
	}
	return box, material[boxKeyLength:], nil
}
