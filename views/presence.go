package views

import (
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
)

// How long after the last request somebody counts as being on the site.
const (
	activeFor = journey.ActiveFor // active now; then idle
	idleFor   = 15 * time.Minute  // idle; then gone, although the log is still there
)

// presence says whether a user is on the site: the end of its catalogue key, and its CSS hook.
type presence string

// The states of a user.
const (
	active presence = "active"
	idle   presence = "idle"
	gone   presence = "gone"
	unseen presence = "unseen" // without a log
)

// presenceOf judges by the last request, zero for none. One from the future, which is the clocks' fault, counts as
// just made.
func presenceOf(seen, now time.Time) presence {
	switch ago := now.Sub(seen); {
	case seen.IsZero():
		return unseen
	case ago < activeFor:
		return active
	case ago < idleFor:
		return idle
	}
	return gone
}

// Key is the catalogue's key for what the state is called.
func (p presence) Key() string { return "presence." + string(p) }
