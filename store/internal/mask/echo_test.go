package mask

import (
	"strconv"
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
		{"비밀번호 hunter2가 틀렸습니다", "/a?pin=hunter2", "비밀번호 ***가 틀렸습니다"},
		{"密码hunter2不正确", "/a?pin=hunter2", "密码***不正确"},
		{"الرمز وhunter2 خطأ", "/a?pin=hunter2", "الرمز و*** خطأ"},
		{`strconv.Atoi: parsing "hun\"ter2": invalid syntax`, "/parse?pin=hun%22ter2", `strconv.Atoi: parsing "***": invalid syntax`},
		{`code "donkey" is unknown`, "/verify?pin=donkey%20", `code "***" is unknown`},
		{`parsing "hunter2": invalid syntax`, `/rpc?data={"pin":"hunter2"}`, `parsing "***": invalid syntax`},
		{"no token hunter2", "/?next=/reset%3Ftoken%3Dhunter2", "no token ***"},
		{"no token hunter2", "/?next=%252Freset%253Ftoken%253Dhunter2", "no token ***"},
		{"the name is wrong", `/rpc?data={"pin":"hunter2","name":"x"}`, "the name is wrong"},
		{"the order is closed", "/a?" + strings.Repeat("pin=hunter2&", maxValues+1), "***"},
		{"the order is closed", "/a?data={pin:[" + manyParts() + "]}", "***"},
		{"no 4812 for 4812-7731", "/a?pin=4812&password=4812-7731", "no *** for ***"},
		{"order 48121 is already paid", "/orders/48121/pay?next=%2Forders%2F48121%3Ftoken%3Dhunter2", "order 48121 is already paid"},
		{"line2 is required, not hunter2", `/a?data={"line2":"hunter2","pin":"x"}`, "line2 is required, not ***"},
		{"hunter2 is wrong", "/a?" + strings.Repeat("a=b&", 1000) + "b=hunter2", "***"},
	} {
		if got := m.Echoes(c.text, c.address); got != c.want {
			t.Errorf("%q at %s: %q, want %q", c.text, c.address, got, c.want)
		}
	}
}

// A list of what is kept in addresses hides ordinary words as well, and a sentence keeps these.
func TestEchoesOfWordsThatAreNotAllowed(t *testing.T) {
	t.Parallel()
	m := New(nil, []string{"page"})
	for address, want := range map[string]string{
		"/orders?status=open&reason=declined":                             "card declined, the order 4812ab is open",
		"/orders?status=open&number=4812ab":                               "card declined, the order *** is open",
		"/orders?password=declined":                                       "card ***, the order 4812ab is open",
		"/orders?page=4812ab&number=4812ab":                               "card declined, the order 4812ab is open",
		"/orders?" + strings.Repeat("page=1&", 200) + "password=declined": "card ***, the order 4812ab is open",
	} {
		if got := m.Echoes("card declined, the order 4812ab is open", address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// manyParts are more parts of a value than are looked for.
func manyParts() string {
	var parts []string
	for n := range maxEchoes + 1 {
		parts = append(parts, strconv.Itoa(10_000+n))
	}
	return strings.Join(parts, ",")
}

func TestOnlyWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`parsing "hunter2": not a number.`:                 `parsing "***": not a number.`,
		"the order 4711 is closed, pin=xK8-qq, not 4711-x": "the order *** is closed, pin=***, not ***",
		"": "",
	} {
		if got := OnlyWords(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
