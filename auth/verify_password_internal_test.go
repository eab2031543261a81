//go:build unix

package auth

import (
	"errors"
	"slices"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// The time of an answer must not tell whether an account exists. Nearly all of it is the computation of
// the hash: so there is exactly one, of the same cost, for whatever name and password.
func TestEveryRefusalCostsOneHash(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	accounts := NewAccounts(redistest.Patient(t, redistest.Start(t).Client(t)), Keys{}, AccountOptions{})
	var computed []Cost
	accounts.hasher.derive = func(password string, p passwordHash) []byte {
		computed = append(computed, p.Cost)
		return slices.Repeat([]byte(password[:1]), len(p.sum))
	}
	for _, name := range []string{"ada", "disabled"} {
		if err := accounts.Create(ctx, name, Viewer, "correct horse battery"); err != nil {
			t.Fatal(err)
		}
	}
	if err := accounts.Disable(ctx, "disabled"); err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Invite(ctx, "without password", Viewer); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ada", "unknown", "disabled", "without password", "", "impossible\x00"} {
		computed = nil
		if _, err := accounts.Verify(ctx, name, "wrong password"); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q: got %v, want ErrCredentials", name, err)
		}
		if !slices.Equal(computed, []Cost{defaultCost}) {
			t.Errorf("%q: the hashes computed have the costs %+v, want one of %+v", name, computed, defaultCost)
		}
	}
}
