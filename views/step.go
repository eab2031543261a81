package views

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// Links lead from a request to elsewhere. The zero Links lead nowhere.
type Links struct {
	Site  string // origin of the watched site, such as https://shop.example.com: in front of what is copied
	Trace string // URL of a tracing or log system, with {request_id} in it
}

// stepRow is a step as it is written.
type stepRow struct {
	ID, DOMID string
	Class     string // of the result, and whether the step was implied, in trouble or loaded ahead
	Page      string
	First     detail // of the first request
	When      moment // it ended
	Result    result
	Led       []part
	Fetched   []part
	Folded    int // how many requests Fetched and Omitted are
	Omitted   int
	Problems  int // how many of these failed

	// Same is equal in the steps of a run, which a page shows as one row with their number. It is "" for a step that has something of
	// its own to show, and so a row of its own.
	Same string

	Client         string            // which browser it was in
	Begins         journey.Beginning // of a visit
	Ends           journey.Ending    // of a session
	Who            identity
	Ahead, Implied bool
	Meant          bool // the page points it out

	Missing *missingRow // of a gap, which has nothing else
}

func newStepRow(step *journey.Step, links Links) stepRow {
	if step.Gap != nil {
		missing := newMissingRow(&store.Entry{ID: step.Entry.ID, Gap: step.Gap}, "", "")
		return stepRow{Missing: &missing}
	}
	last, ending := step.Outcome(), step.Result()
	r := stepRow{
		ID: step.ID, DOMID: domID("step", step.ID), Page: step.Entry.Page,
		First: newDetail(&step.Entry, links), When: momentOf(last.Time), Result: resultOf(&ending),
		Led: make([]part, len(step.Redirects)), Fetched: make([]part, len(step.Parts)),
		Folded: step.Folded(), Omitted: step.Omitted, Problems: step.Problems,
		Ahead: step.Ahead(), Implied: step.Implied, Client: step.Device().Client, Begins: step.Begins(), Ends: step.Ends(),
		Who: identity{step.Entry.Visitor, step.Entry.Became},
	}
	if step.Implied {
		r.First.Line = "" // an implied page has no line of its own in the log
	}
	for i := range step.Redirects {
		r.Led[i] = newPart(&step.Redirects[i], links)
	}
	for i := range step.Parts {
		p := &step.Parts[i]
		r.Fetched[i] = newPart(&p.Entry, links)
		r.Fetched[i].Count, r.Fetched[i].Poll = p.Count, p.Poll
	}
	r.Class = r.class()
	if !step.Implied && step.Problems == 0 && len(step.Redirects) == 0 && r.Begins == "" && r.Ends == "" && r.Who.Became == "" {
		r.Same = sameAs(&step.Entry) + " " + step.Device().Key()
	}
	return r
}

// sameAs names what is alike in requests that repeat each other: what was done, by whom, and how it ended.
func sameAs(e *store.Entry) string {
	path, _, _ := strings.Cut(e.Path, "?")
	return strings.Join([]string{e.Method, cmp.Or(e.Page, path), strconv.Itoa(e.Code), string(e.Ended), e.Problem, e.Actor, e.Client, e.Visitor}, " ")
}

func (r stepRow) class() string {
	class := r.Result.Class
	if r.Implied {
		class = "implied"
	}
	if r.Problems > 0 {
		class += " troubled"
	}
	if r.Ahead {
		class += " ahead"
	}
	return class
}

// part is a request that belongs to a step, as it is written.
type part struct {
	Request request
	Count   int
	Poll    bool
	Detail  *detail // of one that failed, which is the one to look for elsewhere; nil of the others
}

func newPart(e *store.Entry, links Links) part {
	p := part{Request: newRequest(e), Count: 1}
	if e.Failed() {
		d := newDetail(e, links)
		p.Detail = &d
	}
	return p
}

// detail is a request with all that is known about it.
type detail struct {
	Request   request
	Duration  time.Duration
	Bar       int // how long the bar for the duration is, of 100
	Route     string
	From      string // the page that asked
	RequestID string
	Reference string // what the customer can name it by
	Client    string // which browser sent it
	TraceURL  string // where the request is found in another system; "" = nowhere
	Extras    []extra

	// Copied is the whole URL, which is copied and never a link: opening a customer's page could act in
	// her place.
	Copied string

	Line string // the request as it is recorded; "" = it was not

	Username, ID string // of the entry, to which a link leads
}

// slow is the duration of a full bar.
const slow = 2 * time.Second

func newDetail(e *store.Entry, links Links) detail {
	line, _ := e.MarshalJSON() // never fails
	d := detail{
		Request: newRequest(e), Duration: e.Duration, Bar: max(1, int(100*min(e.Duration, slow)/slow)),
		Route: e.Route, From: visible(e.From), RequestID: e.RequestID, Reference: e.Reference, Client: e.Client, Line: string(line),
		Username: e.Username, ID: e.ID,
	}
	d.Copied = links.Site + d.Request.URL
	if links.Trace != "" && e.RequestID != "" {
		d.TraceURL = strings.ReplaceAll(links.Trace, "{request_id}", url.QueryEscape(e.RequestID))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Extra)) {
		d.Extras = append(d.Extras, extra{name, e.Extra[name]})
	}
	return d
}

// Milliseconds is the duration as people compare it.
func (d detail) Milliseconds() float64 {
	return float64(d.Duration.Round(100*time.Microsecond)) / float64(time.Millisecond)
}

// extra is a value that the application added.
type extra struct{ Name, Value string }

// pageName is the name of a page, or its address where it has no name.
func pageName(page, path string) string {
	if page != "" {
		return page
	}
	return visible(path)
}
