package demo

import (
	"strings"
	"testing"
)

// Of a product that is sold once only, who pays first has it. The other's cart loses it, and says so, once.
func TestACartLosesWhatSomebodyElseHasBought(t *testing.T) {
	s := serveShop(t)
	slow, fast := s.browser(t), s.browser(t)
	for name, b := range map[string]*browser{"ada": slow, "ken": fast} {
		b.post("/login", "username", name).redirects(t, "/")
		b.post("/cart", "product", "moth").redirects(t, "/cart")
	}
	slow.post("/cart", "product", "duck").redirects(t, "/cart")
	if paid := fast.post("/checkout", "number", "4242424242424242", "expiry", "12/49"); !strings.HasPrefix(paid.header.Get("Location"), "/orders/") {
		t.Fatalf("paid: %d to %q", paid.status, paid.header.Get("Location"))
	}
	slow.get("/checkout").redirects(t, "/cart")
	slow.post("/checkout", "number", "4242424242424242", "expiry", "12/49").redirects(t, "/cart")
	lost := slow.get("/cart")
	lost.shows(t, 200, "[role=alert]", "Somebody else was faster, and has bought this: Moth in a frame.")
	lost.shows(t, 200, "#total", "$8.00")
	if again := slow.get("/cart"); again.page.Find("[role=alert]").Length() != 0 {
		t.Error("the cart says so again")
	}

	slow.post("/cart", "product", "moth").redirects(t, "/cart")
	slow.get("/cart").shows(t, 200, "#total", "$57.00")
}

// A logout everywhere ends the sessions in other browsers. The next request there is still the customer's, and says why.
func TestSessionsEndEverywhere(t *testing.T) {
	s := serveShop(t)
	phone, laptop, other := s.browser(t), s.browser(t), s.browser(t)
	for _, b := range []*browser{phone, laptop} {
		b.post("/login", "username", "ada").redirects(t, "/")
	}
	other.post("/login", "username", "ken").redirects(t, "/")
	laptop.post("/cart", "product", "duck").redirects(t, "/cart")
	phone.post("/logout/everywhere").redirects(t, "/")
	laptop.get("/cart").redirects(t, "/login")
	laptop.get("/login").shows(t, 200, "#username-problem", "Your session has ended")
	laptop.post("/login", "username", "ada").redirects(t, "/cart")
	laptop.get("/cart").shows(t, 200, "tr.line", "Rubber duck")
	other.get("/").shows(t, 200, "#customer", "ken")
	other.post("/logout").redirects(t, "/")
	other.post("/logout/everywhere").redirects(t, "/")
}

// A customer who has logged out is seen to: the request is still hers, though its session names nobody any more.
func TestALogoutIsTheCustomers(t *testing.T) {
	for _, path := range []string{"/logout", "/logout/everywhere"} {
		s := serveShop(t)
		b := s.browser(t)
		b.post(path).redirects(t, "/")
		b.post("/login", "username", "ada").redirects(t, "/")
		b.post(path).redirects(t, "/")
		s.Close() // waits for what is being recorded
		if e := <-s.recorded; e.Username != "ada" || e.Path != "/login" {
			t.Errorf("%s: first %s of %q is recorded, want the login of ada alone", path, e.Path, e.Username)
		}
		select {
		case e := <-s.recorded:
			if e.Username != "ada" || e.Path != path {
				t.Errorf("%s of %q is recorded, want %s of ada", e.Path, e.Username, path)
			}
		default:
			t.Errorf("%s is not recorded", path)
		}
	}
}
