package store

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckUsername(t *testing.T) {
	for _, good := range []string{"ada", "*", "al*", "[a-z]", "a:b", "{a}b", "Ünï", "<b>", "two words", "🙂", strings.Repeat("a", MaxUsername)} {
		if err := CheckUsername(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	bad := map[string]error{
		"": ErrUsernameEmpty, strings.Repeat("a", MaxUsername+1): ErrUsernameLong,
		"a\x00": ErrUsernameInvalid, "a\nb": ErrUsernameInvalid, "\xff": ErrUsernameInvalid, "a\u0085": ErrUsernameInvalid,
	}
	for name, want := range bad {
		if err := CheckUsername(name); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", name, err, want)
		}
	}
}
