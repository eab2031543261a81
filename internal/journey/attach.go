package journey

import "github.com/gin-userlog/userlog/store"

// addPart folds an entry that is not a step under the one that asked for it.
func (f *Folder) addPart(e store.Entry) Change {
	if e.Purpose() == store.KindPrefetch && e.Page != "" {
		if len(f.ahead) >= f.limit {
			clear(f.ahead)
		}
		f.ahead[e.Path] = e.Page
	}
	if s := f.asker(e); s != nil {
		return f.attach(s, e)
	}
	if e.From == "" || store.IsAssetPath(e.From) {
		return Change{Step: f.begin(e), New: true}
	}
	s := f.begin(store.Entry{
		ID: e.ID, Username: e.Username, Path: e.From, Kind: store.KindPage, Page: f.ahead[e.From], Time: e.Time,
	})
	s.Implied = true
	f.show(s, e.From)
	f.attach(s, e)
	return Change{Step: s, New: true}
}

// attach makes an entry a part of a step.
func (f *Folder) attach(s *Step, e store.Entry) Change {
	kept := s.add(e)
	if kind := e.Purpose(); kept && (kind == store.KindAsset || kind == store.KindFragment) {
		f.parts[withoutQuery(e.Path)] = s
	}
	return Change{Step: s}
}

// asker is the step whose page asked for a part, nil if it is not known.
func (f *Folder) asker(e store.Entry) *Step {
	if e.From != "" {
		before := withoutQuery(e.From)
		for _, s := range [...]*Step{f.pages[e.From], f.paths[before], f.parts[before]} {
			if s != nil {
				return s
			}
		}
		if !store.IsAssetPath(e.From) {
			return nil
		}
	}
	if f.current == nil || e.Time.Sub(f.current.seen) > AttachWindow {
		return nil
	}
	return f.current
}
