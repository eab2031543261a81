package journey

import "github.com/gin-userlog/userlog/store"

// addPart folds an entry that is no step by itself into the step that asked for it.
func (f *Folder) addPart(b *browser, e store.Entry) Change {
	if kind := e.Purpose(); e.Safe() && !e.Failed() && (kind == store.KindFetch || kind == store.KindPrefetch) {
		if len(b.ahead) >= f.limit {
			clear(b.ahead)
		}
		b.ahead[e.Path] = loaded{e.ID, e.Page}
	}
	if s := b.asker(e); s != nil {
		return s.attach(e)
	}
	if e.From == "" || store.IsAssetPath(e.From) {
		return Change{Step: f.begin(b, e), New: true}
	}
	s := f.begin(b, store.Entry{
		ID: e.ID, Username: e.Username, Actor: e.Actor, Client: e.Client, Visit: e.Visit, Path: e.From, Kind: store.KindPage, Page: b.ahead[e.From].page, Time: e.Time,
	})
	s.Implied = true
	b.show(s, e.From)
	s.attach(e)
	return Change{Step: s, New: true}
}

// attach makes an entry a part of the step.
func (s *Step) attach(e store.Entry) Change {
	kept := s.add(e)
	if kind := e.Purpose(); kept && (kind == store.KindAsset || kind == store.KindFragment) {
		s.browser.parts[withoutQuery(e.Path)] = s
	}
	return Change{Step: s}
}

// visited begins the step of a page that a script had loaded ahead and then showed without another request. Only the next
// request tells that: it comes from there. The step has no parts. It is nil where there is no such page.
func (f *Folder) visited(b *browser, e store.Entry) *Step {
	page, ok := b.ahead[e.From]
	if !ok || b.pages[e.From] != nil || b.paths[withoutQuery(e.From)] != nil {
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
