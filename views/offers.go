package views

import (
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Offers are users who may be meant by a name that nobody has whose log is there. A log of theirs opens by a click only.
type Offers struct {
	store.Found
	People  People    // who they are
	Page    string    // where they lead: "/static" or "/live"
	Partial bool      // a part of the log store can't be reached, so that users may be missing
	At      time.Time // users are active or idle at this time
}

// offers is Offers as its template reads it.
type offers struct {
	Offers
	Base string // of the links
}

// newOffers returns nil where there are none.
func newOffers(o *Offers, base string) *offers {
	if o == nil || len(o.Users) == 0 {
		return nil
	}
	return &offers{*o, base}
}

// TitleKey is the catalogue's key for what they have in common.
func (o offers) TitleKey() string {
	if o.Near {
		return "offers.near"
	}
	return "offers.fit"
}

// Seen is Users as the list shows them.
func (o offers) Seen() []seen { return seenAt(o.Base, o.Users, o.People, o.At) }
