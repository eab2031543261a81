package views

import (
	"net/url"

	"github.com/gin-userlog/userlog/internal/journey"
)

// Filter is what a reader has chosen to see of a log. The address of the page holds it, and links take it
// from the static log to the live one.
type Filter struct {
	journey.Filter
	Every bool // each request has a row of its own, instead of each thing that a person did
}

// ParseFilter reads the filter of a query. A kind that does not exist is left out.
func ParseFilter(query url.Values) Filter {
	f := Filter{Filter: journey.Filter{Text: query.Get("q"), Device: query.Get("device")}, Every: query.Get("every") != ""}
	switch show := query.Get("show"); show {
	case journey.ShowPages, journey.ShowChanges, journey.ShowErrors:
		f.Show = show
	}
	return f
}

// ParseEveryoneFilter is [ParseFilter] for everyone's page. It begins with failures: of what goes well there is more than anybody can
// read.
func ParseEveryoneFilter(query url.Values) Filter {
	f := ParseFilter(query)
	if !query.Has("show") {
		f.Show = journey.ShowErrors
	}
	return f
}

// AddTo adds the filter to the query of an address, and returns it.
func (f Filter) AddTo(query url.Values) url.Values {
	if f.Show != journey.ShowAll {
		query.Set("show", f.Show)
	}
	if f.Text != "" {
		query.Set("q", f.Text)
	}
	if f.Device != "" {
		query.Set("device", f.Device)
	}
	if f.Every {
		query.Set("every", "1")
	}
	return query
}

// emptyKey is the catalogue's key of what a log says in which there is nothing to show: what to do to see more.
func (f Filter) emptyKey() string {
	switch {
	case f.Device != "":
		return "table.empty-device"
	case f.Active():
		return "table.empty-filtered"
	}
	return "table.empty"
}

// LineParameter is the parameter of a static log's address that names the entry which is pointed out, by its id.
const LineParameter = "line"

// LineURL is the address of an entry in a user's static log: the page points out the row that the entry is in.
func LineURL(base, username, id string) string {
	return base + "/static?" + url.Values{"username": {username}, LineParameter: {id}}.Encode() + "#line"
}

// controls are the choices above the log of a user.
type controls struct {
	Base, Page, Username string // Page is "/static" or "/live"
	Filter               Filter
}

// shows are the kinds of rows to choose from.
func shows() []option {
	return []option{
		{Value: journey.ShowAll, Key: "filter.all"},
		{Value: journey.ShowPages, Key: "filter.pages"},
		{Value: journey.ShowChanges, Key: "filter.changes"},
		{Value: journey.ShowErrors, Key: "filter.errors"},
	}
}

// choice is a link to another way to see the log.
type choice struct {
	Key     string // of the catalogues
	URL     string
	Current bool
	Value   string // of [Filter.Show], where that is what is chosen
}

// to is the address of a page of the same user with a filter.
func (c controls) to(page string, f Filter) string {
	return c.Base + page + "?" + f.AddTo(url.Values{"username": {c.Username}}).Encode()
}

// Pages are the two ways to be kept informed.
func (c controls) Pages() []choice {
	return []choice{
		{Key: "switch.live", URL: c.to("/live", c.Filter), Current: c.Page == "/live"},
		{Key: "switch.static", URL: c.to("/static", c.Filter), Current: c.Page == "/static"},
	}
}

// Shows are the kinds of rows to choose from.
func (c controls) Shows() []choice {
	var all []choice
	for _, show := range shows() {
		f := c.Filter
		f.Show = show.Value
		all = append(all, choice{show.Key, c.to(c.Page, f), c.Filter.Show == show.Value, show.Value})
	}
	return all
}

// Unfold leads to every request, or back to what the person did.
func (c controls) Unfold() choice {
	f := c.Filter
	f.Every = !f.Every
	key := "filter.every"
	if c.Filter.Every {
		key = "filter.folded"
	}
	return choice{Key: key, URL: c.to(c.Page, f)}
}

// Device is the link back to all browsers, if the log is narrowed down to one. Its Key is the name of that one. Otherwise it is nil.
func (c controls) Device() *choice {
	if c.Filter.Device == "" {
		return nil
	}
	f := c.Filter
	f.Device = ""
	return &choice{Key: "filter.devices", URL: c.to(c.Page, f)}
}

// SummaryURL is the address of the summary for a ticket.
func (c controls) SummaryURL() string { return link(c.Base, "/summary", c.Username) }
