package views

import (
	"net/url"
	"slices"

	"github.com/gin-userlog/userlog/internal/audit"
)

// Audit is the superusers' page of the audit log.
type Audit struct {
	Layout
	Filter  AuditFilter
	Before  audit.Place // the page has records older than this; zero = the newest
	Records []audit.Record
	Older   audit.Place // what the next page has as Before; zero = there is none
	Message *Message    // nil = none
}

// AuditFilter is the filter of the page, as it was typed.
type AuditFilter struct {
	Actor, User, Action, From, To string
}

// Audit renders the page of the audit log.
func (s *Set) Audit(p Audit) ([]byte, error) { return s.page("audit", p.Lang, auditPage{p}) }

// auditPage is Audit as its template reads it.
type auditPage struct{ Audit }

// Filtered tells whether the page was asked for certain records.
func (p auditPage) Filtered() bool { return p.Filter != AuditFilter{} }

// Actions are the choices of the filter.
func (p auditPage) Actions() []actionChoice {
	var choices []actionChoice
	for _, action := range audit.Actions() {
		choices = append(choices, actionChoice{Action: action, Chosen: string(action) == p.Filter.Action})
	}
	return choices
}

// OlderURL is the address of the next page.
func (p auditPage) OlderURL() string {
	return p.url("/audit", "before", p.Older.String())
}

// NewestURL is the address of the first page with this filter.
func (p auditPage) NewestURL() string { return p.url("/audit", "", "") }

// CSVURL is the address of the export as CSV of all that the filter lets through.
func (p auditPage) CSVURL() string { return p.url("/audit/export", "format", "csv") }

// JSONURL is that of the export as JSON.
func (p auditPage) JSONURL() string { return p.url("/audit/export", "format", "json") }

// url is that of a page with this filter, and one more parameter.
func (p auditPage) url(page, name, value string) string {
	query := url.Values{}
	for name, value := range map[string]string{
		"actor": p.Filter.Actor, "user": p.Filter.User, "action": p.Filter.Action, "from": p.Filter.From, "to": p.Filter.To,
		name: value,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return p.Base + page
	}
	return p.Base + page + "?" + query.Encode()
}

// Rows are the records as the table shows them.
func (p auditPage) Rows() []auditRow {
	rows := make([]auditRow, len(p.Records))
	for i, r := range p.Records {
		rows[i] = auditRow{Record: r, moment: momentOf(r.Time), base: p.Base}
	}
	return rows
}

// auditRow is a record as the table shows it.
type auditRow struct {
	audit.Record
	moment
	base string
}

// ActorURL is the page with the actions of this actor.
func (r auditRow) ActorURL() string {
	return r.base + "/audit?" + url.Values{"actor": {r.Actor}}.Encode()
}

// SubjectURL is the page with the actions on this user or account.
func (r auditRow) SubjectURL() string {
	return r.base + "/audit?" + url.Values{"user": {r.Subject}}.Encode()
}

// ActionKey is the catalogue's key of the action.
func (r auditRow) ActionKey() string { return actionKey(r.Action) }

// Ended tells whether the record is the end of a view, which has lasted some time.
func (r auditRow) Ended() bool { return r.Action == audit.ViewEnded }

// ViaKey is the catalogue's key for the means, or "" for means that have no name here.
func (r auditRow) ViaKey() string {
	if slices.Contains(vias, r.Via) {
		return "audit.via." + r.Via
	}
	return ""
}

// ShownReason is the reason; that of a view stands by its beginning.
func (r auditRow) ShownReason() string {
	if r.Ended() {
		return ""
	}
	return r.Reason
}

// Note is the detail of the record: the new role, the label of a token, the format of an export.
func (r auditRow) Note() string {
	if r.Ended() {
		return "" // what has ended is said by the record of its beginning
	}
	return r.Detail
}

// NumberKey is the catalogue's key for the number: attempts have numbers of their own.
func (r auditRow) NumberKey() string {
	if r.Ring == audit.Attempts {
		return "audit.attempt"
	}
	return "audit.number"
}

// Number is the number of the record.
func (r auditRow) Number() int { return int(r.Seq) }

// BeganNumber is the number of the record of the view that has ended.
func (r auditRow) BeganNumber() int { return int(r.Began) }

// vias are the means that have a name: those of package auth, and the terminal.
var vias = []string{"browser", "host", "proxy", "sign-on", "terminal", "token"}

// actionChoice is an action in the filter.
type actionChoice struct {
	Action audit.Action
	Chosen bool
}

// Key is the catalogue's key for the action.
func (c actionChoice) Key() string { return actionKey(c.Action) }

// actionKey is the catalogue's key for an action. An action that a newer version has written, or
// that others have put there, has none of its own.
func actionKey(action audit.Action) string {
	if !slices.Contains(audit.Actions(), action) && action != audit.Unreadable {
		return "audit.action.other"
	}
	return "audit.action." + string(action)
}
