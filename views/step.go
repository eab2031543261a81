package views

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/journey"
	"github.com/gin-userlog/userlog/store"
)

// Links lead from a request to elsewhere. The zero Links lead nowhere.
type Links struct {
	Site  string // origin of the watched site, such as https://shop.example.com: in front of what is copied
	Trace string // URL of a tracing or log system, with {request_id} in it
}

// StepRow renders a step of one user as a <tr> of the log. again says that the page may have it already:
// then it takes the place of the old row.
func (s *Set) StepRow(lang string, step *journey.Step, again bool) ([]byte, error) {
	return s.part("step", lang, stepRow{step, again, s.links})
}

// stepRow is a step as its template sees it.
type stepRow struct {
	*journey.Step
	Again bool
	links Links
}

// DOMID is an id for the row's element.
func (r stepRow) DOMID() string { return "step-" + url.PathEscape(r.ID) }

// Class tells the stylesheet how the step ended and what it was.
func (r stepRow) Class() string {
	class := row{Entry: r.Outcome()}.Outcome()
	if r.Implied {
		class = "implied"
	}
	if r.Problems > 0 {
		class += " troubled"
	}
	if r.Ahead() {
		class += " ahead"
	}
	return class
}

// First is what was asked for.
func (r stepRow) First() detail { return detail{row{Entry: r.Entry}, r.links} }

// Last is how it ended.
func (r stepRow) Last() row { return row{Entry: r.Outcome()} }

// Led are the requests that it led to.
func (r stepRow) Led() []row {
	led := make([]row, len(r.Redirects))
	for i, e := range r.Redirects {
		led[i] = row{Entry: e}
	}
	return led
}

// Fetched are the parts of the step, as they are listed.
func (r stepRow) Fetched() []part {
	parts := make([]part, len(r.Parts))
	for i, p := range r.Parts {
		parts[i] = part{row{Entry: p.Entry}, p.Count, p.Poll}
	}
	return parts
}

// part is a part as the template sees it.
type part struct {
	row
	Count int
	Poll  bool
}

// Failed says whether it failed.
func (p part) Failed() bool { return p.Code >= 400 }

// detail is a request with all that is known about it.
type detail struct {
	row
	links Links
}

// Name is what the application calls the page, or the path.
func (d detail) Name() string { return pageName(d.Page, d.Path) }

// pageName is what a person reads in place of an address.
func pageName(page, path string) string {
	if page != "" {
		return page
	}
	return visible(path)
}

// Milliseconds is the duration as people compare it.
func (d detail) Milliseconds() float64 {
	return float64(d.Duration.Round(100*time.Microsecond)) / float64(time.Millisecond)
}

// slow is the duration of a full bar.
const slow = 2 * time.Second

// Bar is how long the bar for the duration is, of 100.
func (d detail) Bar() int { return max(1, int(100*min(d.Duration, slow)/slow)) }

// Copied is the whole URL, which is copied and never a link: opening a customer's page could act in her
// place.
func (d detail) Copied() string { return d.links.Site + d.URL() }

// TraceURL is where the request is found in another system, "" for nowhere.
func (d detail) TraceURL() string {
	if d.links.Trace == "" || d.RequestID == "" {
		return ""
	}
	return strings.ReplaceAll(d.links.Trace, "{request_id}", url.QueryEscape(d.RequestID))
}

// FromURL is the page that asked.
func (d detail) FromURL() string { return visible(d.From) }

// Line is the request as it is recorded.
func (d detail) Line() string {
	line, _ := d.MarshalJSON() // never fails
	return string(line)
}

// Extras are what the application added, in the order of their names.
func (d detail) Extras() []extra {
	var all []extra
	for _, name := range slices.Sorted(maps.Keys(d.Extra)) {
		all = append(all, extra{name, d.Extra[name]})
	}
	return all
}

type extra struct{ Name, Value string }

// alone is a request as a step of its own.
func alone(e store.Entry) *journey.Step { return &journey.Step{ID: e.ID, Entry: e} }
