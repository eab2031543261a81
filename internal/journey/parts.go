package journey

import (
	"slices"

	"github.com/gin-userlog/userlog/store"
)

// addPart folds an entry that is no step by itself into the step that asked for it.
func (f *Folder) addPart(b *browser, e store.Entry) Change {
	again := b.isShownAgain(e) // first, since e may ask for its own page
	b.noteLoaded(e, f.limit)
	if !again {
		if s := b.asker(e); s != nil {
			return s.attach(e)
		}
		if e.From == "" || store.IsAssetPath(e.From) {
			return Change{Step: f.begin(b, e), New: true}
		}
	}
	s := f.begin(b, store.Entry{
		ID: e.ID, Username: e.Username, Actor: e.Actor, Client: e.Client, Visit: e.Visit, Path: e.From, Kind: store.KindPage, Page: b.ahead[e.From].page, Time: e.Time,
	})
	s.Implied = true
	b.show(s, e.From)
	s.attach(e)
	return Change{Step: s, New: true}
}

// noteLoaded notes what a script may show as a page later on, without another request. At most limit of these are remembered.
func (b *browser) noteLoaded(e store.Entry, limit int) {
	if !mayBeShown(e) {
		return
	}
	if len(b.ahead) >= limit {
		clear(b.ahead)
	}
	b.ahead[e.Path] = loaded{e.ID, e.Page, e.From, e.Time}
}

// isShownAgain reports whether a script shows the page from which e comes once more, and has loaded it from another page for that.
// For example, she goes from a list to an order and back, and Turbo has loaded the list ahead. A poll does not tell: it may be
// that of another tab.
func (b *browser) isShownAgain(e store.Entry) bool {
	page, ok := b.ahead[e.From]
	if !ok || page.from == e.From {
		return false
	}
	s := b.pageAt(e.From)
	return s != nil && s != b.current && page.at.After(s.Outcome().Time) && !s.polls(e)
}

// polls reports whether the step has requests like this one, and they are a poll.
func (s *Step) polls(e store.Entry) bool {
	key := partKeyOf(e)
	return slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Poll && p.partKey == key })
}

// attach makes an entry a part of the step.
func (s *Step) attach(e store.Entry) Change {
	kept := s.add(e)
	if kind := e.Purpose(); kept && (kind == store.KindAsset || kind == store.KindFragment && !e.Scripted) {
		s.browser.parts[withoutQuery(e.Path)] = s
	}
	return Change{Step: s}
}

// visited begins the step of a page that a script had loaded ahead and then showed without another request. Only the next
// request tells that: it comes from there. The step has no parts. It is nil where there is no such page.
func (f *Folder) visited(b *browser, e store.Entry) *Step {
	page, ok := b.ahead[e.From]
	if !ok || b.pageAt(e.From) != nil && !b.isShownAgain(e) {
		return nil
	}
	delete(b.ahead, e.From)
	s := f.begin(b, store.Entry{
		ID: page.id + "-visited", Username: e.Username, Actor: e.Actor, Client: e.Client, Visit: e.Visit, Path: e.From, Kind: store.KindPage, Page: page.page, Time: started(e),
	})
	s.Implied = true
	b.show(s, e.From)
	return s
}
