package live

import (
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/views"
)

// Watch says which log a viewer wants to see, and in which form.
type Watch struct {
	Access   auth.Access  // of the account or program that watches
	Until    time.Time    // when the viewer has to connect, and be let in, again; zero = never
	Username string       // "" for everyone
	After    string       // cursor of the newest entry that the viewer has; "" = none
	Polled   bool         // the page asks by itself: see [Hub.Poll]
	JSON     bool         // one JSON object per message instead of HTML frames
	Filter   views.Filter // of one user's log in HTML frames, of everyone's also in JSON
	Users    []string     // of everyone's requests, those of these users; empty = any
	App      string       // of everyone's requests, those that this application recorded; "" = any
	Lang     string       // of HTML frames
	Base     string       // base path of the links in HTML frames
}

// hasSteps reports whether the viewer sees the steps of one user. Others see requests.
func (w Watch) hasSteps() bool { return w.Username != "" && !w.JSON }

// wantsEvery reports whether the viewer also sees what pages fetch by themselves. Programs always do.
func (w Watch) wantsEvery() bool { return w.JSON || w.Filter.Every }

// filtersEveryone reports whether some of everyone's requests are not for the viewer.
func (w Watch) filtersEveryone() bool {
	return w.Username == "" && (w.Filter.Active() || w.App != "" || len(w.Users) > 0 || !w.wantsEvery())
}
