package mask

import "testing"

func TestNamesHaveAMeaning(t *testing.T) {
	for name, want := range map[string]meaning{
		"password": secret, "userPassword": secret, "USER_PASSWORD_2": secret, "pass.word": secret, "otp1": secret, "otp[0]": secret, "pin[value]": secret,
		"authcode": secret, "auth_code": secret, "authCode2": secret, "userpass": secret, "newPin": secret, "pin_confirm": secret, "Пароль": secret,
		"reset": announcing, "user[invite]": announcing, "confirm": announcing,
		"code": common, "key": common, "API-code": secret, "product_key_2": harmless, "foreignKey": harmless, "session_id": common,
		"": harmless, "0": harmless, "page": harmless, "zip_code": harmless, "zipcode": harmless, "monkey": harmless, "pinned": harmless, "email_confirm": harmless,
		"compass": harmless, "authors": harmless, "value": harmless, "new": harmless, "reset_at": harmless, "[]": harmless, "é": harmless,
	} {
		w := walk{Masker: New(nil, nil)}
		r := w.read(name)
		if got := w.meaning(name, &r); got != want {
			t.Errorf("%q has meaning %d, want %d", name, got, want)
		}
	}
}

// TestAutomatonFindsEveryPart compares it with a search for each part.
func TestAutomatonFindsEveryPart(t *testing.T) {
	a := newAutomaton(map[senses]string{secretWord: "he she his hers", commonWord: "use user"}).link()
	for text, want := range map[string]senses{
		"": 0, "h": 0, "ushers": secretWord, "hi s": 0, "shi": 0, "this": secretWord, "user": commonWord, "ouse": commonWord, "usehe": commonWord | secretWord,
	} {
		state, got := beginning, senses(0)
		for i := range len(text) {
			state = a.step(state, text[i])
			got |= a.senses[state]
		}
		if got != want {
			t.Errorf("%q has %b, want %b", text, got, want)
		}
	}
}
