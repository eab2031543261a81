package views_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Two devices at once are told apart by words and shape, each has its line, and the log can be narrowed down to one.
func TestTwoDevicesAreToldApart(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	const phone, laptop = "Firefox, Android, phone", "Chrome, Windows, computer"
	page := views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", At: at, Entries: []store.Entry{ // newest first
		{ID: "3", Username: "ada", Method: "GET", Path: "/cart", Page: "Cart", Code: 200, Time: at.Add(-5 * time.Second), Kind: store.KindPage, Client: phone},
		{ID: "2", Username: "ada", Method: "GET", Path: "/help", Code: 200, Time: at.Add(-9 * time.Second), Kind: store.KindPage, Client: laptop},
		{ID: "1", Username: "ada", Method: "GET", Path: "/", Code: 200, Time: at.Add(-20 * time.Second), Kind: store.KindPage, Client: phone},
	}}
	html, err := newSet(t).Static(page)
	doc := parse(t, html, err)
	lines := doc.Find("#now[data-devices='2'] .devices > li")
	if got := squeezed(lines.First()); got != "Firefox, phone On Cart, 2026-03-04 05:06:02 UTC. Only this one" {
		t.Errorf("the first line is %q", got)
	}
	if lines.Length() != 2 || lines.Find(".device.phone").Length() != 1 || lines.Find(".device.computer").Length() != 1 {
		t.Errorf("the lines are %q", squeezed(lines))
	}
	if got := lines.First().Find("a").AttrOr("href", ""); got != "?device=Firefox%2C+Android%2C+phone&username=ada" {
		t.Errorf("one device is at %q", got)
	}
	if rows := doc.Find("#rows > tr"); rows.Find(".device.phone").Length() != 2 || squeezed(rows.Eq(1).Find(".visit")) != "Another device" {
		t.Errorf("the rows are %q", squeezed(rows))
	}
	page.Filter.Device = phone
	html, err = newSet(t).Static(page)
	if doc = parse(t, html, err); doc.Find("#rows > tr").Length() != 2 || doc.Find("#filter input[name=device]").AttrOr("value", "") != phone || !strings.Contains(doc.Find(".controls a.unfold").Text(), "All devices") {
		t.Errorf("of the phone are %q", squeezed(doc.Find("#rows > tr")))
	}
	page.Lang = "de"
	html, err = newSet(t).Static(page)
	if got := squeezed(parse(t, html, err).Find("#rows .device").First()); got != "Firefox, Telefon" {
		t.Errorf("in German it is %q", got)
	}
}

// Where there are several devices, the headline says on which something failed. Where there is one, nobody asks.
func TestTheHeadlineNamesTheDeviceThatFailed(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	const phone, laptop = "Firefox, Android, phone", "Chrome, Windows, computer"
	entry := func(id, client, page string, code int, ago time.Duration) store.Entry {
		return store.Entry{ID: id, Username: "ada", Method: "POST", Path: "/" + page, Page: page, Code: code, Time: at.Add(-ago), Kind: store.KindPage, Client: client}
	}
	for other, want := range map[string]string{
		laptop: "Pay was rejected (422) (Firefox, phone), 2026-03-04 05:05:57 UTC. On Help (Chrome, computer), active now.",
		phone:  "Pay was rejected (422), 2026-03-04 05:05:57 UTC. On Help, active now.",
	} {
		html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", At: at, Entries: []store.Entry{
			entry("2", other, "Help", 200, 5*time.Second), entry("1", phone, "Pay", 422, 10*time.Second),
		}})
		doc := parse(t, html, err)
		if got := squeezed(doc.Find("#now > p")); got != want {
			t.Errorf("with %s the headline is %q", other, got)
		}
	}
}

// Everyone's page begins with failures, and says so as long as there is nothing else on it.
func TestEveryonesPageSaysThatItShowsErrorsOnly(t *testing.T) {
	for _, query := range []url.Values{{}, {"show": {""}}} {
		html, err := newSet(t).Live(views.LiveLog{Layout: views.Layout{Lang: "en"}, Everyone: true, Filter: views.ParseEveryoneFilter(query)})
		intro := parse(t, html, err).Find(".intro").Text()
		if got, want := strings.Contains(intro, "Only errors are shown"), !query.Has("show"); got != want {
			t.Errorf("%v: it says %q", query, intro)
		}
	}
}

// With one device there is no line of its own, and details have all that is known of it.
func TestOneDeviceHasNoLine(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	entry := store.Entry{ID: "1", Username: "ada", Method: "GET", Path: "/", Code: 200, Time: at, Kind: store.KindPage, Client: "Safari, iOS, phone", Visit: "k3fz9x2a"}
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "fr"}, Username: "ada", At: at, Entries: []store.Entry{entry}})
	doc := parse(t, html, err)
	if doc.Find("[data-devices], .devices").Length() != 0 || !strings.Contains(squeezed(doc.Find("#rows dl")), "NavigateurSafari, iOS, téléphone") {
		t.Errorf("the page says %q", squeezed(doc.Find("#rows dl")))
	}
	if filter := (views.Filter{Filter: journey.Filter{Device: "Safari, iOS, phone k3fz9x2a"}}); filter.Matches(&journey.Step{Entry: entry}) != true {
		t.Error("the session's key is not that of its device")
	}
}

// Rows say where a visit begins, and where a session ends.
func TestVisitsAreShown(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	step := func(id, method, path, location string, ago time.Duration) store.Entry {
		code := 200
		if location != "" {
			code = 303
		}
		return store.Entry{ID: id, Username: "ada", Method: method, Path: path, Location: location, Code: code, Time: at.Add(-ago), Kind: store.KindPage}
	}
	html, err := newSet(t).Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", At: at, Entries: []store.Entry{
		step("4", "GET", "/orders", "/login", time.Minute), step("3", "POST", "/logout", "/", 2*time.Minute), step("2", "GET", "/cart", "", 3*time.Minute),
		step("1", "POST", "/login", "/", time.Hour),
	}})
	var got []string
	parse(t, html, err).Find("#rows .visit").Each(func(_ int, note *goquery.Selection) { got = append(got, note.Text()) })
	if strings.Join(got, "; ") != "Sent to the login; Logged out; New visit, after a pause; New visit: login" {
		t.Errorf("the rows say %q", got)
	}
}

// squeezed is the text of a selection, with single spaces.
func squeezed(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }
