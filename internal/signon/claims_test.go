package signon

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
)

func TestRolesOfGroups(t *testing.T) {
	t.Parallel()
	roles := map[string]auth.Role{"chiefs": auth.Superuser, "agents": auth.Viewer}
	for said, want := range map[string]auth.Role{
		`{"groups":["agents"]}`:                     auth.Viewer,
		`{"groups":["agents","chiefs"]}`:            auth.Superuser,
		`{"groups":["chiefs","agents"]}`:            auth.Superuser,
		`{"groups":"agents"}`:                       auth.Viewer,
		`{"groups":{"agents":{"1":"example.com"}}}`: auth.Viewer,
		`{"groups":["Agents"," agents","staff",7]}`: "",
		`{"groups":"agents chiefs"}`:                "",
		`{"groups":[]}`:                             "",
		`{"groups":null}`:                           "",
		`{"groups":true}`:                           "",
		`{"roles":["chiefs"]}`:                      "",
	} {
		var c claims
		if err := json.Unmarshal([]byte(said), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.role("groups", roles); got != want {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}

func TestNamesOfPeople(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		`{"sub":"1","preferred_username":"vera","email":"v@example.com","email_verified":true}`: "vera",
		`{"sub":"1","email":"v@example.com","email_verified":true}`:                             "v@example.com",
		`{"sub":"1","email":"v@example.com"}`:                                                   "1",
		`{"sub":"1","email":"v@example.com","email_verified":"true"}`:                           "1",
		`{"sub":"1","preferred_username":7}`:                                                    "1",
	} {
		var c claims
		if err := json.Unmarshal([]byte(said), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.name(""); got != want {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
		if got := c.name("sub"); got != "1" {
			t.Errorf("%s: the claim sub is %q", said, got)
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	one, err := newSeal("secret")
	if err != nil {
		t.Fatal(err)
	}
	other, err := newSeal("another secret")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := one.close(sealedTokens, tokens{Access: "hidden"})
	if err != nil || strings.Contains(sealed, "hidden") {
		t.Fatalf("sealed: %q, %v", sealed, err)
	}
	var got tokens
	if err := one.open(sealedTokens, sealed, &got); err != nil || got.Access != "hidden" {
		t.Errorf("opened: %+v, %v", got, err)
	}
	for what, err := range map[string]error{
		"with another secret":  other.open(sealedTokens, sealed, &got),
		"for another purpose":  one.open(sealedAttempt, sealed, &got),
		"with something added": one.open(sealedTokens, sealed+"AAAA", &got),
		"nothing":              one.open(sealedTokens, "", &got),
		"something else":       one.open(sealedTokens, "%", &got),
	} {
		if err == nil {
			t.Errorf("%s it can be opened", what)
		}
	}
}
