package journey_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
)

func TestHints(t *testing.T) {
	tests := []struct {
		name, entries string
		want          string // kind, count and since, and the ids of the entries
	}{
		{"nothing", ``, ""},
		{"all is well", `1 page GET / 200`, ""},

		{"three failures in a row", `
			1 page GET /cart 200
			2 page POST /pay 422
			3 asset GET /app.css 200 from=/pay
			4 page POST /pay 422
			5 prefetch GET /help 200 from=/pay
			6 page POST /pay 422`, "failures 3 since 2: e1 e3 e5"},
		{"three failures, and not of one sort", `
			1 page POST /pay 422 problem=number
			2 page POST /pay 422 problem=expired
			3 page POST /pay 500`, ""},
		{"a failure again, with another between", `
			1 page POST /pay 422
			2 page POST /pay 500
			3 page GET /help 404
			4 page POST /pay 422
			5 page POST /pay 422`, "failures 3 since 1: e0 e3 e4"},
		{"the same failure on three pages", `
			1 page GET /a 500
			2 page GET /b 500
			3 page GET /c 500`, ""},
		{"the same failure in two visits", `
			1 page POST /pay 422
			2 page POST /pay 422
			1900 page POST /pay 422`, ""},
		{"a script's requests fail in several ways", `
			1 page GET /app 200
			2 fetch GET /api 500 from=/app
			3 fetch GET /api 502 from=/app
			4 fetch GET /api 500 from=/app`, ""},
		{"of three failures, the last thing worked", `
			1 page POST /pay 422
			2 page POST /pay 422
			3 page POST /pay 422
			4 page GET /help 200`, ""},
		{"three failures that the application tells of, with 200", `
			1 page POST /pay 200 problem=declined
			2 page POST /pay 200 problem=declined
			3 page POST /pay 200 problem=declined`, "failures 3 since 1: e0 e1 e2"},
		{"a customer who gave up waiting three times", `
			1 page GET /a 502 ended=gave_up
			2 page GET /b 0 ended=gave_up
			3 page GET /c 499 ended=gave_up`, ""},
		{"a script's failures that the application tells of", `
			1 page GET /a 200
			2 fetch GET /api 200 from=/a problem=busy
			3 fetch GET /api 200 from=/a problem=busy
			4 fetch GET /api 200 from=/a problem=busy`, "failures 3 since 2: e3"},
		{"failures of an agent in the user's place", `
			1 page POST /pay 422 by=bob
			2 page POST /pay 422 by=bob
			3 page POST /pay 422 by=bob`, ""},
		{"failures of the user, with an agent's success among them", `
			1 page POST /pay 422
			2 page POST /pay 422
			3 page GET /orders 200 by=bob
			4 page POST /pay 422`, "failures 3 since 1: e0 e1 e3"},
		{"two failures", `
			1 page POST /pay 422
			2 page POST /pay 422`, ""},
		{"failures, and pages from a cache", `
			1 page POST /pay 422
			2 asset GET /app.css 304 from=/cached
			3 page POST /pay 422
			4 page POST /pay 422`, "failures 3 since 1: e0 e2 e3"},
		{"missing images of no page", `
			1 asset GET /a.png 404
			2 asset GET /b.png 404
			3 asset GET /c.png 404`, ""},
		{"redirects to a failure", `
			1 page POST /pay 303 to=/paid
			1.1 page GET /paid 500
			2 page POST /pay 303 to=/paid
			2.1 page GET /paid 500
			3 page GET /paid 500`, "failures 3 since 1.1: e1 e3 e4"},
		{"a script's requests fail", `
			1 page GET /app 200
			2 fetch GET /api 500 from=/app
			3 fetch GET /api 500 from=/app
			4 fetch GET /api 500 from=/app`, "failures 3 since 2: e3"},
		{"a script's requests failed", `
			1 page GET /app 200
			2 fetch GET /api 500 from=/app
			3 fetch GET /api 500 from=/app
			4 fetch GET /api 500 from=/app
			5 fetch GET /api 200 from=/app`, ""},
		{"a script's requests fail now and then", `
			1 page GET /app 200
			2 fetch GET /api 500 from=/app
			3 fetch GET /api 500 from=/app
			4 fetch GET /api 200 from=/app
			5 fetch GET /api 500 from=/app`, ""},
		{"missing images", `
			1 page GET /app 200
			2 asset GET /a.png 404 from=/app
			3 asset GET /a.png 404 from=/app
			4 asset GET /a.png 404 from=/app`, ""},

		{"the same page again and again", `
			1 page GET /order 200
			3 page GET /order 200
			9 page GET /order 200
			11 page GET /order 200`, "repeated 4 since 1: e0 e1 e2 e3"},
		{"the same page again and again, since it does not come", `
			1 page GET /slow 0 ended=gave_up
			3 page GET /slow 0 ended=gave_up
			9 page GET /slow 0 ended=gave_up
			11 page GET /slow 200`, "repeated 4 since 1: e0 e1 e2 e3"},
		{"the same page, with others between", `
			1 page GET /order 200
			3 page GET /help 200
			4 page GET /order 200
			9 page GET /order 200
			10 page GET /help 200
			11 page GET /order 200`, "repeated 4 since 1: e0 e2 e3 e5"},
		{"the same page, and then another", `
			1 page GET /order 200
			3 page GET /order 200
			9 page GET /order 200
			11 page GET /order 200
			12 page GET /help 200`, ""},
		{"the same page now and then", `
			1 page GET /order 200
			50 page GET /order 200
			70 page GET /order 200
			130 page GET /order 200`, ""},
		{"a page that reloads itself", `
			1 page GET /board 200
			16 page GET /board 200
			31 page GET /board 200
			46 page GET /board 200
			61 page GET /board 200`, ""},
		{"pages of a list", `
			1 page GET /list?page=1 200
			3 page GET /list?page=2 200
			4 page GET /list?page=3 200
			9 page GET /list?page=4 200`, ""},
		{"a form that comes back", `
			1 page POST /order 200
			3 page POST /order 200
			4 page POST /order 200
			9 page POST /order 200`, ""},
		{"the same page again and again, by a redirect", `
			1 page GET / 302 to=/home
			1.1 page GET /home 200
			3 page GET / 302 to=/home
			3.1 page GET /home 200
			9 page GET / 302 to=/home
			9.1 page GET /home 200
			11 page GET / 302 to=/home
			11.1 page GET /home 200`, "repeated 4 since 1: e0 e2 e4 e6"},
		{"four things put into the cart", `
			1 page POST /cart 303 to=/cart
			1.1 page GET /cart 200
			3 page POST /cart 303 to=/cart
			3.1 page GET /cart 200
			4 page POST /cart 303 to=/cart
			4.1 page GET /cart 200
			9 page POST /cart 303 to=/cart
			9.1 page GET /cart 200`, ""},

		{"a loop of redirects", `
			1 page GET /a 302 to=/b
			1.1 page GET /b 302 to=/a
			1.2 page GET /a 302 to=/b
			1.3 page GET /b 302 to=/a
			1.4 page GET /a 302 to=/b`, "redirects 3 since 1: e0 e2 e4"},
		{"a page that is shown at the third attempt", `
			1 page GET /a 302 to=/a
			1.1 page GET /a 302 to=/a
			1.2 page GET /a 200`, ""},
		{"a page that sets a cookie", `
			1 page GET /a 302 to=/cookie
			1.1 page GET /cookie 302 to=/a
			1.2 page GET /a 200`, ""},
		{"a loop of redirects, a while ago", `
			1 page GET /a 302 to=/a
			1.1 page GET /a 302 to=/a
			1.2 page GET /a 302 to=/a
			400 page GET /b 200`, ""},

		{"bounced to the login", `
			1 page GET /orders 302 to=/account/sign-in?next=/orders
			1.1 page GET /account/sign-in?next=/orders 200`, "login 1 since 1: e0"},
		{"bounced to the login, through another page", `
			1 page GET / 302 to=/account
			1.1 page GET /account 302 to=/Login.php
			1.2 page GET /Login.php 200`, "login 1 since 1: e0"},
		{"refused, and then the login", `
			1 page GET /orders 403
			5 page GET /login 200
			6 page GET /orders 401
			7 page GET /login 200`, "login 2 since 1: e0 e2"},
		{"a script is sent to the login", `
			1 page GET /orders 200
			2 fragment GET /rows 401 from=/orders to=/login
			3 page GET /login 200
			4 fetch GET /rows 302 from=/orders to=/login`, "login 2 since 2: e1 e3"},
		{"bounced, and logged in", `
			1 page GET /orders 302 to=/login
			1.1 page GET /login 200
			5 page POST /login 303 to=/orders
			5.1 page GET /orders 200`, ""},
		{"bounced, and logged in by a script", `
			1 page GET /orders 302 to=/login
			1.1 page GET /login 200
			5 fetch POST /api/login 200 from=/login`, ""},
		{"bounced, and not logged in", `
			1 page GET /orders 302 to=/login
			1.1 page GET /login 200
			5 page POST /login 200
			6 page POST /login 303 to=/login
			6.1 page GET /login 200`, "login 1 since 1: e0"},
		{"logged out", `
			1 page POST /logout 303 to=/login
			1.1 page GET /login 200`, ""},
		{"refused", `
			1 page GET /orders 403
			2 page GET /help 200`, ""},
		{"bounced to the login, a while ago", `
			1 page GET /orders 302 to=/login
			1.1 page GET /login 200
			400 page GET /help 200`, ""},
		{"about a login", `1 page GET /help 302 to=/help/login-problems`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, h := range journey.Fold(entries(t, test.entries)).Hints() {
				var ids []string
				for _, e := range h.Entries {
					ids = append(ids, e.ID)
				}
				got = append(got, fmt.Sprintf("%s %d since %v: %s", h.Kind, h.Count, h.Since.Sub(start).Seconds(), strings.Join(ids, " ")))
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHintShowsTheNewestEntries(t *testing.T) {
	var lines strings.Builder
	for n := range 2 * journey.MaxEvidence {
		fmt.Fprintf(&lines, "%d page POST /pay 422\n", n+1)
	}
	h := journey.Fold(entries(t, lines.String())).Hints()[0]
	if h.Count != 2*journey.MaxEvidence || len(h.Entries) != journey.MaxEvidence || !h.Since.Equal(at(1)) || h.Entries[0].ID != "e10" {
		t.Errorf("%d times since %v, shown by %d entries from %s on", h.Count, h.Since, len(h.Entries), h.Entries[0].ID)
	}
}
