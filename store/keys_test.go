package store

import (
	"errors"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	tests := []struct{ prefix, log, channel, pattern string }{
		{"", "userlog:log:ada", "userlog:log:ada", "userlog:log:*"},
		{"shop:", "shop:log:ada", "shop:log:ada", "shop:log:*"},
		{NoKeyPrefix, "log:ada", "userlog:log:ada", "userlog:log:*"}, // as django-userlog names them
	}
	for _, test := range tests {
		keys, err := newKeys(test.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if keys.Log("ada") != test.log || keys.LogChannel("ada") != test.channel || keys.LogPattern() != test.pattern {
			t.Errorf("prefix %q: got %s, %s, %s", test.prefix, keys.Log("ada"), keys.LogChannel("ada"), keys.LogPattern())
		}
		if username, ok := keys.LogUsername(keys.LogChannel("a:b")); !ok || username != "a:b" {
			t.Errorf("prefix %q: the channel of a:b is read as %q, %v", test.prefix, username, ok)
		}
		if _, ok := keys.LogUsername(keys.Probe("n")); ok {
			t.Errorf("prefix %q: the probe is read as a log", test.prefix)
		}
	}
	for _, bad := range []string{"a*", "a?", "[a]", `a\`, "a b", "é:", "a\n"} {
		if _, err := newKeys(bad); err == nil {
			t.Errorf("prefix %q was accepted", bad)
		}
	}
}

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
