package keys

import "testing"

// Wherever a list is, there is its channel.
func TestAChannelIsInItsSlot(t *testing.T) {
	for _, prefix := range []string{"userlog:", "{shop}:", "shop{:", "{}:", "}:", "a{b}c{d}:"} {
		k, err := New(prefix, prefix)
		if err != nil {
			t.Fatal(err)
		}
		used, seen := k.UsedSlots(), map[string]bool{}
		for _, s := range used {
			name := k.SlotChannel(s)
			if slot(name) != s || seen[name] {
				t.Fatalf("prefix %q: the channel of slot %d is %s, in slot %d", prefix, s, name, slot(name))
			}
			seen[name] = true
		}
		for _, username := range []string{"ada", "{ada}", "a}b", "{}", "}{"} {
			if s := k.Slot(username); len(used) > 1 && len(used) != slots || len(used) == 1 && s != used[0] || slot(k.Log(username)) != s {
				t.Errorf("prefix %q, user %q: slot %d, of %d", prefix, username, s, len(used))
			}
		}
	}
}
