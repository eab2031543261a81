package journey_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

func TestFold(t *testing.T) {
	tests := []struct{ name, entries, want string }{
		{"a page and what it is made of", `
			1 page GET /orders?page=2 200
			2 asset GET /app.css 200 from=/orders?page=2
			2 asset GET /logo.svg 304 from=/orders?page=2
			2 asset GET /font.woff2 200 from=/app.css
			3 fragment GET /frame 200 from=/orders?page=2
			3 asset GET /in-frame.png 200 from=/frame
			4 socket GET /socket 101
			5 page GET /orders/7 200 from=/orders?page=2
			6 asset GET /app.css 304 from=/orders/7
			6 asset GET /font.woff2 304 from=/app.css`, `
			GET /orders?page=2 200 +/app.css +/logo.svg +/font.woff2 +/frame +/in-frame.png +/socket
			GET /orders/7 200 +/app.css +/font.woff2`},
		{"what failed is counted, and kept apart", `
			1 page GET /a 200
			2 fetch GET /b?x=1 200 from=/a
			3 fetch GET /b?x=2 500 from=/a
			4 fetch GET /b?x=3 500 from=/a
			5 asset GET /gone.css 404 from=/a`, `
			GET /a 200 +/b?x=1 +/b?x=3×2 +/gone.css !3`},
		{"a form that leads to a page", `
			1 page GET /cart 200
			2 page POST /pay 303 from=/cart to=/paid?order=7
			2.1 page GET /paid?order=7 200 from=/cart
			3 asset GET /app.css 200 from=/paid?order=7`, `
			GET /cart 200
			POST /pay 303 > GET /paid?order=7 200 +/app.css`},
		{"a form that is rejected", `
			1 page GET /cart 200
			2 page POST /pay 422 from=/cart
			3 asset GET /app.css 200 from=/pay`, `
			GET /cart 200
			POST /pay 422 +/app.css`},
		{"changes that look like what a browser fetches by itself", `
			1 page GET /chat 200
			2 socket POST /pay 500 from=/chat
			3 asset DELETE /orders/7 200 from=/chat
			4 prefetch PUT /name 200 from=/chat
			5 socket GET /events 200 from=/chat
			6 beacon POST /seen 204 from=/chat`, `
			GET /chat 200 +/events +/seen
			POST /pay 500
			DELETE /orders/7 200
			PUT /name 200`},
		{"a page that was loaded ahead, and shown without a request", `
			1 page GET / 200
			2 prefetch GET /orders 200 from=/ page=Orders
			3 prefetch GET /help 200 from=/
			4 page GET /orders/7 200 from=/orders
			5 page GET /cart 200 from=/orders`, `
			GET / 200 +/orders +/help
			/orders*
			GET /orders/7 200
			GET /cart 200`},
		{"pages that were loaded ahead, shown, and shown again", `
			1 page GET /list 200
			2 prefetch GET /list/7 200 from=/list
			3 fetch GET /api 200 from=/list/7
			4 prefetch GET /list 200 from=/list/7
			5 fetch GET /api2 200 from=/list
			6 asset GET /list.svg 200 from=/list
			7 prefetch GET /list/7 200 from=/list
			8 page GET /help 200 from=/list/7
			9 prefetch GET /list 200 from=/help
			10 fetch POST /api 200 from=/list`, `
			GET /list 200 +/list/7
			/list/7* +/api +/list
			/list* +/api2 +/list.svg +/list/7
			/list/7*
			GET /help 200 +/list
			/list*
			POST /api 200`},
		{"a link that leads to a file", `
			1 page GET /orders 200
			2 page GET /invoice 302 from=/orders to=/files/7.pdf
			3 download GET /files/7.pdf 200 from=/orders
			4 asset GET /icon.svg 200`, `
			GET /orders 200 +/icon.svg
			GET /invoice 302 > GET /files/7.pdf 200`},
		{"htmx shows the addresses of fragments, and does not say so", `
			1 page GET /orders 200
			2 fragment GET /orders/7 200 from=/orders scripted
			3 fragment GET /x 200 from=/orders/7 scripted
			4 fragment POST /orders/7/pay 200 from=/orders/7 scripted
			5 fragment GET /orders 200 from=/orders/7 scripted
			6 fragment GET /x 200 from=/orders scripted`, `
			GET /orders 200 +/orders/7
			/orders/7* +/x +/orders
			POST /orders/7/pay 200
			/orders* +/x`},
		{"a link in a frame that leads out of it", `
			1 page GET / 200
			2 fragment GET /frame 200 from=/
			3 page GET /orders 200 from=/frame`, `
			GET / 200 +/frame
			GET /orders 200`},
		{"an agent in the user's place, at the same time", `
			1 page GET /cart 200
			2 page GET /cart 200 by=bob
			3 asset GET /app.css 200 by=bob
			3 asset GET /app.css 304
			4 page POST /pay 303 to=/paid by=bob
			5 page GET /paid 200
			6 page GET /paid 200 by=bob
			7 fetch GET /api 200 from=/more by=bob`, `
			GET /cart 200 +/app.css
			GET /cart 200 +/app.css
			POST /pay 303 > GET /paid 200
			GET /paid 200
			/more* +/api`},
		{"several redirects", `
			1 page GET / 302 to=/account
			1.1 page GET /account 302 to=/login?next=/account
			1.2 page GET /login?next=/account 200`, `
			GET / 302 > GET /account 302 > GET /login?next=/account 200`},
		{"a redirect that nobody followed", `
			1 page POST /pay 303 to=/paid
			20 page GET /paid 200`, `
			POST /pay 303
			GET /paid 200`},
		{"a redirect of another kind", `
			1 page POST /cart 303 to=/cart
			1.1 fetch GET /cart 200 from=/shop
			1.2 page GET /cart 200`, `
			POST /cart 303 > GET /cart 200
			/shop* +/cart`},
		{"what came of it arrived first", `
			1.2 page GET /paid 200 took=0.1
			1 page POST /pay 303 to=/paid`, `
			POST /pay 303 > GET /paid 200`},
		{"a slow page that was asked for before is not what came of it", `
			1.2 page GET /cart 200 took=0.5
			1 page POST /cart 303 to=/cart`, `
			GET /cart 200
			POST /cart 303`},
		{"a page that was there before is not what came of it", `
			1 page GET /cart 200 took=0.1
			2 page POST /cart 303 to=/cart
			2.1 page GET /cart 200`, `
			GET /cart 200
			POST /cart 303 > GET /cart 200`},
		{"assets that are finished before their page", `
			1.1 asset GET /app.css 200 from=/slow
			1.2 asset GET /app.js 200 from=/slow
			2 page GET /slow 200 took=1.5
			2.1 asset GET /logo.svg 200 from=/slow`, `
			GET /slow 200 +/app.css +/app.js +/logo.svg`},
		{"a page from a cache, and then again", `
			1 asset GET /app.css 304 from=/cached
			60 page GET /cached 200 took=0.1`, `
			/cached* +/app.css
			GET /cached 200`},
		{"a page from a cache, whose address redirects later", `
			1 asset GET /app.css 304 from=/cached
			2 page GET /cached 302 took=1.5 to=/new`, `
			/cached* +/app.css
			GET /cached 302`},
		{"what a script asks for is redirected", `
			1 page GET /a 200
			2 fetch GET /moved 302 from=/a to=/there
			2.1 fetch GET /there 200 from=/a`, `
			GET /a 200 +/moved +/there`},
		{"a script changes the address", `
			1 page GET / 200
			2 fetch GET /api/orders 200 from=/
			3 fetch GET /api/orders/7 200 from=/orders/7
			4 fetch GET /api/orders/7/items 200 from=/orders/7?tab=items`, `
			GET / 200 +/api/orders
			/orders/7* +/api/orders/7 +/api/orders/7/items`},
		{"htmx", `
			1 page GET /orders 200
			2 fragment GET /orders/search?q=a 200 from=/orders
			3 fragment GET /orders/search?q=ab 200 from=/orders
			4 fragment POST /orders/7/pay 422 from=/orders
			5 fragment GET /orders/rows?page=2 200 from=/orders to=/orders?page=2
			6 fragment GET /tip 200 from=/orders?page=2
			7 page GET /boosted 200 from=/orders?page=2`, `
			GET /orders 200 +/orders/search?q=ab×2
			POST /orders/7/pay 422
			GET /orders/rows?page=2 200 +/tip
			GET /boosted 200`},
		{"htmx is redirected by its own header and by the protocol", `
			1 page GET /cart 200
			2 fragment POST /pay 200 from=/cart to=/paid
			2.1 page GET /paid 200
			3 fragment POST /rate 303 from=/paid to=/ratings
			3.1 fragment GET /ratings 200 from=/paid`, `
			GET /cart 200
			POST /pay 200 > GET /paid 200
			POST /rate 303 > GET /ratings 200`},
		{"Inertia loads a page anew, whose assets are new", `
			1 page GET / 200
			2 page GET /orders 409 from=/ to=/orders ended=redirected
			2.1 page GET /orders 200 from=/
			3 fragment GET /orders 409 from=/orders to=/orders ended=redirected
			3.1 page GET /orders 200 from=/orders`, `
			GET / 200
			GET /orders 409 > GET /orders 200 +/orders
			GET /orders 200`},
		{"a form that is checked while it is filled in", `
			1 page GET /pay 200
			2 check POST /pay 422 from=/pay
			3 check POST /pay 200 from=/pay
			4 fragment POST /pay 422 from=/pay`, `
			GET /pay 200 +/pay×2
			POST /pay 422`},
		{"a form that was sent, although its headers say that it is checked", `
			1 page GET /pay 200
			2 check POST /pay 303 from=/pay to=/paid
			3 fragment GET /paid 200 from=/pay`, `
			GET /pay 200
			POST /pay 303 > GET /paid 200`},
		{"polls", `
			1 page GET /board 200
			2 fetch GET /news?since=1 200 from=/board
			4 fetch GET /news?since=2 200 from=/board
			6.2 fetch GET /news?since=3 200 from=/board
			6.3 fetch GET /typed?q=a 200 from=/board
			6.4 fetch GET /typed?q=ab 200 from=/board
			6.5 fetch GET /typed?q=abc 200 from=/board`, `
			GET /board 200 +/news?since=3×3~ +/typed?q=abc×3`},
		{"a heartbeat, and a change that failed", `
			1 page GET /board 200
			10 fetch POST /alive 204 from=/board
			20 fetch POST /alive 204 from=/board
			30 fetch POST /alive 204 from=/board
			40 fetch POST /alive 204 from=/board
			50 fetch POST /alive 204 from=/board
			60 fetch POST /alive 500 from=/board`, `
			GET /board 200 +/alive×2
			POST /alive 204
			POST /alive 204
			POST /alive 204
			POST /alive 500`},
		{"failures that are regular", `
			1 page GET /board 200
			10 fetch POST /alive 500 from=/board
			20 fetch POST /alive 500 from=/board
			30 fetch POST /alive 500 from=/board
			40 fetch POST /alive 500 from=/board`, `
			GET /board 200
			POST /alive 500
			POST /alive 500
			POST /alive 500
			POST /alive 500`},
		{"clicks that are regular by chance", `
			1 page GET /cart 200
			2 fetch POST /cart/add 200 from=/cart
			3.5 fetch POST /cart/add 200 from=/cart
			5 fetch POST /cart/add 200 from=/cart
			6.5 fetch POST /cart/add 200 from=/cart`, `
			GET /cart 200
			POST /cart/add 200
			POST /cart/add 200
			POST /cart/add 200
			POST /cart/add 200`},
		{"loaded ahead, and then opened", `
			1 page GET /a 200
			2 prefetch GET /b 200 from=/a
			9 asset GET /b.svg 200 from=/b`, `
			GET /a 200 +/b
			/b* +/b.svg`},
		{"two tabs", `
			1 page GET /a 200
			2 page GET /b 200 from=/a
			3 fetch GET /more 200 from=/a
			4 fetch GET /more 200 from=/b`, `
			GET /a 200 +/more
			GET /b 200 +/more`},
		{"the same page twice", `
			1 page GET /a 200
			2 page GET /a 200
			3 fetch GET /more 200 from=/a`, `
			GET /a 200
			GET /a 200 +/more`},
		{"no referrer", `
			1 page GET /a 200
			2 asset GET /app.css 200
			700 asset GET /late.css 200`, `
			GET /a 200 +/app.css
			GET /late.css 200`},
		{"no referrer on a busy page", `
			1 page GET /a 200
			500 fetch GET /more 200 from=/a
			900 asset GET /late.css 200`, `
			GET /a 200 +/more +/late.css`},
		{"a download leaves the page", `
			1 page GET /a 200
			2 download GET /a.pdf 200 from=/a
			3 asset GET /icon.svg 200`, `
			GET /a 200 +/icon.svg
			GET /a.pdf 200`},
		{"parts of a page that the customer did not leave", `
			1 page GET /help 200 took=0.5
			5 page GET /slow 0 ended=gave_up took=4.5
			6 asset GET /icon.svg 200
			7 page GET /slower 200 ended=gave_up took=6.7
			8 asset GET /late.svg 200`, `
			GET /help 200 +/icon.svg +/late.svg
			GET /slow 0
			GET /slower 200`},
		{"parts of a page to which a form leads that did not come", `
			1 page GET /cart 200
			2 page POST /cart 303 to=/cart
			5 page GET /cart 0 ended=gave_up took=2
			6 fetch GET /more 200 from=/cart`, `
			GET /cart 200 +/more
			POST /cart 303 > GET /cart 0`},
		{"an answer without a page leaves the page", `
			1 page GET /a 200
			2 page POST /star 204 from=/a
			3 asset GET /icon.svg 200`, `
			GET /a 200 +/icon.svg
			POST /star 204`},
		{"htmx got no answer, and the page is opened by itself", `
			1 page GET /cart 200
			5 fragment POST /pay 0 from=/cart to=/paid ended=gave_up
			6 page GET /paid 200 from=/cart`, `
			GET /cart 200
			POST /pay 0
			GET /paid 200`},
		{"parts of nothing", `
			1 asset GET /app.css 200
			2 prefetch GET /b 200
			3 beacon POST /ping 204
			4 asset GET /font.woff2 200 from=/theme.css`, `
			GET /app.css 200
			GET /b 200
			POST /ping 204
			GET /font.woff2 200`},
		{"old lines and programs", `
			1 - GET /cart 200
			2 - GET /app.css?v=3 200
			3 - POST /pay 302
			4 - GET /paid 200
			5 - POST /upload.png 201
			6 - GET /api/orders.json 200`, `
			GET /cart 200 +/app.css?v=3
			POST /pay 302
			GET /paid 200
			POST /upload.png 201
			GET /api/orders.json 200`},
		{"a program that follows redirects", `
			1 - GET /a 302 to=/b
			2 - GET /b 200`, `
			GET /a 302 > GET /b 200`},
		{"a browser and a site on plain http", `
			1 page GET /a 200
			2 - GET /api/orders 200 from=/a
			3 - POST /api/orders 201 from=/a`, `
			GET /a 200 +/api/orders
			POST /api/orders 201`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, want := describeAll(journey.Fold(entries(t, test.entries)).Steps()), trim(test.want); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAddTellsWhatChanged(t *testing.T) {
	f := journey.NewFolder(0)
	want := []struct {
		id  string
		new bool
	}{
		{"e0", true},  // an asset comes before its page
		{"e0", false}, // which does not change the step's id
		{"e2", true},
		{"e2", false}, // what it is redirected to
		{"e0", false}, // a late part of what is not the newest
	}
	for n, e := range entries(t, `
		1.5 asset GET /app.css 200 from=/cart
		2 page GET /cart 200 took=1
		3 page POST /pay 303 to=/paid
		4 page GET /paid 200
		5 fetch GET /more 200 from=/cart`) {
		if c := f.Add(e); c.Step.ID != want[n].id || c.New != want[n].new {
			t.Errorf("%s: step %s, new %v, want %+v", e.Path, c.Step.ID, c.New, want[n])
		}
	}
}

func TestFolderForgets(t *testing.T) {
	f := journey.NewFolder(3)
	for n := range 10 {
		f.Add(store.Entry{ID: fmt.Sprint(n), Method: "GET", Path: fmt.Sprint("/", n), Code: 200, Kind: store.KindPage, Time: at(float64(n))})
	}
	f.Add(store.Entry{ID: "late", Method: "GET", Path: "/poll", Code: 200, Kind: store.KindFetch, From: "/2", Time: at(11)})
	if got, want := describeAll(f.Steps()), "GET /8 200\nGET /9 200\n/2* +/poll"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := len(journey.Fold(make([]store.Entry, journey.MaxSteps+7)).Steps()); n != journey.MaxSteps+7 {
		t.Errorf("of what is folded at once, %d steps are remembered", n)
	}
}

// What is forgotten gets no more entries, which nobody would see.
func TestNothingIsAddedToWhatIsForgotten(t *testing.T) {
	for name, lines := range map[string]string{
		"a redirect": `
			1 page POST /pay 303 to=/paid
			2 download GET /1.pdf 200
			3 download GET /2.pdf 200
			4 page GET /paid 200`,
		"a frame": `
			1 page GET /a 200
			2 fragment GET /frame 200 from=/a
			3 download GET /1.pdf 200
			4 download GET /2.pdf 200
			5 asset GET /logo.svg 200 from=/frame`,
		"the only step of an agent": `
			1 fetch GET /api/a 200 from=/a by=bob
			2 download GET /1.pdf 200
			3 fetch GET /api/b 200 from=/b by=bob
			4 fetch GET /api/c 200 from=/b by=bob
			5 download GET /2.pdf 200
			6 fetch GET /api/d 200 from=/b by=bob`,
		"the newest page": `
			1 page GET /a 200
			2 download GET /1.pdf 200
			3 download GET /2.pdf 200
			4 asset GET /app.css 200`,
	} {
		t.Run(name, func(t *testing.T) {
			f := journey.NewFolder(2)
			for _, e := range entries(t, lines) {
				if c := f.Add(e); !slices.Contains(f.Steps(), c.Step) {
					t.Errorf("%s was added to %s", e.Path, describe(c.Step))
				}
			}
		})
	}
}

func TestStepIsBounded(t *testing.T) {
	f := journey.NewFolder(0)
	add := func(path string, kind store.Kind, code int, from, location string) *journey.Step {
		return f.Add(store.Entry{
			ID: path, Method: "GET", Path: path, Code: code, Kind: kind, From: from, Location: location, Time: start,
		}).Step
	}
	s := add("/a", store.KindPage, 200, "", "")
	for n := range 2 * journey.MaxParts {
		add(fmt.Sprint("/part", n), store.KindFetch, 404, "/a", "")
	}
	if len(s.Parts) != journey.MaxParts || s.Omitted != journey.MaxParts || s.Problems != 2*journey.MaxParts || s.Folded() != 2*journey.MaxParts {
		t.Errorf("%d parts, %d omitted, %d problems, %d folded", len(s.Parts), s.Omitted, s.Problems, s.Folded())
	}
	for range 2 * journey.MaxRedirects {
		s = add("/loop", store.KindPage, 302, "", "/loop")
		if len(s.Redirects) > journey.MaxRedirects {
			t.Fatalf("%d redirects in one step", len(s.Redirects))
		}
	}
}

func ExampleFold() {
	pay := store.Entry{ID: "1", Method: "POST", Path: "/pay", Code: 303, Location: "/orders/7", Kind: store.KindPage, Time: start}
	order := store.Entry{
		ID: "2", Method: "GET", Path: "/orders/7", Code: 200, Kind: store.KindPage, Page: "Order details", Time: start.Add(time.Second),
	}
	style := store.Entry{
		ID: "3", Method: "GET", Path: "/app.css", Code: 200, Kind: store.KindAsset, From: "/orders/7", Time: start.Add(2 * time.Second),
	}
	folded := journey.Fold([]store.Entry{pay, order, style})
	for _, s := range folded.Steps() {
		fmt.Println(s.Entry.Method, s.Entry.Path, "led to", s.Outcome().Code, s.Outcome().Path, "with", s.Folded(), "more")
	}
	now := folded.Now(start.Add(41 * time.Second))
	fmt.Println("on", now.Page, "idle for", now.Idle)
	// Output:
	// POST /pay led to 200 /orders/7 with 1 more
	// on Order details idle for 40s
}

func TestAddressesWithoutAPageAreNotShown(t *testing.T) {
	steps := journey.Fold(entries(t, `
		1 page GET /a?b=c 200
		2 download GET /a.pdf 200 from=/a
		3 page POST /pay 303 to=/paid
		4 fetch POST /api 200 from=/a
		5 page GET /logout 302`)).Steps()
	var addresses []string
	for _, s := range steps {
		addresses = append(addresses, s.Address())
	}
	if got := strings.Join(addresses, " "); got != "/a?b=c  /paid  " {
		t.Errorf("addresses %q", addresses)
	}
}
