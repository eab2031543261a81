package views

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Ticket is what a text for a ticket has besides the log. The zero Ticket has nothing.
type Ticket struct {
	Admin    string            // absolute address of the admin, without a slash at its end, in front of links to lines; "" = no links
	Versions map[string]string // of applications, by their names
	Zone     *time.Location    // of who reads it, for the local time beside UTC; nil = UTC only
}

// maxOffset is the largest distance of a time zone from UTC that [ParseZone] takes, in minutes.
const maxOffset = 14 * 60

// ParseZone reads a distance from UTC in minutes, east of Greenwich positive, as a browser tells it. It is nil for anything else.
func ParseZone(minutes string) *time.Location {
	n, err := strconv.Atoi(minutes)
	if err != nil || n < -maxOffset || n > maxOffset {
		return nil
	}
	return time.FixedZone("", n*60)
}

// time is a moment by UTC and, if the zone is known, by the reader's clock.
func (t Ticket) time(at time.Time) string {
	if t.Zone == nil {
		return utc(at)
	}
	return utc(at) + " (" + at.In(t.Zone).Format("15:04:05 -07:00") + ")"
}

// LineSummary tells about one entry of a user's log, for a ticket: Markdown. It is "" if the log does not have it.
func (s *Set) LineSummary(lang, username string, entries []store.Entry, id string, t Ticket) (string, error) {
	for i := range entries {
		if e := &entries[i]; e.ID == id && !e.OnlyGap() {
			c := s.catalogue(lang)
			name, err := c.nameOf(username)
			if err != nil {
				return "", err
			}
			about, err := c.lineSummary(e, s.links, t)
			return name + "\n\n" + about, err
		}
	}
	return "", nil
}

// lineSummary is a list of what is known about an entry, as Markdown.
func (c *catalogue) lineSummary(e *store.Entry, links Links, t Ticket) (string, error) {
	r := resultOf(e)
	result, err := c.summaryResult(r)
	if err != nil {
		return "", err
	}
	d := newDetail(e, links)
	var b strings.Builder
	line := func(key, text string) {
		if text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", escapeMarkdown(c.texts[key]), text)
		}
	}
	what := address(strings.TrimSpace(d.Request.Method + " " + d.Request.URL))
	if e.Page != "" {
		what = code(e.Page) + " " + what
	}
	line("table.url", what)
	line("table.result", result)
	line("table.time", t.time(e.Time))
	line("detail.client", optionalCode(c.client(e.Client)))
	line("detail.from", optionalCode(d.From))
	line("detail.reference", optionalCode(e.Reference))
	line("detail.request-id", optionalCode(e.RequestID))
	line("detail.trace", d.TraceURL)
	line("detail.application", optionalCode(strings.TrimSpace(e.Application+" "+t.Versions[e.Application])))
	if t.Admin != "" {
		line("detail.link", LineURL(t.Admin, e.Username, e.ID))
	}
	return b.String(), nil
}

// optionalCode is what others have typed, as code, or nothing.
func optionalCode(text string) string {
	if text == "" {
		return ""
	}
	return code(text)
}

// lineURLs are the addresses of a line and of its text for a ticket, for pages beside those of logs.
func lineURLs(username, id string) (line, ticket string) {
	query := url.Values{"username": {username}, LineParameter: {id}}.Encode()
	return "static?" + query + "#line", "summary?" + query
}
