package journey_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
)

func TestDevicesAreToldApart(t *testing.T) {
	tests := []struct{ name, entries, want string }{
		{"one", `
			1 page GET /a 200 client=phone
			2 page GET /b 200 client=phone`, ""},
		{"two at once", `
			1 page GET /a 200 client=phone
			2 page GET /b 200 client=laptop
			3 page GET /c 200 client=phone
			4 fetch GET /api 200 from=/b client=laptop`, "laptop /b 4, phone /c 3"},
		{"one half an hour ago", `
			1 page GET /a 200 client=phone
			1801 page GET /b 200 client=laptop`, ""},
		{"one that only polls", `
			1 page GET /a 200 client=phone
			10 fetch GET /news 200 from=/b client=laptop
			20 fetch GET /news 200 from=/b client=laptop
			30 fetch GET /news 200 from=/b client=laptop`, ""},
		{"lines of an older version between them belong to the one before", `
			1 page GET /a 200
			2 page GET /b 200 client=phone
			3 page GET /c 200
			4 page GET /d 200 client=phone`, ""},
		{"sessions of the same sort of browser, by turns", `
			1 page GET /a 200 client=phone visit=1
			2 page GET /b 200 client=phone visit=2
			3 page GET /c 200 client=phone visit=1`, "phone 1 /c 3, phone 2 /b 2"},
		{"a session that takes the place of another", `
			1 page GET /a 200 client=phone visit=1
			2 page GET /b 200 client=phone visit=2
			3 page GET /c 200 client=phone visit=2`, ""},
		{"a login that changes the session", `
			1 page POST /login 303 to=/ client=phone visit=1
			2 page GET / 200 client=phone visit=2
			3 page GET /orders 200 client=phone`, ""},
		{"without clients, by session", `
			1 page GET /a 200 visit=1
			2 page GET /b 200 visit=2
			3 page GET /c 200 visit=1`, " 1 /c 3,  2 /b 2"},
		{"a player of videos, which does not say who it is", `
			1 page GET /a 200 client=phone visit=1
			2 page GET /b 200 client=laptop visit=2
			3 asset GET /film.mp4 200 from=/a visit=1`, "laptop 2 /b 2, phone 1 /a 1"},
		{"somebody in the user's place", `
			1 page GET /a 200 client=phone
			2 page GET /b 200 client=laptop by=bob`, ""},
	}
	for _, test := range tests {
		var got []string
		for _, d := range journey.Fold(entries(t, test.entries)).Now(at(2000)).Devices {
			got = append(got, fmt.Sprintf("%s %s %v", d.Key(), d.Path, d.Since.Sub(start).Seconds()))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, want %q", test.name, strings.Join(got, ", "), test.want)
		}
	}
}

// A redirect of one browser is not followed by another, and what a page fetches belongs to a page of the same browser.
func TestDevicesDoNotMix(t *testing.T) {
	folder := journey.Fold(entries(t, `
		1 page GET /cart 200 client=phone
		1.1 page GET /cart 200 client=laptop
		2 page POST /pay 303 to=/paid client=phone
		2.1 page GET /paid 200 client=laptop
		2.2 page GET /paid 200 client=phone
		3 asset GET /app.css 200 from=/cart client=phone`))
	steps := folder.Steps()
	if len(steps) != 4 || len(steps[2].Redirects) != 1 || steps[2].Redirects[0].Client != "phone" || len(steps[0].Parts) != 1 || len(steps[1].Parts) != 0 {
		for _, s := range steps {
			t.Errorf("%s %s %s: %d redirects, %d parts", s.Device().Key(), s.Entry.Method, s.Entry.Path, len(s.Redirects), len(s.Parts))
		}
	}
	phone := journey.Filter{Device: "phone"}
	var paths []string
	for _, s := range steps {
		if phone.Matches(s) {
			paths = append(paths, s.Entry.Path)
		}
	}
	if !slices.Equal(paths, []string{"/cart", "/pay"}) || !phone.Active() || phone.MatchesEntry(steps[1].Entry) || !phone.MatchesEntry(steps[0].Entry) {
		t.Errorf("of the phone are %q", paths)
	}
}

// What goes well on the laptop does not end what goes wrong on the phone.
func TestHintsAreAboutOneDevice(t *testing.T) {
	folder := journey.Fold(entries(t, `
		1 page POST /pay 422 client=phone
		2 page POST /pay 422 client=phone
		3 page GET /help 200 client=laptop
		4 page POST /pay 422 client=phone
		5 page GET /help 200 client=laptop`))
	hints := folder.Hints()
	if len(hints) != 1 || hints[0].Kind != journey.HintFailures || hints[0].Count != 3 {
		t.Errorf("the hints are %+v", hints)
	}
	if problem := folder.Now(at(6)).Problem; problem == nil || problem.Entry.Path != "/pay" {
		t.Errorf("the problem is %+v", problem)
	}
}

func TestVisitsBeginAndEnd(t *testing.T) {
	folder := journey.Fold(entries(t, `
		1 page GET / 200 client=phone
		2 page POST /login 303 to=/ client=phone
		2.1 page GET / 200 client=phone
		3 page POST /login 422 client=phone
		1000 fetch GET /news 200 from=/ client=phone
		1900 page GET /orders 200 client=phone
		1901 prefetch GET /cart 200 client=laptop
		1902 page GET /cart 200 client=laptop
		1903 page GET /orders 302 to=/login client=laptop
		1903.1 page GET /login 200 client=laptop
		1904 page GET /logout 200 client=phone
		1905 page POST /logout 303 to=/ client=phone
		1905.1 page GET / 200 client=phone
		4000 page GET / 200 client=phone
		6000 page GET /login 200 client=phone`))
	var got []string
	for _, s := range folder.Steps() {
		if s.Begins() != "" || s.Ends() != "" {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s%s", s.Entry.Method, s.Entry.Path, s.Begins(), s.Ends())))
		}
	}
	want := []string{"POST /login login", "GET /cart device", "GET /orders sent-to-login", "POST /logout logout", "GET / silence", "GET /login silence"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A login and a logout that the customer gave up before an answer came may have done nothing.
func TestWhatWasGivenUpBeginsAndEndsNoVisit(t *testing.T) {
	for _, s := range journey.Fold(entries(t, `
		1 page GET / 200
		2 fetch POST /login 0 from=/ ended=gave_up
		3 page POST /logout 0 from=/ ended=gave_up`)).Steps() {
		if s.Begins() != "" || s.Ends() != "" {
			t.Errorf("%s: begins %q, ends %q", s.Entry.Path, s.Begins(), s.Ends())
		}
	}
}

// However many sessions there are, no more is remembered than steps are.
func TestManyDevicesAreForgotten(t *testing.T) {
	f := journey.NewFolder(10)
	for n, e := range entries(t, `1 page GET /a 200`) {
		for i := range 1_000 {
			e.ID, e.Visit, e.Client = fmt.Sprint(n, i), fmt.Sprint(i), "phone"
			f.Add(e)
		}
	}
	if devices := f.Now(at(1)).Devices; len(f.Steps()) != 10 || len(devices) > 10 {
		t.Errorf("%d steps in %d browsers", len(f.Steps()), len(devices))
	}
}
