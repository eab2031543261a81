package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/auth"
)

// A password may not be made of what everybody can read: the names of the account, of the site and of the program.
func TestPasswordsMadeOfNames(t *testing.T) {
	t.Parallel()
	names := append(auth.SiteNames("https://Support.Example-Shop.com:8443", "shop.test:80", "10.0.0.7", "", "://"), "alice.smith", "al", "zoë")
	for _, refused := range []string{
		"alice.smith1", "AliceSmith2026", "alicealicealice", "smith-alice-123456789", "4l1c3 5m1th 2026", "htims ecila!!", "a-l-i-c-e-s-m-i-t-h",
		"example-shop.com", "ExampleShop99", "supportsupport", "shop.test.shop.test", "moc.pohs-elpmaxe",
		"userlog-userlog", "Us3rl0g!2026!", "admin-admin-admin", "superuser2026", "userlogpassword", "alice-password-2026", "welcome alice!", "adminuserlog1",
		"alice@userlog.com", "ａｌｉｃｅ．ｓｍｉｔｈ１２", "alalalalalalal", "ZOË-ZOË-ZOË-1", "alice222222222222", "alice_zyxwvuts",
	} {
		if err := auth.CheckPassword(refused, names...); !errors.Is(err, auth.ErrPasswordNames) {
			t.Errorf("%s: %v", refused, err)
		}
	}
	for _, good := range []string{
		"correct horse battery", "a new password", "alice has nine brown hens", "my shop sells blue shoes", "userlog K7v-qZ2m-Xw9t", "the almanac of albania", "Mq7-alice-Vt9-xRw2",
		strings.Repeat("al", 6) + " has nine brown hens",
	} {
		if err := auth.CheckPassword(good, names...); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// The length of names and passwords costs no time that a stranger could ask for.
func TestLongNamesAreNoWork(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ab.", 5_000)
	if names := auth.SiteNames(long); len(names) != 0 {
		t.Errorf("a host of %d bytes is a name", len(long))
	}
	if err := auth.CheckPassword(strings.Repeat("a-", auth.MaxPassword/2), strings.Repeat("ab", auth.MaxName/2)); err != nil {
		t.Error(err)
	}
}

func FuzzCheckPasswordNames(f *testing.F) {
	f.Add("alice-userlog", "alice")
	f.Add("ﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺ", "ﷺ")
	f.Fuzz(func(_ *testing.T, password, name string) { _ = auth.CheckPassword(password, name) })
}
