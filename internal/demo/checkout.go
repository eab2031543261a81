package demo

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
)

// basket is the content of the pages that list products with their total.
type basket struct {
	OrderID  string // "" in the cart
	Products []product
	Total    string
	Error    string
}

// checkoutForm is the content of the checkout.
type checkoutForm struct {
	Total  string
	Expiry string // as it was entered; the card's number is not sent back
	Errors paymentErrors
}

// cart shows what is in the cart. A product that somebody else has bought meanwhile is taken out of it, and the page says so.
func (s *Shop) cart(c *gin.Context) {
	visit := mustVisit(c)
	gone := s.gone(visit)
	if len(gone) == 0 {
		s.showCart(c, http.StatusOK, "")
		return
	}
	names := make([]string, len(gone))
	for i, p := range gone {
		names[i] = p.Name
	}
	lost := strings.Join(names, ", ")
	middleware.Problem(c, "sold to somebody else, so it was taken out of the cart: "+lost)
	kept := slices.DeleteFunc(slices.Clone(visit.items()), func(item string) bool { return !s.shelf.has(item) })
	if err := visit.setItems(kept); err != nil {
		s.fail(c, err)
		return
	}
	s.showCart(c, http.StatusOK, "Somebody else was faster, and has bought this: "+lost+".")
}

// gone is what is in the cart, and has been sold to somebody else.
func (s *Shop) gone(v visit) (gone []product) {
	for _, item := range v.items() {
		if p, ok := productOf(item); ok && !s.shelf.has(item) {
			gone = append(gone, p)
		}
	}
	return gone
}

// addToCart puts a product into the cart.
func (s *Shop) addToCart(c *gin.Context) {
	visit := mustVisit(c)
	p, ok := findProduct(c.PostForm("product"))
	switch {
	case !ok:
		middleware.Problem(c, "no such product")
		s.showCart(c, http.StatusUnprocessableEntity, "We do not sell that.")
		return
	case len(visit.cart()) >= maxCart:
		middleware.Problem(c, "the cart is full")
		s.showCart(c, http.StatusUnprocessableEntity, "Your cart is full. Please check out first.")
		return
	}
	if err := visit.setItems(append(visit.items(), s.shelf.item(p))); err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/cart")
}

// checkout shows the payment form, to customers who are logged in and have something to pay.
func (s *Shop) checkout(c *gin.Context) {
	if s.mayCheckOut(c) {
		s.showCheckout(c, http.StatusOK, checkoutForm{})
	}
}

// pay accepts or rejects the payment. No card is ever charged, or kept.
func (s *Shop) pay(c *gin.Context) {
	if !s.mayCheckOut(c) {
		return
	}
	var form payment
	if err := c.ShouldBind(&form); err != nil {
		middleware.Invalid(c, err)
		s.rejectPayment(c, form.Expiry, form.sentences(err))
		return
	}
	if form.expired(s.now()) {
		middleware.Problem(c, "card has expired")
		s.rejectPayment(c, form.Expiry, paymentErrors{Expiry: "This card has expired."})
		return
	}
	visit := mustVisit(c)
	if !s.shelf.sell(visit.items()) {
		c.Redirect(http.StatusSeeOther, "/cart") // which says what is gone
		return
	}
	id, err := visit.order()
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/orders/"+id)
}

// rejectPayment shows the payment form again, with what was wrong.
func (s *Shop) rejectPayment(c *gin.Context, expiry string, errs paymentErrors) {
	s.showCheckout(c, http.StatusUnprocessableEntity, checkoutForm{Expiry: expiry, Errors: errs})
}

// order shows the visitor's last order; every other one is missing.
func (s *Shop) order(c *gin.Context) {
	id := c.Param("id")
	products, ok := mustVisit(c).ordered(id)
	if !ok {
		s.missing(c)
		return
	}
	s.render(c, http.StatusOK, "order", "Order "+id, basket{OrderID: id, Products: products, Total: total(products)})
}

// mayCheckOut says whether the visitor can check out, and sends those who can't where they can
// do something about it.
func (s *Shop) mayCheckOut(c *gin.Context) bool {
	visit := mustVisit(c)
	switch {
	case visit.customer() == "":
		c.Redirect(http.StatusSeeOther, "/login")
	case len(visit.cart()) == 0, len(s.gone(visit)) > 0:
		c.Redirect(http.StatusSeeOther, "/cart")
	default:
		return true
	}
	return false
}

func (s *Shop) showCart(c *gin.Context, status int, problem string) {
	products := mustVisit(c).cart()
	s.render(c, status, "cart", "Your cart", basket{Products: products, Total: total(products), Error: problem})
}

func (s *Shop) showCheckout(c *gin.Context, status int, form checkoutForm) {
	form.Total = total(mustVisit(c).cart())
	s.render(c, status, "checkout", "Check out", form)
}
