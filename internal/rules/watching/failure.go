package watching

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/rules"
	"github.com/gin-userlog/userlog/internal/webhook/sending"
	"github.com/gin-userlog/userlog/store"
)

// messageOf is an event as destinations get it.
func messageOf(e rules.Event, id, text string, at time.Time) (sending.Message, error) {
	data, err := json.Marshal(e)
	return sending.Message{ID: id, Type: "userlog." + string(e.Kind), Time: at, Text: text, Data: data}, err
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
	page          string // that may be told: see rules.Event.Page
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
