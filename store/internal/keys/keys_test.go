package keys

import "testing"

func TestKeys(t *testing.T) {
	tests := []struct{ prefix, channels, log, channel, pattern string }{
		{"userlog:", "userlog:", "userlog:log:ada", "userlog:log:ada", "userlog:log:*"},
		{"shop:", "shop:", "shop:log:ada", "shop:log:ada", "shop:log:*"},
		{"", "userlog:", "log:ada", "userlog:log:ada", "userlog:log:*"}, // as django-userlog names them
	}
	for _, test := range tests {
		keys, err := New(test.prefix, test.channels)
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
		if _, err := New(bad, bad); err == nil {
			t.Errorf("prefix %q was accepted", bad)
		}
	}
}
