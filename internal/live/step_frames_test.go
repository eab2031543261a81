package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// page and image are a page, and what it loads.
func page(id, path string) *store.Entry {
	return &store.Entry{ID: id, Username: "ada", Method: "GET", Path: path, Code: 200, Kind: store.KindPage, Time: time.Unix(1e9, 0)}
}

func image(id, path, from string, code int) *store.Entry {
	return &store.Entry{ID: id, Username: "ada", Method: "GET", Path: path, Code: code, Kind: store.KindAsset, From: from, Time: time.Unix(1e9+1, 0)}
}

func TestAStepThatChangesComesAgain(t *testing.T) {
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	frame := encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{page("1", "/cart")}})
	if row := frame.Find("tr"); row.Length() != 1 || row.AttrOr("id", "") != "step-1" || row.Find(".fetched").Length() != 0 {
		t.Fatalf("at first there are %d rows", row.Length())
	}
	if got := frame.Find("#newest").AttrOr("data-cursor", ""); got != "1" {
		t.Errorf("the newest entry is %q", got)
	}
	frame = encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{image("2", "/a.png", "/cart", 200), image("3", "/b.png", "/cart", 404)}})
	row := frame.Find("tr")
	if row.Length() != 1 || row.AttrOr("id", "") != "step-1" || row.Find(".fetched").Text() != "2 more requests" || row.Find(".problems").Text() != "1 part failed" {
		t.Errorf("then %d rows: %s", row.Length(), row.Text())
	}
	if got := frame.Find("#newest").AttrOr("data-cursor", ""); got != "3" {
		t.Errorf("then the newest entry is %q", got)
	}
	if got := frame.Find("#now p").Text(); !strings.HasPrefix(got, "On /cart") {
		t.Errorf("the user is %q", got)
	}
}

// sharedStepsAfter returns the shared steps of a user of whom the store has these entries, newest first.
func sharedStepsAfter(past ...store.Entry) *sharedSteps {
	return newSharedSteps(25, func() ([]store.Entry, error) { return past, nil })
}

// A page that comes back, perhaps to another server, shows the step already: what belongs to it finds its place.
func TestAResumedPageGoesOnWithItsSteps(t *testing.T) {
	update := store.Update{State: store.Live, Entries: []*store.Entry{image("3", "/a.png", "/cart", 200)}}
	for _, c := range []struct {
		what  string
		steps *sharedSteps
		want  string // id of the row
	}{
		{"a log that has gone on", sharedStepsAfter(*page("4", "/later"), *image("3", "/a.png", "/cart", 200), *page("1", "/cart")), "step-1"},
		{"a log that has nothing newer", sharedStepsAfter(*image("3", "/a.png", "/cart", 200), *page("1", "/cart")), "step-1"},
	} {
		e := newEncoder(t, Watch{Username: "ada", Lang: "en", After: "1"})
		e.steps = c.steps
		row := encode(t, e, update).Find("tr")
		if row.Length() != 1 || row.AttrOr("id", "") != c.want || row.Find("td.url > code").Text() != "/cart" || row.Find(".fetched").Text() != "1 more request" {
			t.Errorf("%s: %d rows: %s", c.what, row.Length(), row.Text())
		}
	}
}

// Of the newest entries alone, what went wrong before would seem to be solved.
func TestNowIsOfTheWholeLog(t *testing.T) {
	failed, late := page("1", "/checkout"), page("2", "/help")
	failed.Code = 500
	var away error
	steps := newSharedSteps(25, func() ([]store.Entry, error) { return []store.Entry{*late, *failed}, away })
	back := newEncoder(t, Watch{Username: "ada", Lang: "en", After: "1"})
	back.steps = steps
	update := store.Update{State: store.Live, Entries: []*store.Entry{late}}
	away = errors.New("Redis is away")
	if frames, err := back.encode(update); !errors.Is(err, errUnread) || !errors.Is(err, away) || len(frames) != 0 {
		t.Fatalf("%q, %v", frames, err)
	}
	away = nil
	if got := encode(t, back, update).Find("#now").Text(); !strings.Contains(got, "failed (500)") {
		t.Errorf("the user is %q", got)
	}
}

// A page that is given the whole log needs no more.
func TestAPageThatBeginsNeedsNoPast(t *testing.T) {
	failed := page("1", "/checkout")
	failed.Code = 500
	first := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	first.steps = newSharedSteps(25, func() ([]store.Entry, error) { return nil, errors.New("Redis is slow") })
	back := newHTMLEncoder(first.pages, first.cache, time.Now, Watch{Username: "ada", Lang: "en", After: "1"}, first.steps)
	for _, c := range []struct {
		page  *htmlEncoder
		given []*store.Entry
	}{{first, []*store.Entry{failed, page("2", "/help")}}, {back, []*store.Entry{page("3", "/help")}}} {
		frame := encode(t, c.page, store.Update{State: store.Live, Entries: c.given})
		if got := frame.Find("#now").Text(); !strings.Contains(got, "failed (500)") {
			t.Errorf("after %s the user is %q", c.given[len(c.given)-1].ID, got)
		}
	}
}

// The log is read after the update was taken: by then it may have lost what the update begins with.
func TestAnUpdateThatIsOlderThanTheLogIsFoldedFirst(t *testing.T) {
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	e.steps = sharedStepsAfter(*page("3", "/pay"), *page("2", "/cart"))
	frame := encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{page("1", "/home"), page("2", "/cart")}})
	if got := frame.Find("#now p").Text(); !strings.HasPrefix(got, "On /pay") {
		t.Errorf("the user is %q", got)
	}
	frame = encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{page("3", "/pay")}})
	if got := frame.Find("tr").AttrOr("id", ""); got != "step-3" || !strings.HasPrefix(frame.Find("#now p").Text(), "On /pay") {
		t.Errorf("then the user is %q", frame.Find("#now p").Text())
	}
}

// That Redis is away is no reason to ask it, and nothing that could be folded.
func TestAnUpdateWithoutEntriesReadsNothing(t *testing.T) {
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	read := 0
	e.steps = newSharedSteps(25, func() ([]store.Entry, error) {
		read++
		return []store.Entry{*image("2", "/a.png", "/cart", 200), *page("1", "/cart")}, nil
	})
	if frame := encode(t, e, store.Update{State: store.Lost, Gap: true}); frame.Find("tr.gap").Length() != 1 {
		t.Error("there is no gap")
	}
	if read != 0 {
		t.Error("the log was read")
	}
	frame := encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{image("2", "/a.png", "/cart", 200)}})
	if row := frame.Find("tr"); read != 1 || row.AttrOr("id", "") != "step-1" {
		t.Errorf("read %d times; the row is %q", read, row.AttrOr("id", ""))
	}
}

// What somebody types is not held for others.
func TestFramesOfASearchAreNotKept(t *testing.T) {
	for text, want := range map[string]bool{"": true, "cart": false} {
		e := newEncoder(t, Watch{Username: "ada", Lang: "en", Filter: views.Filter{Filter: journey.Filter{Text: text}}})
		encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{page("1", "/cart")}})
		kept := false
		for key := range e.cache.young {
			if _, frame := key.(frameKey); frame {
				kept = true
			}
		}
		if kept != want {
			t.Errorf("searching for %q: %v", text, kept)
		}
	}
}

// Viewers who ask at different times are given what came in other portions, and see the same steps.
func TestViewersOfOneUserShareTheSteps(t *testing.T) {
	quick := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	slow := newHTMLEncoder(quick.pages, quick.cache, time.Now, quick.watch, quick.steps)
	cart, missing, found := page("1", "/cart"), image("2", "/a.png", "/cart", 404), image("3", "/b.png", "/cart", 200)
	for _, one := range []*store.Entry{cart, missing, found} {
		encode(t, quick, store.Update{State: store.Live, Entries: []*store.Entry{one}})
	}
	for _, portion := range [][]*store.Entry{{cart}, {missing, found}} {
		row := encode(t, slow, store.Update{State: store.Live, Entries: portion}).Find("tr")
		if row.Length() != 1 || row.AttrOr("id", "") != "step-1" {
			t.Fatalf("%d rows: %s", row.Length(), row.Text())
		}
		if last := portion[len(portion)-1] == found; last && (row.Find(".fetched").Text() != "2 more requests" || row.Find(".problems").Text() != "1 part failed") {
			t.Errorf("in the end: %s", row.Text())
		}
	}
}

func TestAReaderSeesWhatSheHasChosen(t *testing.T) {
	entries := []*store.Entry{page("1", "/cart"), image("2", "/a.png", "/cart", 200), page("3", "/pay")}
	entries[2].Code, entries[2].Method = 422, "POST"
	for _, c := range []struct {
		what   string
		filter views.Filter
		want   string
	}{
		{"all", views.Filter{}, "3 1"},
		{"every request", views.Filter{Every: true}, "3 2 1"},
		{"errors", views.Filter{Filter: journey.Filter{Show: journey.ShowErrors}}, "3"},
		{"text", views.Filter{Filter: journey.Filter{Text: "CART"}}, "1"},
		{"nothing", views.Filter{Filter: journey.Filter{Text: "nosuch"}}, ""},
	} {
		frame := encode(t, newEncoder(t, Watch{Username: "ada", Lang: "en", Filter: c.filter}), store.Update{State: store.Live, Entries: entries})
		var ids []string
		for _, row := range frame.Find("tr").EachIter() {
			ids = append(ids, row.AttrOr("data-id", ""))
		}
		// Whatever is shown, the page goes on after the newest entry, and says where the user is.
		if got := strings.Join(ids, " "); got != c.want || frame.Find("#newest").AttrOr("data-cursor", "") != "3" || frame.Find("#now").Length() != 1 {
			t.Errorf("%s: rows %q, want %q; newest %q", c.what, got, c.want, frame.Find("#newest").AttrOr("data-cursor", ""))
		}
	}
}

// What is older than what was folded is shown by itself, and does not take the user back to where she was.
func TestWhatIsOlderDoesNotTakeTheUserBack(t *testing.T) {
	first := newEncoder(t, Watch{Username: "ada", Lang: "en", After: "1"})
	home, pay := page("1", "/home"), page("2", "/pay")
	encode(t, first, store.Update{State: store.Live, Entries: []*store.Entry{pay}})
	late := newHTMLEncoder(first.pages, first.cache, time.Now, Watch{Username: "ada", Lang: "en"}, first.steps)
	frame := encode(t, late, store.Update{State: store.Live, Entries: []*store.Entry{home, pay}})
	if got := frame.Find("#now p").Text(); !strings.HasPrefix(got, "On /pay") {
		t.Errorf("the user is %q", got)
	}
	if got := frame.Find("tr").Map(func(_ int, row *goquery.Selection) string { return row.AttrOr("id", "") }); !slices.Equal(got, []string{"step-2", "step-1"}) {
		t.Errorf("shown: %q", got)
	}
}

// A slow viewer is given what others saw long ago.
func TestWhatASlowViewerHasNotSeenIsRemembered(t *testing.T) {
	const maxEntries = 1500
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	e.steps = newSharedSteps(maxEntries, func() ([]store.Entry, error) { return nil, nil })
	var all []*store.Entry
	for n := range 1024 + 2*maxEntries { // what store keeps for a viewer
		all = append(all, page(fmt.Sprint(n), fmt.Sprint("/", n)))
	}
	if _, err := e.encode(store.Update{State: store.Live, Entries: all}); err != nil {
		t.Fatal(err)
	}
	slow := newHTMLEncoder(e.pages, e.cache, time.Now, e.watch, e.steps)
	frame := encode(t, slow, store.Update{State: store.Live, Entries: all[:10]})
	if got := frame.Find("#now p").Text(); !strings.HasPrefix(got, "On /"+fmt.Sprint(len(all)-1)) {
		t.Errorf("the user is %q", got)
	}
}
