package live

import (
	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
)

// filtered encodes those of everyone's requests that the viewer wants to see: on a page, what people did
// and what failed, unless it is to show every request. The others are not counted among those that are
// not shown.
type filtered struct {
	encoder
	watch Watch
}

func (e *filtered) encode(u store.Update) ([][]byte, error) {
	all := u.Entries // of the feed, which shows them to others, too
	u.Entries = nil
	passed := 0 // since the last that is wanted
	for _, entry := range all {
		passed++
		if e.wants(entry) {
			u.Entries, passed = append(u.Entries, entry), 0
		}
	}
	messages, err := e.encoder.encode(u)
	if err != nil || passed == 0 {
		return messages, err
	}
	// The viewer has to go on from here, too, when it connects again: from what it was shown, which may be
	// long ago, there would seem to be a gap.
	return e.pass(messages, all[len(all)-1], passed), nil
}

func (e *filtered) wants(entry *store.Entry) bool {
	if e.watch.App != "" && entry.Application != e.watch.App || !e.watch.Filter.MatchesEntry(*entry) {
		return false
	}
	return e.watch.wantsEvery() || journey.Notable(*entry)
}
