package live

import (
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/journey"
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
	if row := frame.Find("tr"); row.Length() != 1 || row.Is("[data-again]") || row.Find("summary").Text() != "Details" {
		t.Fatalf("at first there are %d rows", row.Length())
	}
	if got := frame.Find("#newest").AttrOr("data-id", ""); got != "1" {
		t.Errorf("the newest entry is %q", got)
	}
	frame = encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{image("2", "/a.png", "/cart", 200), image("3", "/b.png", "/cart", 404)}})
	row := frame.Find("tr")
	if row.Length() != 1 || !row.Is("[data-again]") || row.AttrOr("id", "") != "step-1" || row.Find("summary").Text() != "2 more requests" || row.Find(".problems").Text() != "1 part failed" {
		t.Errorf("then %d rows: %s", row.Length(), row.Text())
	}
	if got := frame.Find("#newest").AttrOr("data-id", ""); got != "3" {
		t.Errorf("then the newest entry is %q", got)
	}
	if got := frame.Find("#now p").Text(); !strings.HasPrefix(got, "On /cart") {
		t.Errorf("the user is %q", got)
	}
}

// A page that comes back shows the step already: what belongs to it finds its place.
func TestAResumedPageGoesOnWithItsSteps(t *testing.T) {
	hub := newEncoder(t, Watch{Username: "ada", Lang: "en"}).(*htmlEncoder).hub
	shown := []store.Entry{*page("2", "/later"), *page("1", "/cart")} // newest first
	for after, again := range map[string]bool{"1": true, "unknown": false} {
		e := newHTMLEncoder(hub, Watch{Username: "ada", Lang: "en", After: after}, shown)
		frame := encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{image("3", "/a.png", "/cart", 200)}})
		if row := frame.Find("tr"); row.Length() != 1 || row.Is("[data-again]") != again || row.Find("td.url > code").Text() != "/cart" {
			t.Errorf("after %q: %d rows, %s", after, row.Length(), row.Text())
		}
	}
}

func TestAReaderSeesWhatSheHasChosen(t *testing.T) {
	entries := []*store.Entry{page("1", "/cart"), image("2", "/a.png", "/cart", 200), page("3", "/pay")}
	entries[2].Code, entries[2].Method = 422, "POST"
	for _, c := range []struct {
		what    string
		reading views.Reading
		want    string
	}{
		{"all", views.Reading{}, "3 1"},
		{"every request", views.Reading{Every: true}, "3 2 1"},
		{"errors", views.Reading{Filter: journey.Filter{Show: journey.ShowErrors}}, "3"},
		{"text", views.Reading{Filter: journey.Filter{Text: "CART"}}, "1"},
		{"nothing", views.Reading{Filter: journey.Filter{Text: "nosuch"}}, ""},
	} {
		frame := encode(t, newEncoder(t, Watch{Username: "ada", Lang: "en", Reading: c.reading}), store.Update{State: store.Live, Entries: entries})
		var ids []string
		for _, row := range frame.Find("tr").EachIter() {
			ids = append(ids, row.AttrOr("data-id", ""))
		}
		// Whatever is shown, the page goes on after the newest entry, and says where the user is.
		if got := strings.Join(ids, " "); got != c.want || frame.Find("#newest").AttrOr("data-id", "") != "3" || frame.Find("#now").Length() != 1 {
			t.Errorf("%s: rows %q, want %q; newest %q", c.what, got, c.want, frame.Find("#newest").AttrOr("data-id", ""))
		}
	}
}
