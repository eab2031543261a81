package journey_test

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
)

func TestNow(t *testing.T) {
	tests := []struct {
		name, entries string
		page, path    string
		since         float64
		problem       string // path of the last one
	}{
		{"nothing yet", ``, "", "", 0, ""},
		{"a page", `1 page GET /orders/7 200 page=Order`, "Order", "/orders/7", 1, ""},
		{"a page without a name", `1 page GET /orders/7?a=b 200`, "", "/orders/7?a=b", 1, ""},
		{"after a form", `
			1 page POST /pay 303 to=/paid page=Pay
			2 page GET /paid 200 page=Paid`, "Paid", "/paid", 2, ""},
		{"on the way", `1 page POST /pay 303 to=/paid page=Pay`, "", "/paid", 1, ""},
		{"a form that was rejected", `
			1 page GET /cart 200 page=Cart
			2 page POST /pay 422 page=Pay`, "Pay", "/pay", 2, "/pay"},
		{"a change by a script", `
			1 page GET /cart 200 page=Cart
			2 page GET /other 200 page=Other
			3 fetch POST /api/pay 422 from=/cart page=Pay`, "Cart", "/cart", 3, "/api/pay"},
		{"a change by a script on a page that is not known", `3 fetch POST /api/pay 200 from=/cart`, "", "/cart", 3, ""},
		{"a download", `
			1 page GET /orders 200 page=Orders
			2 download GET /a.pdf 200 from=/orders`, "Orders", "/orders", 2, ""},
		{"a link that leads to a file", `
			1 page GET /orders 200 page=Orders
			2 page GET /invoice 302 from=/orders to=/a.pdf
			3 download GET /a.pdf 200 from=/orders`, "Orders", "/orders", 3, ""},
		{"what a page asks for is a sign of life, but assets and polls are none", `
			1 page GET /board 200
			2 fragment GET /tab 200 from=/board
			3 asset GET /tab.svg 200 from=/board
			10 fetch GET /news 200 from=/board
			20 fetch GET /news 200 from=/board
			30 fetch GET /news 200 from=/board`, "", "/board", 2, ""},
		{"another tab polls", `
			1 page GET /a 200
			10 fetch GET /news 200 from=/b
			20 fetch GET /news 200 from=/b
			30 fetch GET /news 200 from=/b`, "", "/a", 1, ""},
		{"another tab fetches", `
			1 page GET /a 200
			2 page GET /b 200
			9 fetch GET /more 200 from=/a`, "", "/b", 2, ""},
		{"loaded ahead", `
			1 page GET /a 200
			2 prefetch GET /b 200 from=/a page=B`, "", "/a", 1, ""},
		{"loaded ahead by nobody", `
			1 page GET /a 200
			900 prefetch GET /b 200`, "", "/a", 1, ""},
		{"loaded ahead, then opened", `
			1 page GET /a 200
			2 prefetch GET /b 200 from=/a page=B
			3 asset GET /b.svg 200 from=/b`, "B", "/b", 3, ""},
		{"loaded ahead, shown, and used", `
			1 page GET /a 200
			2 prefetch GET /b 200 from=/a page=B
			4 fetch POST /api/pay 200 from=/b`, "B", "/b", 4, ""},
		{"loaded ahead, shown, and left", `
			1 page GET /a 200
			2 prefetch GET /b 200 from=/a page=B
			4 download GET /file 200 from=/b`, "B", "/b", 4, ""},
		{"fetched by a script that shows it as a page", `
			1 page GET /a 200
			2 fetch GET /b 200 from=/a page=B
			3 asset GET /b.svg 200 from=/b`, "B", "/b", 3, ""},
		{"htmx shows the address of a fragment, and does not say so", `
			1 page GET /orders 200 page=Orders
			2 fragment GET /orders/7 200 from=/orders page=Order scripted
			3 fragment GET /x 200 from=/orders/7 scripted
			4 fragment POST /orders/7/pay 200 from=/orders/7 scripted`, "Order", "/orders/7", 4, ""},
		{"htmx shows the address of a fragment, which is then left", `
			1 page GET /orders 200 page=Orders
			2 fragment GET /orders/7 200 from=/orders page=Order scripted
			4 fragment POST /orders/7/pay 200 from=/orders/7 scripted`, "Order", "/orders/7", 4, ""},
		{"a frame asks for something", `
			1 page GET /orders 200 page=Orders
			2 fragment GET /frame 200 from=/orders
			3 fetch GET /x 200 from=/frame`, "Orders", "/orders", 3, ""},
		{"back to a page that was loaded ahead again", `
			1 page GET /list 200 page=List
			2 prefetch GET /list/7 200 from=/list page=Order
			3 fetch GET /api 200 from=/list/7
			4 prefetch GET /list 200 from=/list/7 page=List
			5 fetch GET /api2 200 from=/list`, "List", "/list", 5, ""},
		{"a poll of a page that was loaded ahead again", `
			1 page GET /list 200 page=List
			2 fetch GET /news 200 from=/list
			4 fetch GET /news 200 from=/list
			6 fetch GET /news 200 from=/list
			7 page GET /order 200 page=Order
			8 prefetch GET /list 200 from=/order page=List
			9 fetch GET /news 200 from=/list`, "Order", "/order", 7, ""},
		{"a page that loads itself again in another tab", `
			1 page GET /list 200 page=List
			2 page GET /order 200 page=Order
			3 fetch GET /list 200 from=/list
			4 fetch GET /api 200 from=/list`, "Order", "/order", 2, ""},
		{"a page that was loaded ahead again before it was left", `
			1 prefetch GET /list 200 from=/
			2 page GET /list 200 page=List
			3 page GET /order 200 page=Order
			4 fetch GET /api 200 from=/list`, "Order", "/order", 3, ""},
		{"htmx shows another address", `
			1 page GET /orders 200 page=Orders
			2 fragment GET /rows 200 from=/orders to=/orders?page=2 page=Rows`, "", "/orders?page=2", 2, ""},
		{"failures that matter", `
			1 page GET /a 200
			2 fetch GET /api 500 from=/a
			3 asset GET /favicon.ico 404 from=/a
			4 prefetch GET /b 503 from=/a
			5 beacon POST /ping 500 from=/a`, "", "/a", 2, "/api"},
		{"failures of nobody", `1 asset GET /favicon.ico 404`, "", "", 1, ""},
		{"the newest failure", `
			1 page GET /a 404
			2 page GET /b 500
			3 page GET /c 200`, "", "/c", 3, "/b"},
		{"a failure that the application tells of", `
			1 page GET /cart 200
			2 fetch POST /pay 200 from=/cart problem=declined
			3 page GET /help 200`, "", "/help", 3, "/pay"},
		{"an answer that broke off", `1 page GET /a 200 ended=broke_off`, "", "/a", 1, "/a"},
		{"an answer that the customer gave up waiting for", `1 page GET /a 502 ended=gave_up`, "", "/a", 1, ""},
		{"a slow page that the customer left for another", `
			1 page GET /help 200 took=0.5
			5 page GET /slow 0 ended=gave_up took=4.9`, "", "/help", 5, ""},
		{"a part of a slow page, which the customer left for another", `
			1 page GET /help 200 took=0.5
			5 page GET /slow 200 ended=gave_up took=4.9`, "", "/help", 5, ""},
		{"a part of a page, and no other", `
			1 page GET /help 200
			5 page GET /slow 200 ended=gave_up took=3`, "", "/slow", 5, ""},
		{"a page that did not come", `
			1 page GET /help 200
			5 page GET /slow 0 ended=gave_up took=3`, "", "/help", 5, ""},
		{"a page that did not come, behind a form", `
			1 page GET /cart 200 page=Cart
			2 page POST /pay 303 to=/paid
			5 page GET /paid 0 ended=gave_up took=3`, "Cart", "/cart", 5, ""},
		{"a form that was sent twice, the first of them in vain", `
			1 page GET /cart 200
			3 page POST /pay 303 to=/paid took=0.8
			3.1 page GET /paid 200 page=Paid
			5 page POST /pay 0 ended=gave_up took=3`, "Paid", "/paid", 5, ""},
		{"a form that was sent twice, and answered twice", `
			1 page GET /cart 200
			3 page POST /pay 303 to=/paid took=0.8
			3.1 page GET /paid 200 page=Paid
			5 page POST /pay 303 to=/done ended=gave_up took=3`, "Paid", "/paid", 5, ""},
		{"htmx got no answer that shows another address", `
			1 page GET /orders 200
			5 fragment GET /rows 0 from=/orders to=/orders?page=2 ended=gave_up took=3`, "", "/orders", 5, ""},
		{"the first page did not come", `1 page GET /slow 0 ended=gave_up`, "", "", 1, ""},
		{"nothing to show", `
			1 page GET /orders 200 page=Orders
			2 page POST /orders/7/star 204 from=/orders`, "Orders", "/orders", 2, ""},
		{"nothing to show, and a form to empty", `
			1 page GET /orders 200 page=Orders
			2 page POST /note 205 from=/orders`, "Orders", "/orders", 2, ""},
		{"nothing to show behind a form", `
			1 page GET /orders 200 page=Orders
			2 page POST /track 303 to=/tracked from=/orders
			2.1 page GET /tracked 204 from=/orders`, "Orders", "/orders", 2.1, ""},
		{"nothing to show, and htmx goes elsewhere", `
			1 page GET /cart 200
			2 page POST /pay 204 from=/cart to=/paid`, "", "/paid", 2, ""},
		{"Inertia sends the customer to another site", `
			1 page GET /cart 200 page=Cart
			2 page POST /pay 409 from=/cart ended=redirected`, "Cart", "/cart", 2, ""},
		{"Inertia leaves for another page", `
			1 page GET /cart 200 page=Cart
			2 page POST /pay 409 from=/cart to=/paid ended=redirected
			2.1 page GET /paid 200 page=Paid`, "Paid", "/paid", 2.1, ""},
		{"a form is filled in", `
			1 page GET /pay 200 page=Pay
			9 check POST /pay 422 from=/pay problem=number`, "Pay", "/pay", 9, ""},
		{"a form is filled in, and can't be checked", `
			1 page GET /pay 200 page=Pay
			9 check POST /pay 500 from=/pay`, "Pay", "/pay", 9, "/pay"},
		{"an agent in the user's place", `
			1 page GET /cart 200 page=Cart
			2 page GET /orders 500 page=Orders by=bob
			3 fetch POST /pay 422 from=/orders by=bob`, "Cart", "/cart", 1, ""},
		{"only an agent in the user's place", `1 page GET /orders 200 by=bob`, "", "", 0, ""},
		{"an old line", `
			1 - GET /cart 200
			2 - POST /pay 302`, "", "/cart", 2, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := journey.Fold(entries(t, test.entries))
			now := f.Now(at(100))
			if now.Page != test.page || now.Path != test.path {
				t.Errorf("on %q at %q, want %q at %q", now.Page, now.Path, test.page, test.path)
			}
			if test.since == 0 {
				if !now.Since.IsZero() || now.Idle != 0 {
					t.Errorf("since %v, idle %v", now.Since, now.Idle)
				}
			} else if !now.Since.Equal(at(test.since)) || now.Idle != at(100).Sub(now.Since) && test.since < 100 {
				t.Errorf("since %v, idle %v, want since %v", now.Since, now.Idle, at(test.since))
			}
			problem := ""
			if now.Problem != nil {
				problem = now.Problem.Entry.Path
			}
			if problem != test.problem {
				t.Errorf("problem %q, want %q", problem, test.problem)
			}
		})
	}
}

func TestNowNamesTheStepOfTheProblem(t *testing.T) {
	f := journey.Fold(entries(t, `
		1 page GET /a 200
		2 fetch GET /api 500 from=/a`))
	if p := f.Now(at(3)).Problem; p == nil || p.StepID != "e0" || p.Entry.ID != "e1" {
		t.Errorf("problem %+v", p)
	}
}

func TestNobodyIsIdleForLessThanNothing(t *testing.T) {
	f := journey.Fold(entries(t, `10 page GET /a 200`))
	if idle := f.Now(at(9)).Idle; idle != time.Duration(0) {
		t.Errorf("by a clock that is slow: idle for %v", idle)
	}
}
