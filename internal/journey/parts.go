package journey

import "github.com/gin-userlog/userlog/store"

// addPart folds an entry that is no step by itself into the step that asked for it.
func (f *Folder) addPart(b *browser, e store.Entry) Change {
	if e.Purpose() == store.KindPrefetch && e.Page != "" {
		if len(b.ahead) >= f.limit {
			clear(b.ahead)
		}
		b.ahead[e.Path] = e.Page
	}
	if s := b.asker(e); s != nil {
		return s.attach(e)
	}
	if e.From == "" || store.IsAssetPath(e.From) {
		return Change{Step: f.begin(b, e), New: true}
	}
	s := f.begin(b, store.Entry{
		ID: e.ID, Username: e.Username, Actor: e.Actor, Path: e.From, Kind: store.KindPage, Page: b.ahead[e.From], Time: e.Time,
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
