package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// happening is what a rule is about, while it goes on: failures of one user, or of many on one page.
type happening struct {
	rule    Rule
	subject string             // names it in all processes
	newest  time.Time          // of its failures
	by      map[string]failure // of ManyFail: the newest failure of each user
	own     []failure          // of UserFails: newest first
}

// happenings finds what rules are about, of what is known: named users first, and then the pages on which most fail.
func happenings(all []Rule, known map[string]*user, since time.Time) []happening {
	var users, pages []happening
	for _, rule := range all {
		from := since
		if rule.Made.After(from) {
			from = rule.Made
		}
		if rule.Kind == UserFails {
			if h, ok := ofUser(rule, known[rule.Username], from); ok {
				users = append(users, h)
			}
			continue
		}
		pages = append(pages, ofPages(rule, known, from)...)
	}
	slices.SortFunc(pages, func(a, b happening) int {
		return cmp.Or(cmp.Compare(len(b.by), len(a.by)), strings.Compare(a.subject, b.subject))
	})
	return append(users, pages...)
}

// ofUser is what failed of the user of a rule.
func ofUser(rule Rule, u *user, from time.Time) (happening, bool) {
	if u == nil {
		return happening{}, false
	}
	h := happening{rule: rule, subject: rule.ID}
	for _, f := range u.failures {
		if f.at.After(from) {
			h.own = append(h.own, f)
		}
	}
	if len(h.own) == 0 {
		return h, false
	}
	h.newest = h.own[0].at
	return h, true
}

// ofPages are the pages on which more users fail than a rule says.
func ofPages(rule Rule, known map[string]*user, from time.Time) []happening {
	pages := make(map[string]*happening)
	for username, u := range known {
		for _, f := range u.failures {
			if !f.at.After(from) {
				break // the others are older
			}
			h := pages[f.key]
			if h == nil {
				h = &happening{rule: rule, subject: rule.ID + " " + f.key, by: make(map[string]failure)}
				pages[f.key] = h
			}
			if _, newer := h.by[username]; !newer {
				h.by[username] = f
			}
			if f.at.After(h.newest) {
				h.newest = f.at
			}
		}
	}
	var found []happening
	for _, h := range pages {
		if len(h.by) > rule.Count {
			found = append(found, *h)
		}
	}
	return found
}

// event is what is told of it. What is older than until was told.
func (h happening) event(until time.Time, detailed bool) Event {
	e := Event{Rule: h.rule.ID, Kind: h.rule.Kind, Username: h.rule.Username, Again: !until.IsZero()}
	if h.rule.Kind == UserFails {
		for _, f := range h.own {
			if f.at.After(until) {
				e.New++
			}
		}
		if last := h.own[0]; detailed {
			e.Detail = &Detail{Page: last.page, Path: last.path, Status: last.status, Problem: last.problem}
		}
		return e
	}
	names := slices.SortedFunc(maps.Keys(h.by), func(a, b string) int {
		return cmp.Or(h.by[b].at.Compare(h.by[a].at), strings.Compare(a, b))
	})
	last := h.by[names[0]]
	e.Page, e.Users = last.page, len(names)
	for _, f := range h.by {
		if f.at.After(until) {
			e.New++
		}
	}
	if detailed {
		e.Detail = &Detail{Usernames: names[:min(len(names), maxNamed)], Path: last.path, Status: last.status, Problem: last.problem}
	}
	return e
}
