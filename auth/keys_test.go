package auth_test

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
)

// What the keys are called is a wire format: a newer program finds what an older one has written.
func TestKeys(t *testing.T) {
	t.Parallel()
	keys := auth.Keys{Prefix: "userlog:"}
	for got, want := range map[string]string{
		keys.Accounts():                 "userlog:accounts",
		keys.AccountSessions("ada"):     "userlog:sessions:ada",
		keys.AccountTokens("ada"):       "userlog:tokens:ada",
		keys.Session("ab"):              "userlog:session:ab",
		keys.Token("ab"):                "userlog:token:ab",
		keys.LoginAttempts("pair:ab"):   "userlog:attempts:pair:ab",
		keys.Ticket("ab"):               "userlog:ticket:ab",
		keys.Reason("root", "ada")[:15]: "userlog:reason:",
		keys.Recorded("root", "token"):  "userlog:recorded:32dc7597011eeffabbb90e4d5826682c554cb07e2894d98b4438f57b3f322a84",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if keys.Reason("a", "bc") == keys.Reason("ab", "c") || strings.Contains(keys.Reason("root", "ada"), "ada") {
		t.Error("two pairs of names share a key, or a name is in one")
	}
}
