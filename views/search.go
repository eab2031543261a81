package views

import (
	"time"

	"github.com/gin-userlog/userlog/store"
)

// search is the search form: its text, where it asks for suggestions, and where it leads.
type search struct {
	Base     string
	Username string
	Page     string // "/static" or "/live"
	First    bool   // to search is what a reader of the page does first
}

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

// Whole reports whether the names of all users could be searched.
func (p suggestionList) Whole() bool { return !p.Partial && !p.Unread }

// Count is how many users are suggested.
func (p suggestionList) Count() int { return len(p.Users) }

// Seen is Users as the list shows them.
func (p suggestionList) Seen() []seen { return seenAt("", p.Users, p.People, orNow(p.At)) }
