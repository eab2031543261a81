package journey

import (
	"slices"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// Device is a browser that somebody uses, as far as it can be told from others. The zero Device is one of which nothing is known.
type Device struct {
	Client  string // see [store.Entry.Client]
	Session string // see [store.Entry.Visit]; "" where the host does not say
}

// Key names the device in addresses, so that a log can be narrowed down to it.
func (d Device) Key() string {
	if d.Session == "" {
		return d.Client
	}
	return d.Client + " " + d.Session
}

func deviceOf(e *store.Entry) Device { return Device{e.Client, e.Visit} }

// Device is the browser in which the step happened.
func (s *Step) Device() Device {
	if s.browser != nil {
		return s.browser.Device
	}
	return deviceOf(&s.Entry)
}

// browserKey is the key of a browser: who acts in it, and what is known of it.
type browserKey struct {
	actor string
	Device
}

// browserOf returns the browser that an entry came from. Where an entry says nothing of its browser, as old lines do, it is
// the one that was used last. A browser is the same one when more becomes known of it, and where a login gives it another session.
func (f *Folder) browserOf(e *store.Entry) *browser {
	key := browserKey{e.Actor, deviceOf(e)}
	b := f.browsers[key]
	if b == nil {
		b = f.sameBrowser(key, e)
	}
	if b == nil {
		b = newBrowser(key)
	} else if b.Device == (Device{}) || key.Client == b.Client && key.Session != "" {
		delete(f.browsers, b.browserKey)
		b.browserKey = key
	}
	f.browsers[b.browserKey], f.latest[e.Actor] = b, b
	return b
}

// sameBrowser finds a browser of which less was known, or that had another session before a login.
func (f *Folder) sameBrowser(key browserKey, e *store.Entry) *browser {
	last := f.latest[key.actor]
	if key.Device == (Device{}) {
		return last
	}
	if b := f.browsers[browserKey{actor: key.actor}]; b != nil {
		return b
	}
	if key.Session == "" {
		if last != nil && last.Client == key.Client {
			return last
		}
		return nil
	}
	if last != nil && last.Client == key.Client && last.goesOn(e) {
		return last
	}
	for _, b := range f.browsers {
		switch {
		case b.actor != key.actor:
		case key.Client == "" && b.Session == key.Session, b.Client == key.Client && (b.Session == "" || b.goesOn(e)):
			return b
		}
	}
	return nil
}

// goesOn reports whether an entry is what a browser does next after a login, or where a redirect has led it.
func (b *browser) goesOn(e *store.Entry) bool {
	if s := b.awaited[e.Path]; s != nil && follows(s.Outcome(), *e) {
		return true
	}
	return b.last != nil && b.last.logsIn() && started(*e).Sub(b.last.seen) < VisitSilence
}

// At is where the person is in one of several browsers.
type At struct {
	Device
	Page, Path string    // as in [Now]
	Since      time.Time // when something was done there last
}

// used are the browsers that the user has used within VisitSilence before the newest thing done, the last used first.
func (f *Folder) used() []*browser {
	last := make(map[*browser]time.Time)
	var order []*browser
	var newest time.Time
	for _, s := range slices.Backward(f.steps) {
		if s.Entry.Actor != "" || s.Ahead() || s.passive() || s.Gap != nil {
			continue
		}
		if _, known := last[s.browser]; !known {
			order = append(order, s.browser)
		}
		last[s.browser] = later(last[s.browser], later(s.Outcome().Time, s.busy()))
		newest = later(newest, last[s.browser])
	}
	slices.SortStableFunc(order, func(a, b *browser) int { return last[b].Compare(last[a]) })
	return slices.DeleteFunc(order, func(b *browser) bool { return newest.Sub(last[b]) >= VisitSilence })
}

// devices are where the person is in each browser that is used, nil where it is one. Of two sessions in the same sort of browser, the
// older one is another browser only if it was used again after the newer one had begun.
func (f *Folder) devices() []At {
	used := f.used()
	if len(used) < 2 {
		return nil
	}
	var all []At
	began := make(map[string]time.Time) // by client, when the last of its sessions began
	for _, b := range used {
		at, first := f.at(b)
		if began[b.Client].After(at.Since) {
			continue
		}
		all, began[b.Client] = append(all, at), later(began[b.Client], first)
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

// at is where the person is in a browser, and when the first of its steps was finished.
func (f *Folder) at(b *browser) (at At, began time.Time) {
	at.Device = b.Device
	for _, s := range slices.Backward(f.steps) {
		if s.browser != b || s.Ahead() || s.passive() || s.Gap != nil {
			continue
		}
		if at.Path == "" {
			at.Page, at.Path, _ = s.place()
		}
		at.Since = later(at.Since, later(s.Outcome().Time, s.busy()))
		began = s.Entry.Time
	}
	return at, began
}
