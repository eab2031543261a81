package live

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// encoder turns updates into messages for one viewer.
type encoder interface {
	encode(store.Update) ([][]byte, error)
	// isSlow reports whether encode may take so long that others should not have to wait for it.
	isSlow(store.Update) bool
	// skip is told that the last entries of an update were not for the viewer: the newest of them, and how many they are.
	// It adds to messages what the viewer needs to resume behind them.
	skip(messages [][]byte, newest *store.Entry, entries int) [][]byte
	// tell notes what holds for all logs. It returns the messages that tell the viewer.
	tell(now conditions) ([][]byte, error)
	// meet notes what colleagues do about the user, nil where that is not known. It returns the messages that tell the viewer.
	meet(team *views.Team) ([][]byte, error)
	// pause is how long the viewer needs for the messages that encode has returned last, before it can take more.
	pause() time.Duration
	// expire returns the messages that tell the viewer that the log which it was shown has expired. It returns none if it has not.
	expire() [][]byte
	// keepalive returns a message that changes nothing. answers says that the viewer has asked for it.
	keepalive(answers bool) []byte
}

// encoderFor returns the encoder for a viewer, with the shared steps of the user if the viewer sees steps.
func (h *Hub) encoderFor(watch Watch, steps *sharedSteps) (e encoder) {
	if watch.JSON {
		e = &jsonEncoder{cache: h.cache, state: store.Live}
	} else {
		page := newHTMLEncoder(h.pages, h.cache, h.logs.Now, watch, steps)
		page.gone.lastSeen = func() (time.Time, error) { return h.logs.Gone(h.reading, watch.Username) }
		page.gone.isThere = func() bool {
			entries, err := h.logs.Entries(h.reading, watch.Username)
			return err != nil || len(entries) > 0
		}
		page.gone.retention = h.logs.Retention()
		if watch.After != "" {
			page.gone.newest, page.gone.guessed = h.logs.Now(), true
		}
		e = page
	}
	if watch.filtersEveryone() {
		e = &filteredEncoder{encoder: e, watch: watch}
	}
	return e
}

// filteredEncoder encodes only those of everyone's requests that the viewer wants to see. A page shows what
// people did and what failed, unless every request is asked for. Requests that are left out are not counted
// among those that a frame has no room for.
type filteredEncoder struct {
	encoder
	watch Watch
}

func (e *filteredEncoder) encode(u store.Update) ([][]byte, error) {
	all := u.Entries // shared with other viewers, so not to be changed
	u.Entries = nil
	skipped := 0 // since the last entry that is wanted
	for _, entry := range all {
		skipped++
		switch {
		case e.wants(entry):
			u.Entries, skipped = append(u.Entries, entry), 0
		case e.isFrom(entry) && entry.Gap.Notable(): // among the missing requests may be some that the viewer asks for
			u.Entries, skipped = append(u.Entries, entry.Marker()), 0
		}
	}
	messages, err := e.encoder.encode(u)
	if err != nil || skipped == 0 {
		return messages, err
	}
	// A viewer that connects again has to resume behind the entries that it was not shown, too. The entry that it was
	// shown last may be so old that there would seem to be a gap behind it.
	return e.skip(messages, all[len(all)-1], skipped), nil
}

func (e *filteredEncoder) wants(entry *store.Entry) bool {
	if !e.isFrom(entry) || !e.watch.Filter.MatchesEntry(*entry) {
		return false
	}
	return e.watch.wantsEvery() || journey.Notable(*entry)
}

// isFrom reports whether the entry is of a user, and was recorded by the application, that the viewer asks for.
func (e *filteredEncoder) isFrom(entry *store.Entry) bool {
	if len(e.watch.Users) > 0 && !slices.Contains(e.watch.Users, entry.Username) {
		return false
	}
	return e.watch.App == "" || entry.Application == e.watch.App
}
