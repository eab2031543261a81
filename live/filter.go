package live

import (
	"net/http"

	"github.com/gin-userlog/userlog/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
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
	for _, entry := range all {
		if e.wants(entry) {
			u.Entries = append(u.Entries, entry)
		}
	}
	messages, err := e.encoder.encode(u)
	if err != nil || e.watch.JSON || len(all) == 0 || e.wants(all[len(all)-1]) {
		return messages, err
	}
	// The page has to go on from here, too, when it connects again: from what it shows, which may be
	// long ago, there would seem to be a gap.
	newest := views.NewestPartial(all[len(all)-1].ID)
	last := len(messages) - 1
	if last < 0 {
		return [][]byte{newest}, nil
	}
	messages[last] = append(messages[last], newest...)
	return messages, nil
}

func (e *filtered) wants(entry *store.Entry) bool {
	if e.watch.App != "" && entry.Application != e.watch.App || !e.watch.Reading.Filter.MatchesEntry(*entry) {
		return false
	}
	return e.watch.wantsEvery() || journey.IsStep(*entry) || entry.Code >= http.StatusBadRequest
}
