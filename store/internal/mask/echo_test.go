package mask

import (
	"strings"
	"testing"
)

// What an address hides is hidden in what is said of it, and nothing else is.
func TestEchoes(t *testing.T) {
	t.Parallel()
	m := New([]string{"pin"}, nil)
	for _, c := range []struct{ text, address, want string }{
		{`strconv.Atoi: parsing "hunter2": invalid syntax`, "/parse?pin=hunter2", `strconv.Atoi: parsing "***": invalid syntax`},
		{"no ticket ünter 2, no ünter 2", "/reset?token=%C3%BCnter+2", "no ticket ***, no ***"},
		{"the token a%20bc is too old", "/reset?token=a%20bc", "the token *** is too old"},
		{"no ticket x9+b 7z", "/reset/x9+b%207z", "no ticket ***"},
		{"hunter22 and xhunter2 and hunter2", "/a?pin=hunter2", "hunter22 and xhunter2 and ***"},
		{"the order is closed", "/a?pin=the", "the order is closed"},
		{"red is no color", "/a?color=red&pin=hunter2", "red is no color"},
		{"nothing", "/a", "nothing"},
		{"", "/a?pin=hunter2", ""},
		{"the order is closed", "/a?" + strings.Repeat("pin=hunter2&", maxEchoes+1), "***"},
		{"hunter2 is wrong", "/a?" + strings.Repeat("a=b&", 1000) + "b=hunter2", "***"},
	} {
		if got := m.Echoes(c.text, c.address); got != c.want {
			t.Errorf("%q at %s: %q, want %q", c.text, c.address, got, c.want)
		}
	}
}
