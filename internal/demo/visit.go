package demo

import (
	"crypto/rand"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	gorilla "github.com/gorilla/sessions"
)

// cookieName is the cookie in which the shop keeps all that it knows of a visitor, signed.
const cookieName = "shop"

// What the cookie holds.
const (
	keyCustomer = "customer" // string: who is logged in
	keyBegan    = "began"    // int: how often the customer had logged out everywhere when this session began
	keyEnded    = "ended"    // bool: the session of a customer has ended
	keyCart     = "cart"     // []string: items of the shelf
	keyOrder    = "order"    // string: id of the last order
	keyOrdered  = "ordered"  // []string: items of the last order
)

// maxCart keeps the cookie well below the 4,096 bytes that browsers accept.
const maxCart = 20

// newSessions returns the session middleware, with a key that ends with the process.
func newSessions() gin.HandlerFunc {
	key := make([]byte, 32)
	rand.Read(key) // never fails, says its documentation
	store := cookie.NewStore(key)
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return sessions.Sessions(cookieName, forgivingStore{store})
}

// forgivingStore starts a new session, silently, where the cookie can't be read. It is the
// ordinary case: a browser still has the cookie of the shop's last run, signed with another key.
type forgivingStore struct{ cookie.Store }

// Get implements the Store of gorilla/sessions, which returns a new session along with the error.
func (s forgivingStore) Get(r *http.Request, name string) (*gorilla.Session, error) {
	session, _ := s.Store.Get(r, name)
	return session, nil
}

// visit is what the shop knows of the visitor who sent a request.
type visit struct{ session sessions.Session }

// visitOf returns the visit that a request belongs to; there is none where the shop's session
// middleware has not run.
func visitOf(c *gin.Context) (v visit, ok bool) {
	v.session, ok = c.Value(sessions.DefaultKey).(sessions.Session)
	return v, ok
}

// mustVisit is visitOf for the pages that Routes has put behind the session middleware.
func mustVisit(c *gin.Context) visit { return visit{sessions.Default(c)} }

// customer returns who is logged in, or "".
func (v visit) customer() string {
	name, _ := v.session.Get(keyCustomer).(string)
	return name
}

// began is how often the customer had logged out everywhere when the session began.
func (v visit) began() int {
	times, _ := v.session.Get(keyBegan).(int)
	return times
}

// logIn makes the visitor a customer, who keeps what is in the cart.
func (v visit) logIn(name string, began int) error {
	v.session.Set(keyCustomer, name)
	v.session.Set(keyBegan, began)
	v.session.Delete(keyEnded)
	return v.session.Save()
}

// end forgets who is logged in, and keeps the cart.
func (v visit) end() error {
	v.session.Delete(keyCustomer)
	v.session.Delete(keyBegan)
	v.session.Set(keyEnded, true)
	return v.session.Save()
}

// hasEnded reports whether the visitor was logged in, and has not logged in again since the session ended.
func (v visit) hasEnded() bool { return v.session.Get(keyEnded) != nil }

// logOut forgets everything.
func (v visit) logOut() error {
	v.session.Clear()
	return v.session.Save()
}

// cart returns the products in the cart.
func (v visit) cart() []product { return v.products(keyCart) }

// items are what is in the cart, as the shelf calls it.
func (v visit) items() []string {
	items, _ := v.session.Get(keyCart).([]string)
	return items
}

// setItems replaces what is in the cart.
func (v visit) setItems(items []string) error {
	v.session.Set(keyCart, items)
	return v.session.Save()
}

// order turns the cart into an order and returns its id.
func (v visit) order() (id string, err error) {
	id = rand.Text()[:8]
	v.session.Set(keyOrder, id)
	v.session.Set(keyOrdered, v.session.Get(keyCart))
	v.session.Delete(keyCart)
	return id, v.session.Save()
}

// ordered returns the products of the visitor's last order, if that has this id.
func (v visit) ordered(id string) ([]product, bool) {
	last, _ := v.session.Get(keyOrder).(string)
	if last == "" || last != id {
		return nil, false
	}
	return v.products(keyOrdered), true
}

// products reads a list of products.
func (v visit) products(key string) []product {
	items, _ := v.session.Get(key).([]string)
	products := make([]product, 0, len(items))
	for _, item := range items {
		if p, ok := productOf(item); ok {
			products = append(products, p)
		}
	}
	return products
}

// Username returns the customer who is logged in to the shop, or "". It may be asked before or
// after the handlers ran: after them, a login or logout in this request has already happened. For
// requests that the shop does not serve it returns "".
func (s *Shop) Username(c *gin.Context) string {
	v, ok := visitOf(c)
	if !ok {
		return ""
	}
	return v.customer()
}
