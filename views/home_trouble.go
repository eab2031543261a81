package views

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// trouble is a user whose request failed, or of whom something else hints at trouble, as the first page
// shows them. It says no address: addresses are in the log, and opening that is recorded.
type trouble struct {
	store.Trouble // Code is 0 where no status says what failed
	moment
	Name   string // by the host's directory; "" where it says none
	Failed bool   // a request failed, and it is not only hints
	Hints  []troubleHint
}

// troubleHint is a hint in a few words.
type troubleHint struct {
	Key   string // of the catalogues
	Count string // how often, as people say it: in any language without a separator
}

// HintsIn looks for hints in the logs of users, for [Home]. A user without hints is not in the result.
func HintsIn(usernames []string, logs []store.Log) map[string][]journey.Hint {
	found := make(map[string][]journey.Hint)
	for i, log := range logs {
		if hints := fold(log.Entries).Hints(); len(hints) > 0 {
			found[usernames[i]] = hints
		}
	}
	return found
}

// InTrouble are the users of Troubled and of Hints, as the page shows them: the newest first.
func (p homePage) InTrouble() []trouble {
	var shown []trouble
	hints := p.freshHints()
	for _, t := range p.Troubled {
		if p.At.Sub(t.At) < TroubleFor {
			shown = append(shown, trouble{Trouble: t, moment: momentOf(t.At), Failed: true, Hints: troubleHints(hints[t.Username])})
			delete(hints, t.Username)
		}
	}
	for username, all := range hints {
		last := lastOf(slices.MaxFunc(all, func(a, b journey.Hint) int { return lastOf(a).Time.Compare(lastOf(b).Time) }))
		shown = append(shown, trouble{Trouble: store.Trouble{Username: username, At: last.Time}, moment: momentOf(last.Time), Hints: troubleHints(all)})
	}
	for i := range shown {
		shown[i].Name = p.People.of(shown[i].Username).Name
	}
	slices.SortStableFunc(shown, func(a, b trouble) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Username, b.Username)) })
	return shown
}

// freshHints are those that are not too old, by username.
func (p homePage) freshHints() map[string][]journey.Hint {
	fresh := make(map[string][]journey.Hint)
	for username, all := range p.Hints {
		for _, h := range all {
			if p.At.Sub(lastOf(h).Time) < TroubleFor {
				fresh[username] = append(fresh[username], h)
			}
		}
	}
	return fresh
}

// lastOf is the newest entry that shows a hint; every hint has one.
func lastOf(h journey.Hint) store.Entry { return h.Entries[len(h.Entries)-1] }

func troubleHints(hints []journey.Hint) []troubleHint {
	short := make([]troubleHint, len(hints))
	for i, h := range hints {
		short[i] = troubleHint{"trouble.hint." + string(h.Kind), strconv.Itoa(h.Count)}
	}
	return short
}

// Status is the status code as people quote it: without a separator, in any language.
func (t trouble) Status() string { return strconv.Itoa(t.Code) }

// Serious tells whether it is the application's fault.
func (t trouble) Serious() bool { return failureKeyWith(t.Code) == broken }

// Key is the catalogue's key of the failure: that of its row, if its status is known.
func (t trouble) Key() string {
	if t.Code == 0 {
		return "trouble.failed"
	}
	return failureKeyWith(t.Code).word()
}
