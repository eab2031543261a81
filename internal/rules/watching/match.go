package watching

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/rules"
)

// maxNamed is how many users an event names, where it may.
const maxNamed = 10

// match is what a rule applies to: failures of one user, or of many on one page.
type match struct {
	rule    rules.Rule
	subject string             // names it in all processes
	newest  time.Time          // of its failures
	by      map[string]failure // of ManyFail: the newest failure of each user
	own     []failure          // of UserFails: newest first
}

// matchesOf finds what rules apply to, of what is known: named users first, and then the pages on which most fail.
func matchesOf(all []rules.Rule, known map[string]*user, since time.Time) []match {
	var users, pages []match
	for _, rule := range all {
		from := since
		if rule.Made.After(from) {
			from = rule.Made
		}
		if rule.Kind == rules.UserFails {
			if m, ok := ofUser(rule, known[rule.Username], from); ok {
				users = append(users, m)
			}
			continue
		}
		pages = append(pages, ofPages(rule, known, from)...)
	}
	slices.SortFunc(pages, func(a, b match) int {
		return cmp.Or(cmp.Compare(len(b.by), len(a.by)), strings.Compare(a.subject, b.subject))
	})
	return append(users, pages...)
}

// ofUser is what failed of the user of a rule.
func ofUser(rule rules.Rule, u *user, from time.Time) (match, bool) {
	if u == nil {
		return match{}, false
	}
	m := match{rule: rule, subject: rule.ID}
	for _, f := range u.failures {
		if f.at.After(from) {
			m.own = append(m.own, f)
		}
	}
	if len(m.own) == 0 {
		return m, false
	}
	m.newest = m.own[0].at
	return m, true
}

// ofPages are the pages on which more users fail than a rule says.
func ofPages(rule rules.Rule, known map[string]*user, from time.Time) []match {
	pages := make(map[string]*match)
	for username, u := range known {
		for _, f := range u.failures {
			if !f.at.After(from) {
				break // the others are older
			}
			m := pages[f.key]
			if m == nil {
				m = &match{rule: rule, subject: rule.ID + " " + f.key, by: make(map[string]failure)}
				pages[f.key] = m
			}
			if _, newer := m.by[username]; !newer {
				m.by[username] = f
			}
			if f.at.After(m.newest) {
				m.newest = f.at
			}
		}
	}
	var found []match
	for _, m := range pages {
		if len(m.by) > rule.Count {
			found = append(found, *m)
		}
	}
	return found
}

// event is what is told of it. Failures older than until were told.
func (m match) event(until time.Time, detailed bool) rules.Event {
	e := rules.Event{Rule: m.rule.ID, Kind: m.rule.Kind, Username: m.rule.Username, Again: !until.IsZero()}
	if m.rule.Kind == rules.UserFails {
		for _, f := range m.own {
			if f.at.After(until) {
				e.New++
			}
		}
		if last := m.own[0]; detailed {
			e.Detail = &rules.Detail{Page: last.page, Path: last.path, Status: last.status, Problem: last.problem}
		}
		return e
	}
	names := slices.SortedFunc(maps.Keys(m.by), func(a, b string) int {
		return cmp.Or(m.by[b].at.Compare(m.by[a].at), strings.Compare(a, b))
	})
	last := m.by[names[0]]
	e.Page, e.Users = last.page, len(names)
	for _, f := range m.by {
		if f.at.After(until) {
			e.New++
		}
	}
	if detailed {
		e.Detail = &rules.Detail{Usernames: names[:min(len(names), maxNamed)], Path: last.path, Status: last.status, Problem: last.problem}
	}
	return e
}
