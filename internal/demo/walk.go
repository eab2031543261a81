package demo

import (
	"crypto/rand"
	"net/url"
)

// place is a page on which a customer decides what to do next.
type place int

const (
	nowhere    place = iota // not logged in, or not in the shop yet
	atLogin                 // before the login form
	elsewhere               // the front page, or any other with nothing to do but look on
	atProduct               // before one product
	atCart                  // with something in the cart
	atCheckout              // before the payment form, maybe with errors in it
	atOrder                 // the order is placed
)

// step is one thing that a customer does.
type step int

const (
	openLogin step = iota
	logIn
	openFront
	openProduct
	search
	openReset
	openHelp
	openMissing
	openInvoice
	openCart
	addToCart
	openCheckout
	payWrong
	payRight
	logOut
)

// choice is a step and how often it is taken, relative to the others of its place.
type choice struct {
	step   step
	weight int
}

// choices returns what customers do at a place.
func (p place) choices() []choice {
	switch p {
	case nowhere:
		return []choice{{openLogin, 1}}
	case atLogin:
		return []choice{{logIn, 9}, {openReset, 1}}
	case atProduct:
		return []choice{{addToCart, 5}, {openProduct, 3}, {search, 2}, {openFront, 2}, {openMissing, 1}}
	case atCart:
		return []choice{{openCheckout, 5}, {openProduct, 3}, {openFront, 1}}
	case atCheckout:
		return []choice{{payWrong, 4}, {payRight, 5}, {openHelp, 1}, {openCart, 1}}
	case atOrder:
		return []choice{{openInvoice, 2}, {openFront, 3}, {logOut, 2}}
	default:
		return []choice{
			{openProduct, 8},
			{search, 5},
			{openFront, 2},
			{openCart, 1},
			{openHelp, 1},
			{openMissing, 1},
			{openReset, 1},
			{openInvoice, 1},
			{logOut, 1},
		}
	}
}

// request returns the address of a step and, where it sends a form, its fields.
func (c *customer) request(s step) (target *url.URL, form url.Values) {
	at := func(path string, query url.Values) *url.URL {
		return &url.URL{Path: path, RawQuery: query.Encode()}
	}
	switch s {
	case openLogin:
		return at("/login", nil), nil
	case logIn:
		return at("/login", nil), url.Values{"username": {c.name}}
	case openProduct:
		return at("/products/"+c.anyProduct(), nil), nil
	case search:
		return at("/search", url.Values{"q": {c.anyOf("duck", "memory", "gift", "card", "mouse", "<tea>")}}), nil
	case openReset:
		return at("/account/reset", url.Values{"token": {rand.Text()}}), nil
	case openHelp:
		return at("/help", nil), nil
	case openMissing:
		return at("/missing", nil), nil
	case openInvoice:
		return at("/invoice", nil), nil
	case openCart:
		return at("/cart", nil), nil
	case addToCart:
		return at("/cart", nil), url.Values{"product": {c.anyProduct()}}
	case openCheckout:
		return at("/checkout", nil), nil
	case payWrong:
		return at("/checkout", nil), url.Values{"number": {"4242 4242 4242 4241"}, "expiry": {c.anyOf("12/49", "01/20")}}
	case payRight:
		return at("/checkout", nil), url.Values{"number": {"4242 4242 4242 4242"}, "expiry": {"12/49"}}
	case logOut:
		return at("/logout", nil), url.Values{}
	default:
		return at("/", nil), nil
	}
}

// anyProduct returns the id of a product.
func (c *customer) anyProduct() string {
	all := catalogue()
	return all[c.rand.IntN(len(all))].ID
}

// anyOf returns one of the texts.
func (c *customer) anyOf(texts ...string) string { return texts[c.rand.IntN(len(texts))] }
