package views

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/team"
	"github.com/gin-userlog/userlog/store"
)

// trouble is a user whose request failed, or of whom something else hints at trouble, as the first page
// shows them. It says no address: addresses are in the log, and opening that is recorded.
type trouble struct {
	store.Trouble // Code is 0 where no status says what failed
	moment
	Name    string    // by the host's directory; "" where it says none
	Page    string    // where it failed, as the application calls it; "" if it does not say
	Failed  bool      // a request failed, and it is not only hints
	Solved  bool      // the same has worked since
	Site    bool      // the log says that the failure was the site's fault, which a status may not tell
	Handled *handling // who takes care of the user; nil = nobody
	Streak  int       // how often the same failed again and again; 0 = it did not
	Hints   []troubleHint
}

// troubleHint is a hint in a few words.
type troubleHint struct {
	Key   string // of the catalogues
	Count string // how often, as people say it: in any language without a separator
}

// LookInto looks through the logs of users. It fills Hints, Problems and Past for those users in whose logs it finds any.
func (p *Home) LookInto(usernames []string, logs []store.Log) {
	p.Hints, p.Problems, p.Past = make(map[string][]journey.Hint), make(map[string]journey.Problem), make(map[string]time.Time)
	for i, log := range logs {
		steps := fold(log.Entries)
		if found := steps.Hints(); len(found) > 0 {
			p.Hints[usernames[i]] = found
		}
		if problem := steps.Now(time.Time{}).Problem; problem != nil {
			p.Problems[usernames[i]] = *problem
		}
		if past := steps.PastFailure(); !past.IsZero() {
			p.Past[usernames[i]] = past
		}
	}
}

// InTrouble are the users of Troubled and of Hints, as the page shows them: the worst first, and at most [MaxTroubled] unless all are asked for.
func (p homePage) InTrouble() []trouble {
	all := p.troubled()
	if p.Everybody {
		return all
	}
	return all[:min(len(all), MaxTroubled)]
}

// TroubleCount is how many users are in trouble: that many or more, if TroubleCut.
func (p homePage) TroubleCount() int { return len(p.troubled()) }

// MoreTrouble reports whether the page shows some of them only.
func (p homePage) MoreTrouble() bool { return !p.Everybody && p.TroubleCount() > MaxTroubled }

// troubled are all users in trouble. Users of whom nobody takes care come first, then those of whom a colleague does, and last those who
// are done or for whom the same has worked since. Within each of these three, failures that are the site's fault come first, then
// the longest rows of failures, then the newest.
func (p homePage) troubled() []trouble {
	var shown []trouble
	hints := p.freshHints()
	for _, t := range p.Troubled {
		if p.At.Sub(t.At) < TroubleFor && !p.isPast(t) {
			shown = append(shown, trouble{Trouble: t, moment: momentOf(t.At), Failed: true}.known(p, hints[t.Username]))
			delete(hints, t.Username)
		}
	}
	for username, all := range hints {
		last := lastOf(slices.MaxFunc(all, func(a, b journey.Hint) int { return lastOf(a).Time.Compare(lastOf(b).Time) }))
		shown = append(shown, trouble{Trouble: store.Trouble{Username: username, At: last.Time}, moment: momentOf(last.Time)}.known(p, all))
	}
	slices.SortStableFunc(shown, func(a, b trouble) int {
		return cmp.Or(cmp.Compare(a.urgency(), b.urgency()), after(b.Serious(), a.Serious()), cmp.Compare(b.Streak, a.Streak), b.At.Compare(a.At), cmp.Compare(a.Username, b.Username))
	})
	return shown
}

// isPast reports whether the visit in which something failed is over, as the log of the user says it.
func (p homePage) isPast(t store.Trouble) bool {
	past, ok := p.Past[t.Username]
	return ok && !past.Before(t.At.Truncate(time.Second))
}

// urgency orders those whom nobody takes care of before those whom somebody does, and these before those who need nobody any more.
func (t trouble) urgency() int {
	switch {
	case t.Solved || t.Handled != nil && t.Handled.State == team.Done:
		return 2
	case t.Handled != nil:
		return 1
	}
	return 0
}

// Settled tells whether the user needs nobody any more.
func (t trouble) Settled() bool { return t.urgency() == 2 }

// after orders what a bool is true of behind what it is false of.
func after(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// known adds what is known of the user besides. A page has a name, which is no address.
func (t trouble) known(p homePage, hints []journey.Hint) trouble {
	t.Name, t.Hints, t.Handled = p.People.of(t.Username).Name, troubleHints(hints), p.handled(t.Username)
	for _, h := range hints {
		if h.Kind == journey.HintFailures {
			t.Streak = h.Count
		}
	}
	if problem, ok := p.Problems[t.Username]; ok && t.Failed && !problem.Entry.Time.Before(t.At.Truncate(time.Second)) {
		t.Page, t.Solved, t.Site = problem.Entry.Page, !problem.Solved.IsZero(), problem.Entry.ServerFailed()
	}
	return t
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
func (t trouble) Serious() bool { return t.Site || failureKeyWith(t.Code) == broken }

// Key is the catalogue's key of the failure: that of its row, if its status is known.
func (t trouble) Key() string {
	if t.Code == 0 {
		return "trouble.failed"
	}
	return failureKeyWith(t.Code).word()
}
