package views

import (
	"html/template"

	"github.com/gin-userlog/userlog/internal/doctor"
)

// Health is the superusers' page of what is wrong.
type Health struct {
	Layout
	Findings []doctor.Finding // what is grave to begin with
}

// Health renders the page of what is wrong.
func (s *Set) Health(p Health) ([]byte, error) { return s.page("health", p.Lang, healthPage{p}) }

// healthPage is Health as its template reads it.
type healthPage struct{ Health }

// findings are those of one kind, below a heading.
type findings struct {
	ID, Key  string // Key is the catalogue's, for the heading
	Findings []doctor.Finding
}

// Groups are the kinds of findings, without those that there are none of.
func (p healthPage) Groups() (groups []findings) {
	grave, others := findings{ID: "grave", Key: "health.grave"}, findings{ID: "others", Key: "health.others"}
	for _, f := range p.Findings {
		if f.Grave {
			grave.Findings = append(grave.Findings, f)
		} else {
			others.Findings = append(others.Findings, f)
		}
	}
	for _, group := range []findings{grave, others} {
		if len(group.Findings) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// findingKey is the catalogue's key for what is wrong. With ".next" added it is that for what to do.
func findingKey(f doctor.Finding) string {
	if f.Name != "fault" {
		return "health." + f.Name
	}
	if m := StoreFault(f.Fault); m != nil {
		return m.key
	}
	return StoreLost().key
}

// shownFinding is a finding as its template reads it.
type shownFinding struct {
	Text template.HTML
	Next string
}

// finding is f in this language.
func (c *catalogue) finding(f doctor.Finding) (shown shownFinding, err error) {
	shown.Text, err = c.isolate(findingKey(f), parameters{Name: f.Subject, Other: f.Other, Count: f.Count})
	if err == nil {
		shown.Next, err = c.text(findingKey(f) + ".next")
	}
	return shown, err
}

// Finding says in English what is wrong, and what to do, for a terminal. The finding's own texts stand in it as they are.
func (w Words) Finding(f doctor.Finding) (says, next string) {
	key := findingKey(f)
	return w.text(key, parameters{Name: f.Subject, Other: f.Other, Count: f.Count}), w.catalogue.texts[key+".next"]
}
