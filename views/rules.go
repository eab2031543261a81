package views

import (
	"cmp"
	"html/template"
	"slices"

	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/store"
)

// Rules is the superusers' page of what a team is told of by webhooks.
type Rules struct {
	Layout
	Rules        []rules.Rule
	Destinations []string        // names of those that messages go to
	States       []webhook.State // of destinations that messages were for lately
	Unwatched    bool            // no process watches the rules
	Count        string          // what was typed for a new rule, after a refusal; "" = nothing
	Username     string          // the same
	Message      *Message
}

// Rules renders the page of rules.
func (s *Set) Rules(p Rules) ([]byte, error) { return s.page("rules", p.Lang, rulesPage{p}) }

// rulesPage is Rules as its template reads it.
type rulesPage struct{ Rules }

// usualCount is what is offered for a new rule.
const usualCount = "5"

// TypedCount is the number in the form.
func (p rulesPage) TypedCount() string { return cmp.Or(p.Count, usualCount) }

// MaxCount is the largest such number.
func (p rulesPage) MaxCount() int { return rules.MaxCount }

// MaxUsername is how many characters a username has at most.
func (p rulesPage) MaxUsername() int { return store.MaxUsername }

// Warning says that no process watches the rules, if there are any rules.
func (p rulesPage) Warning() *Message {
	if !p.Unwatched || len(p.Rules.Rules) == 0 {
		return nil
	}
	return &Message{key: "message.rules-unwatched", warn: true, next: true}
}

// ruleRow is a rule as the table shows it.
type ruleRow struct{ rules.Rule }

// Rows are the rules as the table shows them.
func (p rulesPage) Rows() []ruleRow {
	rows := make([]ruleRow, len(p.Rules.Rules))
	for i, rule := range p.Rules.Rules {
		rows[i] = ruleRow{rule}
	}
	return rows
}

// At is when the rule was made.
func (r ruleRow) At() moment { return momentOf(r.Made) }

// ruleKey is the catalogue's key of what a rule says.
func ruleKey(kind rules.Kind) string { return "rules." + string(kind) }

// rule is what a rule says, in this language.
func (c *catalogue) rule(r ruleRow) (template.HTML, error) {
	return c.isolate(ruleKey(r.Kind), parameters{Name: printable.Name(r.Username), Count: r.Count})
}

// destinationRow is a destination as the table shows it.
type destinationRow struct{ webhook.State }

// DestinationRows are the destinations as the table shows them.
func (p rulesPage) DestinationRows() []destinationRow {
	rows := make([]destinationRow, len(p.Destinations))
	for i, name := range p.Destinations {
		rows[i].State = webhook.State{Name: name}
		if at := slices.IndexFunc(p.States, func(s webhook.State) bool { return s.Name == name }); at >= 0 {
			rows[i].State = p.States[at]
		}
	}
	return rows
}

// Delivered is when a message was delivered last, or nil.
func (r destinationRow) Delivered() *moment {
	if r.Sent.IsZero() {
		return nil
	}
	at := momentOf(r.Sent)
	return &at
}

// StateKey is the catalogue's key of how sending goes.
func (r destinationRow) StateKey() string {
	switch {
	case r.Failing():
		return "rules.failing"
	case r.Failed > 0: // since the last that was delivered, if any was
		return "rules.retried"
	case r.Sent.IsZero():
		return "rules.unused"
	}
	return "rules.fine"
}
