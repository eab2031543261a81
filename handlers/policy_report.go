package handlers

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/printable"
)

// reportPath is where browsers report what the Content-Security-Policy has stopped, below the admin's path.
const reportPath = "/policy-report"

// Limits of reports. Anybody can send them, so that a report is a hint and no proof.
const (
	maxReport          = 16 << 10 // bytes of a body
	maxReportText      = 200      // bytes of each text
	reportsOfOne       = 10       // a minute from one address, or one IPv6 /64
	reportsOfAll       = 60       // and from all together
	reportLimitRenewed = time.Minute
)

// policyViolation is what is logged of a report. Of addresses, the query is left out: it may name a customer.
type policyViolation struct {
	Directive string // that was broken, such as script-src-elem
	Page      string // path of the page
	Blocked   string // what was not loaded or run: an address, or a word such as inline
	Source    string // the script that did it; "" where there is none
	Line      int
}

// reportPolicy writes reports of browsers to the program's log. It stands outside of the other routes, because forms have another
// limit, and a browser may report what happened while nobody was logged in.
func (s *site) reportPolicy(c *gin.Context) {
	s.writeHeaders(c)
	setReadDeadline(c, time.Now().Add(s.bodyTimeout))
	if s.isForged(c.Request) {
		c.Status(http.StatusForbidden)
		return
	}
	address := s.ClientAddress(c)
	allowed, unread := s.reports.allow(address, time.Now())
	if !allowed {
		c.Header("Connection", "close") // what was sent is not read
		c.Status(http.StatusTooManyRequests)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxReport))
	if err != nil {
		refuseBody(c, err)
		return
	}
	setReadDeadline(c, time.Time{})
	v, err := parseViolation(body)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	s.log.Warn("userlog: a browser has reported that a page broke the Content-Security-Policy", "directive", v.Directive,
		"page", v.Page, "blocked", v.Blocked, "source", v.Source, "line", v.Line, "address", address, "not_read", unread)
	c.Status(http.StatusNoContent)
}

// errNoReport is why a body was not read as a report.
var errNoReport = errors.New("not a report")

// parseViolation reads what browsers send to a report-uri.
func parseViolation(body []byte) (policyViolation, error) {
	var sent struct {
		Report *struct {
			Effective string `json:"effective-directive"`
			Violated  string `json:"violated-directive"` // by browsers that don't know the other one
			Document  string `json:"document-uri"`
			Blocked   string `json:"blocked-uri"`
			Source    string `json:"source-file"`
			Line      int    `json:"line-number"`
		} `json:"csp-report"`
	}
	if err := json.Unmarshal(body, &sent); err != nil || sent.Report == nil {
		return policyViolation{}, errNoReport
	}
	r, page := sent.Report, ""
	if u, err := url.Parse(r.Document); err == nil {
		page = u.EscapedPath()
	}
	return policyViolation{
		Directive: reportText(cmp.Or(r.Effective, r.Violated)), Page: reportText(page),
		Blocked: reportText(withoutSecrets(r.Blocked)), Source: reportText(withoutSecrets(r.Source)), Line: r.Line,
	}, nil
}

// withoutSecrets is an address without what may be a secret in it: its user, query and fragment. A data: URL is its content, of which the scheme says enough.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "an address that can't be read"
	case u.Opaque != "":
		return u.Scheme + ":"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// reportText makes a text of a stranger short and harmless.
func reportText(text string) string {
	if len(text) > maxReportText {
		text = text[:maxReportText] + "…"
	}
	return printable.Text(text)
}

// reportLimit limits how many reports are read. It forgets all each minute, and so holds few addresses.
type reportLimit struct {
	mu     sync.Mutex
	since  time.Time
	all    int
	of     map[string]int // by network
	unread int            // since the last that was read
}

// allow reports whether a report may be read now, and if so how many were not since the one before.
func (l *reportLimit) allow(address string, now time.Time) (allowed bool, unread int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= reportLimitRenewed {
		l.since, l.all, l.of = now, 0, map[string]int{}
	}
	network := networkOf(address)
	if l.all >= reportsOfAll || l.of[network] >= reportsOfOne {
		l.unread++
		return false, 0
	}
	l.all++
	l.of[network]++
	unread, l.unread = l.unread, 0
	return true, unread
}

// networkOf is what an address counts as. A text that is no address counts as it is.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	return auth.OneCustomer(ip)
}
