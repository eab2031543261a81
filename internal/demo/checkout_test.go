package demo

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin/binding"
)

func TestCheckout(t *testing.T) {
	b := serveShop(t).browser(t)
	b.post("/cart", "product", "duck").redirects(t, "/cart")
	b.get("/checkout").redirects(t, "/login")
	b.post("/login", "username", "ada").redirects(t, "/cart")
	b.post("/cart", "product", "nanosecond").redirects(t, "/cart")
	b.get("/").shows(t, 200, "#cart-link", "(2)")
	cart := b.get("/cart")
	cart.shows(t, 200, "tr.line", "Rubber duck")
	cart.shows(t, 200, "#total", "$13.00")

	b.get("/checkout").shows(t, 200, "#total", "$13.00")
	wrong := b.post("/checkout", "number", "4242 4242 4242 4241", "expiry", "0120")
	wrong.shows(t, 422, "#number-problem", "not a card number")
	wrong.shows(t, 422, "#expiry-problem", "as on the card")
	b.post("/checkout", "number", "4242 4242 4242 4242", "expiry", "01/20").shows(t, 422, "#expiry-problem", "expired")
	if number, there := wrong.page.Find("#number").Attr("value"); there {
		t.Errorf("the card's number is sent back: %q", number)
	}

	paid := b.post("/checkout", "number", "4242424242424242", "expiry", "12/49")
	order := paid.header.Get("Location")
	if !strings.HasPrefix(order, "/orders/") {
		t.Fatalf("paid: %d to %q", paid.status, order)
	}
	paid.redirects(t, order)
	b.get(order).shows(t, 200, "#total", "$13.00")
	b.get(order+"x").shows(t, 404, "h1", "Page not found")
	b.get("/checkout").redirects(t, "/cart")
	b.post("/checkout", "number", "4242424242424242", "expiry", "12/49").redirects(t, "/cart")
}

func TestCartRefuses(t *testing.T) {
	b := serveShop(t).browser(t)
	b.post("/cart", "product", "unicorn").shows(t, 422, "[role=alert]", "We do not sell that.")
	for range maxCart {
		b.post("/cart", "product", "punch-cards").redirects(t, "/cart")
	}
	b.post("/cart", "product", "duck").shows(t, 422, "[role=alert]", "Your cart is full.")
	b.post("/login", "username", "katherine1000").redirects(t, "/cart")
	b.post("/checkout", "number", "4242424242424242", "expiry", "12/49")
	b.post("/cart", "product", "duck").redirects(t, "/cart")
}

func TestOversizedFormIsRefused(t *testing.T) {
	b := serveShop(t).browser(t)
	b.post("/login", "username", "ada", "more", strings.Repeat("a", 1<<20)).shows(t, 422, "#username-problem", "No customer")
}

func TestPaymentCheck(t *testing.T) {
	now := time.Date(2030, time.May, 31, 23, 59, 59, 0, time.UTC)
	const good = "4242 4242 4242 4242"
	for _, test := range []struct {
		number, expiry       string
		numberBad, expiryBad bool
	}{
		{good, "05/30", false, false},
		{good, "06/30", false, false},
		{good, "04/30", false, true},
		{good, "13/30", false, true},
		{good, "", false, true},
		{"4242 4242 4242 4241", "05/30", true, false},
		{"4242424242", "05/30", true, false},
		{"424242424242424x", "05/30", true, false},
		{"", "05/30", true, false},
	} {
		form := payment{test.number, test.expiry}
		var errs paymentErrors
		if err := binding.Validator.ValidateStruct(form); err != nil {
			errs = form.sentences(err)
		}
		if (errs.Number != "") != test.numberBad || (errs.Expiry != "" || form.expired(now)) != test.expiryBad {
			t.Errorf("%q %q: got %+v, expired is %t", test.number, test.expiry, errs, form.expired(now))
		}
	}
	if errs := (payment{}).sentences(http.ErrBodyNotAllowed); errs.Number == "" {
		t.Error("a form that can't be read is not said to be wrong")
	}
}
