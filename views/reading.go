package views

import (
	"net/url"

	"github.com/gin-userlog/userlog/internal/journey"
)

// Reading is how a user's log is read: it is kept in the address, and goes with the reader from the
// static log to the live one.
type Reading struct {
	Filter journey.Filter
	Every  bool // each request on a row of its own, instead of what a person did
}

// Query adds the reading to the query of an address.
func (r Reading) Query(query url.Values) url.Values {
	if r.Filter.Show != journey.ShowAll {
		query.Set("show", r.Filter.Show)
	}
	if r.Filter.Text != "" {
		query.Set("q", r.Filter.Text)
	}
	if r.Every {
		query.Set("every", "1")
	}
	return query
}

// ReadingOf is what a query asks for; what it asks for in vain is left out.
func ReadingOf(query url.Values) Reading {
	r := Reading{Filter: journey.Filter{Text: query.Get("q")}, Every: query.Get("every") != ""}
	switch show := query.Get("show"); show {
	case journey.ShowPages, journey.ShowChanges, journey.ShowErrors:
		r.Filter.Show = show
	}
	return r
}

// controls are what a reader can choose on the page of a user.
type controls struct {
	Base, Page, Username string // Page is "/static" or "/live"
	Reading
}

// shows are the kinds of rows to choose from, and the catalogue's keys for what they are called.
func shows() []struct{ Value, Key string } {
	return []struct{ Value, Key string }{
		{journey.ShowAll, "filter.all"}, {journey.ShowPages, "filter.pages"},
		{journey.ShowChanges, "filter.changes"}, {journey.ShowErrors, "filter.errors"},
	}
}

// choice is one of several ways to read.
type choice struct {
	Key     string // of the catalogues
	URL     string
	Current bool
}

func (c controls) to(page string, r Reading) string {
	return c.Base + page + "?" + r.Query(url.Values{"username": {c.Username}}).Encode()
}

// Pages are the two ways to be kept informed.
func (c controls) Pages() []choice {
	return []choice{
		{"switch.static", c.to("/static", c.Reading), c.Page == "/static"},
		{"switch.live", c.to("/live", c.Reading), c.Page == "/live"},
	}
}

// Shows are the kinds of rows to choose from.
func (c controls) Shows() []choice {
	var all []choice
	for _, show := range shows() {
		r := c.Reading
		r.Filter.Show = show.Value
		all = append(all, choice{show.Key, c.to(c.Page, r), c.Filter.Show == show.Value})
	}
	return all
}

// Unfold leads to every request, or back to what the person did.
func (c controls) Unfold() choice {
	r := c.Reading
	r.Every = !c.Every
	key := "filter.every"
	if c.Every {
		key = "filter.folded"
	}
	return choice{key, c.to(c.Page, r), false}
}

// Clear leads to the log without a filter.
func (c controls) Clear() string { return c.to(c.Page, Reading{Every: c.Every}) }

// SummaryURL is where what happened is told for a ticket.
func (c controls) SummaryURL() string {
	return c.Base + "/summary?" + url.Values{"username": {c.Username}}.Encode()
}

// readingKeys is every key that controls, the search form and the choice of looks may ask for, for the check
// that the catalogues are complete.
func readingKeys() []string {
	keys := []string{search{Page: "/static"}.SubmitKey(), search{Page: "/live"}.SubmitKey()}
	for _, look := range (Layout{}).Looks() {
		keys = append(keys, look.Key)
	}
	for _, c := range []controls{{}, {Reading: Reading{Every: true}}} {
		for _, one := range append(append(c.Pages(), c.Shows()...), c.Unfold()) {
			keys = append(keys, one.Key)
		}
	}
	return keys
}
