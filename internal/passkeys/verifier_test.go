package passkeys_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/passkeys"
)

func site() auth.PasskeySite {
	return auth.PasskeySite{Host: "support.example.com", Origin: "https://support.example.com:8443"}
}

// A passkey lets in without a password. So the browser has to find it by itself, and it has to verify its user. The names of its site are ours.
func TestWhatBrowsersAreAsked(t *testing.T) {
	t.Parallel()
	var verifier passkeys.Verifier
	user := auth.PasskeyUser{Handle: []byte("handle"), Name: "ada"}
	created, _, err := verifier.Create(site(), user)
	if err != nil {
		t.Fatal(err)
	}
	var creation struct {
		RP                     struct{ ID string }
		User                   struct{ ID, Name string }
		Attestation            string
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
	if err := json.Unmarshal(created, &creation); err != nil || creation.RP.ID != "support.example.com" || creation.User.Name != "ada" ||
		creation.User.ID != "aGFuZGxl" || creation.AuthenticatorSelection.ResidentKey != "required" || creation.AuthenticatorSelection.UserVerification != "required" {
		t.Errorf("to make one: %s, %v", created, err)
	}
	asked, state, err := verifier.Ask(site())
	if err != nil {
		t.Fatal(err)
	}
	var assertion struct {
		RPID, UserVerification, Challenge string
		AllowCredentials                  []any
	}
	if err := json.Unmarshal(asked, &assertion); err != nil || assertion.RPID != "support.example.com" || assertion.UserVerification != "required" ||
		len(assertion.AllowCredentials) != 0 || !strings.Contains(string(state), assertion.Challenge) {
		t.Errorf("to use one: %s, %v", asked, err)
	}
	if again, _, err := verifier.Ask(site()); err != nil || string(again) == string(asked) {
		t.Errorf("two questions have one challenge: %s, %v", again, err)
	}
}

// Whatever stands in an answer or a state, it is an error and no panic.
func FuzzAnswers(f *testing.F) {
	var verifier passkeys.Verifier
	_, state, err := verifier.Ask(site())
	if err != nil {
		f.Fatal(err)
	}
	_, creation, err := verifier.Create(site(), auth.PasskeyUser{Handle: []byte("handle"), Name: "ada"})
	if err != nil {
		f.Fatal(err)
	}
	for _, answer := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AA","userHandle":"AA"}}`} {
		f.Add(state, []byte(answer))
		f.Add(creation, []byte(answer))
		f.Add([]byte("{}"), []byte(answer))
	}
	find := func(handle []byte) (auth.PasskeyUser, error) {
		return auth.PasskeyUser{Handle: handle, Name: "ada"}, nil
	}
	f.Fuzz(func(t *testing.T, state, answer []byte) {
		if key, err := verifier.Answered(site(), state, answer, find); err == nil {
			t.Errorf("answered by %+v", key)
		}
		if key, err := verifier.Created(site(), auth.PasskeyUser{Handle: []byte("handle")}, state, answer); err == nil && len(key.ID) == 0 {
			t.Errorf("created %+v", key)
		}
	})
}
