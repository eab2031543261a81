package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The list of common passwords is what its licence file says it is.
func TestCommonPasswordsAreThePinnedOnes(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("common_passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	licence, err := os.ReadFile("common_passwords.LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(list); !strings.Contains(string(licence), hex.EncodeToString(sum[:])) {
		t.Errorf("common_passwords.txt has the checksum %x, which common_passwords.LICENSE does not name", sum)
	}
	// OWASP ASVS 5, 6.2.4 asks for 3,000 that the policy would otherwise admit.
	if n := strings.Count(string(list), "\n") - 1; n < 3000 {
		t.Errorf("there are %d", n)
	}
}
