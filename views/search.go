package views

import (
	"strings"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// search is the search form: its text, where it asks for suggestions, and where it leads.
type search struct {
	Base     string
	Username string
	Page     string // "/static" or "/live"; on the home page each has a button
}

// Again tells whether somebody's log is open already.
func (s search) Again() bool { return s.Username != "" }

// searches are the forms' buttons on the home page: that of the page which the reader wants comes first, and Enter leads there.
func searches(wanted string) []search {
	all := []search{{Page: wanted}}
	for _, page := range LogPages() {
		if page != wanted {
			all = append(all, search{Page: page})
		}
	}
	return all
}

// SubmitKey is the catalogue's key for the button.
func (s search) SubmitKey() string { return "search." + strings.TrimPrefix(s.Page, "/") }

// Suggestions are the names that the search field offers while a reader types.
type Suggestions struct {
	Lang string
	store.Found
	People  People    // who they are
	Gone    *Message  // nobody fits, and the log of the user has expired who is called so; nil = there is none
	Partial bool      // a part of the log store can't be reached, so that users may be missing
	At      time.Time // users are active or idle at this time; zero = when the answer is rendered
}

// Suggestions renders the options of the search field's list, and a sentence that says how many they are.
func (s *Set) Suggestions(p Suggestions) ([]byte, error) {
	return s.part("suggestions", p.Lang, suggestionList{p})
}

// suggestionList is Suggestions as its template reads it.
type suggestionList struct{ Suggestions }

// Count is how many users are suggested.
func (p suggestionList) Count() int { return len(p.Users) }

// Seen is Users as the list shows them.
func (p suggestionList) Seen() []seen { return seenAt("", p.Users, p.People, orNow(p.At)) }
