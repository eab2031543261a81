package journey

import (
	"cmp"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// browser holds the steps of one browser: one of the user's, or of an actor in the user's place. A redirect of the one is
// not followed by the other, and a part of the one belongs to no page of the other.
type browser struct {
	browserKey
	last     *Step             // the newest, but for what was loaded ahead; nil if it is not remembered
	steps    int               // how many of its steps are remembered
	current  *Step             // the newest that shows a page, or nil
	previous *Step             // the one before that, or nil
	pages    stepsBy           // the address of the page
	paths    stepsBy           // the address without its query
	parts    stepsBy           // the path of a style, a frame or another part, without its query
	awaited  stepsBy           // the address to which a redirect leads
	ahead    map[string]loaded // requests that a script may show as a page later on, by address
}

// loaded is a request whose answer a script has: one that it loaded ahead, or fetched. For example, htmx fetches a fragment, and
// then shows its address because of the attribute hx-push-url, of which no header tells.
type loaded struct {
	id, page, from string
	at             time.Time
}

func newBrowser(key browserKey) *browser {
	return &browser{
		browserKey: key,
		pages:      make(stepsBy), paths: make(stepsBy), parts: make(stepsBy), awaited: make(stepsBy),
		ahead: make(map[string]loaded),
	}
}

// stepsBy finds the newest step by an address.
type stepsBy map[string]*Step

// drop forgets that an address leads to a step.
func (m stepsBy) drop(address string, s *Step) {
	if m[address] == s {
		delete(m, address)
	}
}

// follow adds an entry to the step whose redirect it follows, if there is one.
func (b *browser) follow(e store.Entry) *Step {
	s := b.awaited[e.Path]
	if s == nil || !follows(s.Outcome(), e) {
		return nil
	}
	b.stopAwaiting(s)
	s.Redirects = append(s.Redirects, e)
	b.lead(s, e)
	return s
}

// follows reports whether the browser asked for e because r led there. Both have the same address: e its path, r its
// location.
func follows(r, e store.Entry) bool {
	if wait := started(e).Sub(r.Time); wait > RedirectWindow || wait < -clockSkew {
		return false
	}
	from, to := r.Purpose(), e.Purpose()
	if r.Redirects() && from != store.KindUnknown {
		return to == from || from == store.KindPage && to == store.KindDownload
	}
	return IsStep(e) || to == store.KindFragment
}

// started is when a request came in.
func started(e store.Entry) time.Time { return e.Time.Add(-e.Duration) }

// complete adds an entry to a step that began before the entry arrived: with a part of its page, or with the page to which
// it led.
func (b *browser) complete(e store.Entry) *Step {
	if s := b.pages[e.Path]; s != nil && s.Implied && showsPage(e) && !e.Redirects() && !s.Entry.Time.Before(started(e)) {
		s.Entry, s.Implied = e, false
		b.lead(s, e)
		return s
	}
	s := b.pages[e.Location]
	if e.Location == "" || s == nil || s.Implied || len(s.Redirects) > 0 || s.Entry.Path != e.Location ||
		started(s.Entry).Before(e.Time) || !follows(e, s.Entry) {
		return nil
	}
	s.Entry, s.Redirects = e, []store.Entry{s.Entry}
	return s
}

// lead notes where the browser is, or is going, after e, which is the latest request of s itself.
func (b *browser) lead(s *Step, e store.Entry) {
	s.see(e)
	if e.Location != "" && !unanswered(e) && len(s.Redirects) < MaxRedirects {
		b.awaited[e.Location], s.awaiting = s, e.Location
	}
	switch {
	case keepsPage(e):
		b.hide(s)
	case b.hasLeft(e):
	case e.Location != "" && (showsPage(e) || !e.Redirects()):
		b.show(s, e.Location)
	case showsPage(e):
		b.show(s, e.Path)
	}
}

// show notes that a step shows the page at an address.
func (b *browser) show(s *Step, address string) {
	if s.Address() != address {
		s.addresses = append(s.addresses, address)
	}
	b.locate(s, address)
	s.page = true
	if b.current != s {
		b.previous, b.current = b.current, s
	}
}

// locate notes that a page is at an address.
func (b *browser) locate(s *Step, address string) {
	b.pages[address], b.paths[withoutQuery(address)] = s, s
}

// hide notes that a step does not show a page, although it seemed so. The page before it is there again.
func (b *browser) hide(s *Step) {
	b.dropAddresses(s)
	s.page, s.addresses = false, nil
	if b.current != s {
		return
	}
	if b.previous, b.current = nil, b.previous; b.current != nil {
		for _, address := range b.current.addresses {
			b.locate(b.current, address)
		}
	}
}

// hasLeft reports whether the browser stopped loading e because the person went on to the newest page. For example, she
// clicks again while a page is still coming in.
func (b *browser) hasLeft(e store.Entry) bool {
	return e.Ended == store.EndGaveUp && b.current != nil && started(b.current.Outcome()).After(started(e))
}

// dropAddresses forgets that the addresses of a step's pages lead to it.
func (b *browser) dropAddresses(s *Step) {
	for _, address := range s.addresses {
		b.pages.drop(address, s)
		b.paths.drop(withoutQuery(address), s)
	}
}

func (b *browser) stopAwaiting(s *Step) {
	b.awaited.drop(s.awaiting, s)
	s.awaiting = ""
}

// forget removes a step from all addresses.
func (b *browser) forget(s *Step) {
	b.stopAwaiting(s)
	b.dropAddresses(s)
	for i := range s.Parts {
		b.parts.drop(s.Parts[i].path, s)
	}
	if b.last == s {
		b.last = nil
	}
	if b.current == s {
		b.current = nil
	}
	if b.previous == s {
		b.previous = nil
	}
}

// pageAt returns the newest step whose page has an address, or else one with the same address but for the query; nil if there is
// none.
func (b *browser) pageAt(address string) *Step {
	return cmp.Or(b.pages[address], b.paths[withoutQuery(address)])
}

// asker returns the step whose page asked for a part, nil if it is not known.
func (b *browser) asker(e store.Entry) *Step {
	if e.From != "" {
		if s := cmp.Or(b.pageAt(e.From), b.parts[withoutQuery(e.From)]); s != nil {
			return s
		}
		if !store.IsAssetPath(e.From) {
			return nil
		}
	}
	if b.current == nil || e.Time.Sub(b.current.seen) > AttachWindow {
		return nil
	}
	return b.current
}
