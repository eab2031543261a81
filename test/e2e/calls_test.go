package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// What browsers of customers call themselves.
const (
	phoneAgent  = "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0"
	laptopAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36"
)

// In each of these calls, a customer in the demo's shop has a problem, and the agent reads on one page what to say. With -v, the
// test prints these sentences, and how many seconds after the first key the agent had them. Nothing depends on the seconds.
func TestCalls(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	shop := demo(t, redis)
	for _, test := range []struct {
		name string
		take func(*conversation)
	}{
		{"1 can't pay", (*conversation).cannotPay},
		{"2 blank page", (*conversation).readsACode},
		{"3 was logged out", (*conversation).wasLoggedOut},
		{"4 cart is gone", (*conversation).lostTheCart},
		{"5 name misheard", (*conversation).isMisheard},
		{"6 phone and laptop", (*conversation).usesTwoDevices},
		{"7 log has expired", (*conversation).callsBackLate},
		{"8 failed 40 clicks ago", (*conversation).clickedOn},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			own := *shop
			own.t = t
			test.take(&conversation{t: t, redis: redis, shop: &own})
		})
	}
}

// conversation is a customer of the shop who speaks to an agent.
type conversation struct {
	t     *testing.T
	redis *redistest.Server // of the shop
	shop  *program

	agent *tab
	began time.Time // the agent has begun to type
}

// customer opens a browser in which somebody has logged in to the shop.
func (c *conversation) customer(name, agent string) *tab {
	c.t.Helper()
	b := openTab(c.t, c.shop.origin)
	b.expect("the server responded with a status of 4", "the server responded with a status of 500")
	call(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent})
	b.visit("/login")
	b.enter("#username", name)
	b.leadsOn("main form button")
	b.shows("#customer", name)
	return b
}

// leadsOn clicks what leads to another page, and waits for that.
func (b *tab) leadsOn(selector string) {
	b.t.Helper()
	evaluate[bool](b, "window.isOld = true")
	b.click(selector)
	b.eventually("another page", "!window.isOld && document.querySelector('main h1')")
}

// puts puts a product into the cart.
func (b *tab) puts(product string) {
	b.t.Helper()
	b.visit("/products/" + product)
	b.leadsOn("main form button")
	b.eventually("it is in the cart", "document.querySelector('tr.line')")
}

// pays fills in the checkout that is shown, and sends it.
func (b *tab) pays(number, expiry string) {
	b.t.Helper()
	b.enter("#number", number)
	b.enter("#expiry", expiry)
	b.leadsOn("main form button")
}

// hears has an agent search what the caller said, from the home page on.
func (c *conversation) hears(said string) {
	c.t.Helper()
	c.agent = c.shop.enter(c.t)
	c.agent.visit("/")
	c.began = time.Now()
	c.agent.search(said)
}

// textOf is JavaScript for the text of an element as it is seen, with ages, which have it in their shadow.
const textOf = `(element => {
	const seen = node => node.nodeType === Node.TEXT_NODE ? node.data :
		!node.checkVisibility?.({ visibilityProperty: true }) ? '' : [...(node.shadowRoot ?? node).childNodes].map(seen).join('');
	return element ? seen(element).replace(/\s+/g, ' ').trim() : '';
})`

// says waits until an element of the agent's page has the sentence to say, and prints it.
func (c *conversation) says(selector, pattern string) {
	c.t.Helper()
	text := fmt.Sprintf("%s(document.querySelector(%s))", textOf, quote(selector))
	defer func() {
		if c.t.Failed() {
			c.t.Logf("the agent reads %q at %s", evaluate[string](c.agent, text), c.agent.location())
		}
	}()
	c.agent.eventually("the agent reads "+pattern, fmt.Sprintf("new RegExp(%s).test(%s)", quote("^"+pattern+"$"), text))
	seconds := time.Since(c.began).Seconds()
	said := evaluate[string](c.agent, text)
	c.t.Logf("%.1f s: %s", seconds, said)
}

// The sentence about now.
const nowSentence = "#now > p"

// just is when the customer did something last, in a call.
const just = `, (active now|\d+ (s|min) ago)\.`

func (c *conversation) cannotPay() {
	ada := c.customer("ada", laptopAgent)
	ada.puts("duck")
	ada.visit("/checkout")
	for range 3 {
		ada.pays("4242 4242 4242 4241", "12/49")
	}
	ada.shows("#number-problem", "This is not a card number. Please check its digits.")
	c.hears("ada")
	c.says(nowSentence, `Pay was rejected 3 times in \d+ (s|min): card number\. On Pay`+just)
}

func (c *conversation) readsACode() {
	grace := c.customer("grace", laptopAgent)
	grace.visit("/invoice")
	code := evaluate[string](grace, "document.querySelector('#code').textContent")
	c.hears(code[:3] + " " + code[3:])
	c.says(nowSentence, `Invoice failed \(500\)\. On Invoice`+just)
	c.says("#rows > tr[aria-current] td.result", `Error \(500\)`)
	c.agent.eventually("whose log it is is in sight", "document.querySelector('h1').getBoundingClientRect().top >= 0")
}

func (c *conversation) wasLoggedOut() {
	laptop, phone := c.customer("linus", laptopAgent), c.customer("linus", phoneAgent)
	phone.visit("/help")
	phone.leadsOn("[action='/logout/everywhere'] button")
	laptop.visit("/cart")
	laptop.shows("h1", "Log in")
	c.hears("linus")
	c.says(nowSentence, `Cart failed: the session has ended, by a logout everywhere in another browser \(Chrome, computer\)\. On /login \(Chrome, computer\)`+just)
	c.says("#rows > tr:first-child .visit", "Sent to the login")
}

func (c *conversation) lostTheCart() {
	margaret, barbara := c.customer("margaret", laptopAgent), c.customer("barbara", laptopAgent)
	margaret.puts("moth")
	barbara.puts("moth")
	barbara.visit("/checkout")
	barbara.pays("4242 4242 4242 4242", "12/49")
	barbara.shows("h1", "Thank you for your order")
	margaret.visit("/cart")
	margaret.eventually("the shop says so", "document.querySelector('[role=alert]')")
	c.hears("margaret")
	c.says(nowSentence, `Cart failed: sold to somebody else, so it was taken out of the cart: Moth in a frame\. On Cart`+just)
}

// lookUpAgain is JavaScript that is true when the page offers similar names. If they could not be looked up, it asks once more. A machine
// that stands still for two seconds is enough for that.
const lookUpAgain = `(() => {
	const again = !window.asked && document.querySelector("#offers-lost a");
	if (again) { window.asked = true; again.click() }
	return document.querySelector("#offers-title") !== null;
})()`

func (c *conversation) isMisheard() {
	katherine := c.customer("katherine", laptopAgent)
	katherine.visit("/search?q=unicorn")
	c.hears("catherine")
	c.agent.eventually("somebody else is offered", lookUpAgain)
	c.says("#offers-title", "Users with similar names")
	c.agent.click("#offers a")
	c.says(nowSentence, "On Search"+just)
}

func (c *conversation) usesTwoDevices() {
	phone, laptop := c.customer("ken", phoneAgent), c.customer("ken", laptopAgent)
	phone.puts("duck")
	phone.visit("/checkout")
	phone.pays("4242 4242 4242 4242", "01/20")
	laptop.visit("/help")
	c.hears("ken")
	c.says(nowSentence, `Pay was rejected: card has expired \(Firefox, phone\), \d+ (s|min) ago\. On Help \(Chrome, computer\)`+just)
	c.says("#now .devices > li:nth-child(1)", `Chrome, computer On Help, \d+ (s|min) ago\. Only this one`)
	c.says("#now .devices > li:nth-child(2)", `Firefox, phone On Pay, \d+ (s|min) ago\. Only this one`)
}

func (c *conversation) callsBackLate() {
	alan := c.customer("alan", laptopAgent)
	alan.visit("/products/teapot")
	c.expires("alan")
	c.hears("alan")
	c.says("#messages", `alan was here until .*\. The log has expired\. Ask the caller to open a page now: it appears here\.`)
	alan.visit("/help")
	c.says(nowSentence, "On Help"+just)
}

// expires has a log expire, as it does an hour after the last request.
func (c *conversation) expires(username string) {
	c.t.Helper()
	logs, client := openStore(c.t, c.redis), c.redis.Client(c.t)
	redistest.Eventually(c.t, "the log is there", func() bool {
		log, err := logs.Log(c.t.Context(), username)
		return err == nil && len(log.Entries) > 2
	})
	log, seen := logs.KeyPrefix()+"log:"+username, time.Now().Add(-2*time.Hour).UnixMilli()
	err := client.Del(c.t.Context(), log, logs.KeyPrefix()+"kept:{"+log+"}").Err()
	if err == nil {
		err = client.ZAddXX(c.t.Context(), logs.KeyPrefix()+"users", redis.Z{Member: username, Score: float64(seen)}).Err()
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *conversation) clickedOn() {
	hedy := c.customer("hedy", laptopAgent)
	hedy.puts("duck")
	hedy.visit("/checkout")
	hedy.pays("4242 4242 4242 4241", "12/49")
	for n := range 40 {
		hedy.visit(fmt.Sprintf("/search?q=%d", n))
	}
	c.hears("hedy")
	c.says(nowSentence, `Pay was rejected: card number, \d+ (s|min) ago\. On Search`+just)
	c.says("#rows > tr.client-error td.result", `Problem: card number: .* \(422\)`)
}
