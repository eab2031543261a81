package mask

import (
	"strings"
	"testing"
)

func TestSentencesStayReadable(t *testing.T) {
	m := New(nil, nil)
	for _, sentence := range []string{
		"card declined", "wrong password", "Password: must have 8 characters", "Password: {min: 8}", "token: expired",
		"Email: {key: email}; Password: {min: 8}", "pin: is wrong", "Passwort: zu kurz", "code: is wrong", "  two  blanks ",
		"Key: 'User.Password' Error:Field validation for 'Password' failed on the 'min' tag",
		"コードが違います", "no stock of article 4711", "order 2024-11-03/17 is closed", "", "...",
	} {
		if got := m.Sentence(sentence); got != sentence {
			t.Errorf("%q became %q", sentence, got)
		}
	}
}

func TestSentencesTellNoSecret(t *testing.T) {
	m := New([]string{"iban"}, nil)
	for _, test := range []struct{ sentence, want string }{
		{"code: 481234 is wrong", "code: *** is wrong"},
		{"password:hunter2 is too short", "password:*** is too short"},
		{"the password: 'hunter2', is too short", "the password: '***', is too short"},
		{`{"password":"hunter2"} is no login`, `{"password":***"} is no login`},
		{"no page at /reset?token=abc123", "no page at /reset?token=***"},
		{"token=abc123 is unknown", "token=*** is unknown"},
		{"Authorization: Bearer abc123 was refused", "Authorization: Bearer *** was refused"},
		{"card 4111111111111111 declined", "card *** declined"},
		{"card 4111 1111 1111 1111 declined, not 4111 1111 1111 1112", "card *** declined, not 4111 1111 1111 1112"},
		{"3782 822463 10005", "***"},
		{"paid by 4111 1111 1111 1111 12/27", "paid by *** 12/27"},
		{"4111 1111 1111 1111 12 27, and 5500 0055 5555 5559 08-29", "*** 12 27, and *** 08-29"},
		{"item 12 4111111111111111 3 times", "item 12 *** 3 times"},
		{"can't reach https://ada:hunter2@bank/pay", "can't reach https://***/pay"},
		{"unknown key sk_live_4eC39HqLyjWDarjtT1zdp7dc", "unknown key ***"},
		{"iban: DE02120300000000202051 is wrong", "iban: *** is wrong"},
	} {
		if got := m.Sentence(test.sentence); got != test.want {
			t.Errorf("%q became %q, want %q", test.sentence, got, test.want)
		}
	}
}

// FuzzSentence looks for sentences that panic, or that masking makes longer without end.
func FuzzSentence(f *testing.F) {
	f.Add("password: hunter2, https://ada:pw@host/?token=x")
	m := New(nil, nil)
	f.Fuzz(func(t *testing.T, sentence string) {
		if got := m.Sentence(sentence); len(got) > len(sentence)+len(masked)*(1+len(strings.Fields(sentence))*4) {
			t.Errorf("%q became %q", sentence, got)
		}
	})
}
