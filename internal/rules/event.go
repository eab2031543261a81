package rules

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/webhook"
	"github.com/gin-userlog/userlog/store"
)

// maxNamed is how many users an event names, where it may.
const maxNamed = 10

// Event is what happened, by a rule. It is what a message says in Data, too: its JSON names are a promise to receivers.
type Event struct {
	Rule string `json:"rule"` // its id
	Kind Kind   `json:"kind"`

	// Of ManyFail.
	Page  string `json:"page,omitempty"`  // what the application calls it, or its route; "" where it has neither
	Users int    `json:"users,omitempty"` // whose requests failed there within Window

	// Of UserFails.
	Username string `json:"username,omitempty"`

	// New counts what happened since the last message about the same: users, or the user's requests that failed. Without such a message it
	// is all.
	New   int  `json:"new"`
	Again bool `json:"again,omitempty"` // there was such a message, some minutes ago

	Link   string  `json:"link,omitempty"` // to the page of the admin that shows it; "" = its address is not known
	Detail *Detail `json:"detail,omitempty"`
}

// Detail is more than a message needs, for those who choose to have it.
type Detail struct {
	Usernames []string `json:"usernames,omitempty"` // of ManyFail: some of them, those whose requests failed last
	Page      string   `json:"page,omitempty"`      // of UserFails: as Event.Page
	Path      string   `json:"path,omitempty"`      // where the last failure was, without the query
	Status    int      `json:"status,omitempty"`    // of the last failure; 0 where it has none
	Problem   string   `json:"problem,omitempty"`   // what the application says of the last failure
}

// message is the event as destinations get it.
func (e Event) message(id, text string, at time.Time) (webhook.Message, error) {
	data, err := json.Marshal(e)
	return webhook.Message{ID: id, Type: "userlog." + string(e.Kind), Time: at, Text: text, Data: data}, err
}

// Limits of what is remembered of a user.
const (
	maxFailures = 25
	maxText     = 200 // bytes of an address, and of what the application says
)

// failure is a request that failed, as the watcher remembers it.
type failure struct {
	at            time.Time
	key           string // what is the same on one page
	page          string // that may be told: see Event.Page
	path, problem string
	status        int
}

// failuresIn are the failures of a log since a time, the newest first.
func failuresIn(log store.Log, since time.Time) []failure {
	var found []failure
	for i := range log.Entries {
		e := &log.Entries[i]
		if e.OnlyGap() || !e.Troubles() || !e.Time.After(since) || len(found) == maxFailures {
			continue
		}
		path, _, _ := strings.Cut(e.Path, "?")
		f := failure{at: e.Time, page: cut(cmp.Or(e.Page, e.Route)), path: cut(path), problem: cut(e.Problem), status: e.Code}
		f.key = cmp.Or(f.page, f.path)
		found = append(found, f)
	}
	slices.SortStableFunc(found, func(a, b failure) int { return b.at.Compare(a.at) })
	return found
}

// cut is the beginning of a text. It keeps no longer one in memory.
func cut(text string) string {
	return strings.Clone(strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
}
