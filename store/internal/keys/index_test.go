package keys

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A part is in a slot of its own users, and its name is no other's.
func TestPartsOfTheIndex(t *testing.T) {
	for _, prefix := range []string{"userlog:", "{shop}:", "shop{:", "}:"} {
		k, err := New(prefix, prefix)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, parts := range []int{1, 2, 16, 17, 32, MaxParts} {
			x := k.Index(parts)
			for part := range parts {
				for _, name := range []string{x.Users(part), x.Names(part), x.Trouble(part)} {
					if parts > 1 && !k.isInOneSlot() && x.PartOfSlot(slot(name)) != part {
						t.Errorf("%s is in a slot of part %d", name, x.PartOfSlot(slot(name)))
					}
					if !strings.HasPrefix(name, prefix) || seen[name] {
						t.Errorf("part %d of %d is called %q", part, parts, name)
					}
					seen[name] = true
				}
			}
			for _, username := range []string{"ada", "{ada}", "a}b", "}{"} {
				if part := x.Part(username); part < 0 || part >= parts {
					t.Errorf("user %q is in part %d of %d", username, part, parts)
				}
			}
		}
	}
}

// Users are spread evenly.
func TestUsersAreSpreadOverTheParts(t *testing.T) {
	k, err := New("userlog:", "userlog:")
	if err != nil {
		t.Fatal(err)
	}
	const parts, users = 16, 16_000
	counts, x := make([]int, parts), k.Index(parts)
	for n := range users {
		counts[x.Part("user-"+strconv.Itoa(n))]++
	}
	if least, most := slices.Min(counts), slices.Max(counts); least < users/parts/2 || most > users/parts*2 {
		t.Errorf("parts have %d to %d users", least, most)
	}
}
