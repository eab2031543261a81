package views

import (
	"net/url"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Offers are the users who may be meant by a name that has no log. Their logs open by a click only, and never by themselves.
type Offers struct {
	store.Found
	People  People // who they are
	Page    string // where they lead: "/static" or "/live"
	Code    string // a support code that was typed, and that may be a user's name as well: the reader chooses; "" for none
	Partial bool   // a part of the log store can't be reached, so that users may be missing

	Lost      string // what was typed, if it could not be looked up who may be meant by it; "" if it could
	CodesLost bool   // whether it is a code could not be looked up, either
}

// offers is Offers as its template reads it.
type offers struct {
	Offers
	Base string // of the links
}

// newOffers returns nil where there are none.
func newOffers(o *Offers, base string) *offers {
	if o == nil || len(o.Users) == 0 && o.Code == "" && o.Lost == "" {
		return nil
	}
	return &offers{*o, base}
}

// CodeParameter says whether what was typed is a support code: IsCode or NoCode.
const (
	CodeParameter = "code"
	IsCode        = "1"
	NoCode        = "0"
)

// CodeURL is where the log is whose customer has the code.
func (o offers) CodeURL() string { return o.chosen(IsCode) }

// NameURL is where the log is of the user who is called like the code.
func (o offers) NameURL() string { return o.chosen(NoCode) }

func (o offers) chosen(as string) string {
	return o.Base + o.Page + "?" + url.Values{"username": {o.Code}, CodeParameter: {as}}.Encode()
}

// LostKey is the catalogue's key for what could not be looked up.
func (o offers) LostKey() string {
	if o.CodesLost {
		return "offers.lost.codes"
	}
	return "offers.lost"
}

// AgainURL is where it is looked up again who may be meant.
func (o offers) AgainURL() string {
	return o.Base + o.Page + "?" + url.Values{"username": {o.Lost}}.Encode()
}

// TitleKey is the catalogue's key for what they have in common.
func (o offers) TitleKey() string {
	if o.Code != "" {
		return "offers.code"
	}
	if o.Near {
		return "offers.near"
	}
	return "offers.fit"
}

// Seen is Users as the list shows them, which tells no states.
func (o offers) Seen() []seen { return seenAt(o.Base, o.Users, o.People, time.Time{}) }
