package journey_test

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
)

func TestAProblemBelongsToItsVisitAndMayBeSolved(t *testing.T) {
	tests := []struct {
		name, entries string
		problem       string // its path; "" = none
		solved        float64
	}{
		{"it is open", `1 page POST /pay 500`, "/pay", 0},
		{"the form is shown again", `
			1 page POST /pay 422
			2 page GET /pay 200`, "/pay", 0},
		{"the same works", `
			1 page POST /pay 500
			2 page POST /pay 303 to=/paid
			2.1 page GET /paid 200
			9 page POST /pay 303 to=/paid`, "/pay", 2},
		{"with another query", `
			1 page GET /search?q=a 500
			2 page GET /search?q=b 200`, "/search?q=a", 2},
		{"a script's request works", `
			1 page GET /app 200
			2 fetch GET /api 500 from=/app
			3 fetch GET /api 200 from=/app`, "/api", 3},
		{"the same leads to the login", `
			1 page GET /orders 500
			2 page GET /orders 302 to=/login`, "/orders", 0},
		{"the same leads to a login with a session in its path", `
			1 page GET /orders 500
			2 page GET /orders 302 to=/login;jsessionid=1`, "/orders", 0},
		{"the same leads to a page about logins", `
			1 page GET /security 500
			2 page GET /security 302 to=/login-history`, "/security", 2},
		{"nobody waits for it", `
			1 page GET /orders 500
			2 page GET /orders 0 ended=gave_up`, "/orders", 0},
		{"for somebody in the user's place it works", `
			1 page GET /orders 500
			2 page GET /orders 200 by=bob`, "/orders", 0},
		{"an older one is open", `
			1 page POST /pay 500
			2 page GET /help 404
			3 page GET /help 200`, "/pay", 0},
		{"all are solved", `
			1 page GET /a 500
			2 page GET /b 500
			3 page GET /b 200
			4 page GET /a 200`, "/b", 3},
		{"half an hour passes", `
			1 page POST /pay 500
			1802 page GET / 200`, "", 0},
		{"nearly half an hour passes", `
			1 page POST /pay 500
			1799 page GET / 200`, "/pay", 0},
		{"nothing is done since", `1 page POST /pay 500`, "/pay", 0},
		{"the user logs in", `
			1 page POST /pay 500
			2 page POST /login 303 to=/
			3 page GET / 200`, "", 0},
		{"it is only checked again", `
			1 page GET /pay 200
			2 fragment POST /pay 422 from=/pay
			3 check POST /pay 200 from=/pay`, "/pay", 0},
		{"the login fails", `
			1 page POST /pay 500
			2 page POST /login 422`, "/login", 0},
		{"the next visit has its own", `
			1 page POST /pay 500
			2 page POST /login 303 to=/
			4 page GET /cart 500`, "/cart", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := journey.Fold(entries(t, test.entries)).Now(at(9000)).Problem
			switch {
			case p == nil:
				if test.problem != "" {
					t.Errorf("no problem, want %q", test.problem)
				}
			case p.Entry.Path != test.problem:
				t.Errorf("problem %q, want %q", p.Entry.Path, test.problem)
			case test.solved == 0 && !p.Solved.IsZero() || test.solved != 0 && !p.Solved.Equal(at(test.solved)):
				t.Errorf("solved at %v, want %v", p.Solved, at(test.solved))
			}
		})
	}
}

// What was trouble in a visit that is over is judged as the user index judges it: a missing image is none, and neither is what failed for
// somebody in the user's place.
func TestPastFailuresAreThoseThatTroubledTheUser(t *testing.T) {
	const over = `
			1 page POST /pay 500
			2 page POST /login 303 to=/
			3 page GET / 200`
	for name, test := range map[string]struct {
		entries string
		past    float64 // 0 = none
	}{
		"nothing fails since":           {over, 1},
		"nothing is over":               {`1 page POST /pay 500`, 0},
		"a page fails since":            {over + "\n4 page GET /cart 500", 0},
		"a script's request fails":      {over + "\n4 fetch GET /api 500 from=/", 0},
		"an image is missing":           {over + "\n4 asset GET /logo.png 404 from=/", 1},
		"a beacon fails":                {over + "\n4 beacon POST /seen 500 from=/", 1},
		"it fails in the user's place":  {over + "\n4 page GET /cart 500 by=bob", 1},
		"only an image was missing":     {"0.5 page GET /shop 200\n1 asset GET /logo.png 404 from=/shop\n2 page POST /login 303 to=/\n3 page GET / 200", 0},
		"a script's request had failed": {"0.5 page GET /shop 200\n1 fetch GET /api 500 from=/shop\n2 page POST /login 303 to=/\n3 page GET / 200", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := journey.Fold(entries(t, test.entries)).PastFailure()
			if test.past == 0 && !got.IsZero() || test.past != 0 && !got.Equal(at(test.past)) {
				t.Errorf("it is %v, want second %v", got, test.past)
			}
		})
	}
}
