package store

import (
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store/internal/failures"
)

func TestWhatFailed(t *testing.T) {
	tests := []struct {
		entry  Entry
		failed bool
	}{
		{Entry{Code: 200}, false},
		{Entry{Code: 303}, false},
		{Entry{Code: 404}, true},
		{Entry{Code: 500}, true},
		{Entry{Code: 0}, false},
		{Entry{Code: 0, Ended: EndUnknown}, false},
		{Entry{Code: 200, Ended: EndBrokeOff}, true},
		{Entry{Code: 0, Ended: EndTimedOut}, true},
		{Entry{Code: 0, Ended: EndGaveUp}, false},
		{Entry{Code: 500, Ended: EndGaveUp}, false},
		{Entry{Code: 409}, true},
		{Entry{Code: 409, Ended: EndRedirected}, false},
		{Entry{Code: 409, Ended: EndRedirected, Problem: "card declined"}, true},
		{Entry{Code: 500, Ended: EndRedirected}, true}, // somebody outside changed the status
		{Entry{Code: 422, Kind: KindCheck}, false},
		{Entry{Code: 400, Kind: KindCheck, Problem: "card number"}, false},
		{Entry{Code: 200, Kind: KindCheck, Problem: "card number"}, false},
		{Entry{Code: 303, Kind: KindCheck, Location: "/paid", Problem: "card declined"}, true}, // it was no check
		{Entry{Code: 403, Kind: KindCheck}, true},
		{Entry{Code: 500, Kind: KindCheck}, true},
		{Entry{Code: 200, Kind: KindCheck, Ended: EndBrokeOff}, true},
		{Entry{Code: 200, Problem: "card declined"}, true},
		{Entry{Code: 200, Problem: "card declined", Ended: EndGaveUp}, true},
	}
	for _, test := range tests {
		if got := test.entry.Failed(); got != test.failed {
			t.Errorf("%+v failed: %v, want %v", test.entry, got, test.failed)
		}
		user, other := test.entry, test.entry
		other.Actor = "bob"
		if user.Troubles() != test.failed || other.Troubles() {
			t.Errorf("%+v troubles the user: %v, where bob acts for her: %v", test.entry, user.Troubles(), other.Troubles())
		}
	}
}

// What solves a failure for a page is what is kept with it in Redis.
func TestWhatSolvesAFailure(t *testing.T) {
	failed := Entry{Method: "POST", Path: "/pay?card=1", Code: 500, Kind: KindPage}
	for _, test := range []struct {
		entry Entry
		want  bool
	}{
		{Entry{Method: "POST", Path: "/pay", Code: 200}, true},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/paid"}, true},
		{Entry{Method: "POST", Path: "/pay", Code: 409, Ended: EndRedirected, Location: "/paid"}, true},
		{Entry{Method: "GET", Path: "/pay", Code: 200}, false},
		{Entry{Method: "POST", Path: "/pay/2", Code: 200}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 422}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 200, Kind: KindCheck}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 200, Ended: EndGaveUp}, false},
		{Entry{Method: "POST", Path: "/pay", Ended: EndUnknown}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/Account/LogIn?next=/pay"}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/users/sign_in"}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/login;jsessionid=1"}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/log-on.php"}, false},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/login-history"}, true},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/paid?from=/login"}, true},
		{Entry{Method: "POST", Path: "/pay", Code: 303, Location: "/catalogincentives"}, true},
	} {
		if got := test.entry.Solves(&failed); got != test.want {
			t.Errorf("%+v solves %+v: %v", test.entry, failed, got)
		}
		if mark := test.entry.mark(); (mark.Class == failures.Worked && mark.What == failed.mark().What) != test.want {
			t.Errorf("%+v is noted as %q", test.entry, mark.Class)
		}
	}
}

func TestNobodyActsInHerOwnPlace(t *testing.T) {
	e := Entry{Username: "ada", Actor: "ada"}
	if e.bound(); e.Actor != "" {
		t.Errorf("acted for by %q", e.Actor)
	}
}

func TestFailuresWithoutAStatusAreCounted(t *testing.T) {
	var counted traffic
	now := time.Date(2026, 11, 23, 10, 0, 30, 0, time.UTC)
	for _, e := range []Entry{{Code: 200, Ended: EndBrokeOff}, {Ended: EndTimedOut}, {Ended: EndGaveUp}, {Ended: EndUnknown}, {Code: 500, Ended: EndGaveUp}, {Code: 200, Problem: "card declined"}} {
		e.Time = now
		counted.add(&e, now)
	}
	if got, want := counted.line(now).hour(0)[59], (Minute{Requests: 6, ClientErrors: 1, ServerErrors: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	if at, code := readTroubleScore(troubleScore(now, 200)); code != 0 || !at.Equal(now) {
		t.Errorf("a failure with status 200 is kept with %d at %v", code, at)
	}
}

// A browser's word counts, except that a change is no file of a page, and nothing that is loaded ahead.
func TestPurpose(t *testing.T) {
	for _, test := range []struct {
		entry Entry
		want  Kind
	}{
		{Entry{Method: "GET", Path: "/orders", Kind: KindPage}, KindPage},
		{Entry{Method: "GET", Path: "/app.js", Kind: KindFetch}, KindFetch},
		{Entry{Method: "POST", Path: "/app.js", Kind: KindAsset}, KindFetch},
		{Entry{Method: "DELETE", Path: "/orders/7", Kind: KindPrefetch}, KindFetch},
		{Entry{Method: "POST", Path: "/socket", Kind: KindSocket}, KindFetch},
		{Entry{Method: "POST", Path: "/report", Kind: KindBeacon}, KindBeacon},
		{Entry{Method: "POST", Path: "/pay", Kind: KindCheck}, KindCheck},
		{Entry{Method: "POST", Path: "/pay", Kind: KindCheck, Location: "/paid"}, KindFragment}, // the site has taken it for a payment
		{Entry{Method: "POST", Path: "/pay", Kind: KindCheck, Code: 303}, KindFragment},         // and leads to another host
		{Entry{Method: "GET", Path: "/orders", From: "/"}, KindFetch},
		{Entry{Method: "GET", Path: "/LOGO.PNG?v=2"}, KindAsset},
		{Entry{Path: "/intro.mp4"}, KindAsset}, // without a method: a GET
		{Entry{Method: "POST", Path: "/logo.png"}, KindUnknown},
		{Entry{Method: "GET", Path: "/orders"}, KindUnknown},
	} {
		if got := test.entry.Purpose(); got != test.want {
			t.Errorf("%+v is for %q, want %q", test.entry, got, test.want)
		}
	}
}

// What a page fetches by the way is no trouble of the user's, and what a user changes is.
func TestWhoseTroubleAFailureIs(t *testing.T) {
	for _, test := range []struct {
		entry Entry
		want  bool
	}{
		{Entry{Method: "GET", Path: "/boom", Kind: KindPage}, true},
		{Entry{Method: "GET", Path: "/data", Kind: KindFetch}, true},
		{Entry{Method: "GET", Path: "/app.js", Kind: KindAsset}, false},
		{Entry{Method: "GET", Path: "/font.otf"}, false},
		{Entry{Method: "POST", Path: "/logo.png", Kind: KindAsset}, true},
		{Entry{Method: "POST", Path: "/logo.png"}, true},
		{Entry{Method: "POST", Path: "/report", Kind: KindBeacon}, false},
		{Entry{Method: "GET", Path: "/next", Kind: KindPrefetch}, false},
		{Entry{Method: "GET", Path: "/live", Kind: KindSocket}, false},
	} {
		test.entry.Code = 500
		if got := test.entry.Troubles(); got != test.want {
			t.Errorf("%+v troubles the user: %v", test.entry, got)
		}
	}
}

func TestRedirectsAreThoseThatBrowsersFollow(t *testing.T) {
	for code, want := range map[int]bool{200: false, 300: false, 301: true, 302: true, 303: true, 304: false, 305: false, 307: true, 308: true, 404: false} {
		if e := (Entry{Code: code}); e.Redirects() != want {
			t.Errorf("%d redirects: %v", code, !want)
		}
	}
	if e := (Entry{Code: 409, Ended: EndRedirected}); !e.Redirects() {
		t.Error("Inertia follows a header, and that is no redirect")
	}
}
