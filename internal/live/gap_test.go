package live

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// gapUpdate is an update with a page, one before which requests are missing, and a marker.
func gapUpdate() store.Update {
	told := page("2", "/pay")
	told.Gap = &store.Gap{Dropped: 3}
	marker := &store.Entry{ID: "3", Username: "ada", Gap: &store.Gap{Indeterminate: 1}}
	update := store.Update{State: store.Live, Entries: []*store.Entry{page("1", "/cart"), told, marker}}
	for _, e := range update.Entries {
		e.Username = "ada"
	}
	return update
}

// rowIDs are the ids of a frame's rows, the newest first.
func rowIDs(frame *goquery.Selection) string {
	var ids []string
	for _, row := range frame.Find("tr").EachIter() {
		ids = append(ids, row.AttrOr("id", ""))
	}
	return strings.Join(ids, " ")
}

func TestAGapStandsBelowItsRequest(t *testing.T) {
	t.Parallel()
	errors := views.Filter{Filter: journey.Filter{Show: journey.ShowErrors}}
	for _, test := range []struct {
		name  string
		watch Watch
		want  string
	}{
		{"a user", Watch{Username: "ada"}, "gap-3 step-2 gap-2 step-1"},
		{"a user, every request", Watch{Username: "ada", Filter: views.Filter{Every: true}}, "gap-3 step-2 gap-2 step-1"},
		{"a user, errors", Watch{Username: "ada", Filter: errors}, "gap-3 gap-2"},
		{"everyone", Watch{}, "gap-3 entry-2 gap-2 entry-1"},
		{"everyone, errors", Watch{Filter: errors}, "gap-3 gap-2"},
		{"everyone, another application", Watch{App: "other"}, ""},
	} {
		test.watch.Lang = "en"
		var e encoder = newEncoder(t, test.watch)
		if test.watch.filtersEveryone() {
			e = &filteredEncoder{e, test.watch}
		}
		frame := encode(t, e, gapUpdate())
		if got := rowIDs(frame); got != test.want {
			t.Errorf("%s: the rows are %q, want %q", test.name, got, test.want)
		}
		if cursor := frame.Find("#newest").AttrOr("data-cursor", ""); cursor != "3" {
			t.Errorf("%s: a page goes on behind %q", test.name, cursor)
		}
	}
}

// A page that connects again, perhaps to another server, gets a row again that it has, and puts it in its place.
func TestAGapHasOneRow(t *testing.T) {
	t.Parallel()
	update := gapUpdate()
	past := []store.Entry{*update.Entries[2], *update.Entries[1], *update.Entries[0]}
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	e.steps = sharedStepsAfter(past...)
	if got := rowIDs(encode(t, e, update)); got != "gap-3 step-2 gap-2 step-1" {
		t.Errorf("the rows are %q", got)
	}
	late := page("0", "/late")
	late.Gap = &store.Gap{Dropped: 2}
	if got := rowIDs(encode(t, e, store.Update{State: store.Live, Entries: []*store.Entry{late, update.Entries[0]}})); got != "step-1 step-0 gap-0" {
		t.Errorf("of an entry that comes late: %q", got)
	}
}

func TestProgramsAreToldHowManyAreMissing(t *testing.T) {
	t.Parallel()
	e := &jsonEncoder{cache: newRenderCache(), state: store.Live}
	messages, err := e.encode(gapUpdate())
	if err != nil || len(messages) != 3 {
		t.Fatalf("%q, %v", messages, err)
	}
	for i, want := range []struct{ begins, has string }{
		{`{"type":"entry","cursor":"1",`, `"path":"/cart"`},
		{`{"type":"entry","cursor":"2",`, `"gap":{"dropped":3}`},
		{`{"type":"gap","cursor":"3","id":"3","username":"ada",`, `"gap":{"indeterminate":1}`},
	} {
		if got := string(messages[i]); !strings.HasPrefix(got, want.begins) || !strings.Contains(got, want.has) || strings.Contains(got, `"gap"`) != (i > 0) {
			t.Errorf("%s", got)
		}
	}
}

// Viewers share steps, and not what newer requests have pushed out before each of them came.
func TestAViewerThatComesLaterIsToldWhatIsNotKept(t *testing.T) {
	t.Parallel()
	failed, second, third := page("1", "/pay"), page("2", "/cart"), page("3", "/help")
	steps := sharedStepsAfter()
	first := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	first.steps = steps
	if got := rowIDs(encode(t, first, store.Update{State: store.Live, Entries: []*store.Entry{failed, second, third}})); got != "step-3 step-2 step-1" {
		t.Fatalf("the first viewer has the rows %q", got)
	}
	for _, missing := range []int{1, 2} {
		placed := *third
		placed.Gap = &store.Gap{NotKept: missing}
		later := newEncoder(t, Watch{Username: "ada", Lang: "en"})
		later.steps, later.cache = steps, first.cache
		frame := encode(t, later, store.Update{State: store.Live, Entries: []*store.Entry{failed, &placed}})
		if got := rowIDs(frame); got != "step-3 gap-3 step-1" {
			t.Errorf("a later viewer has the rows %q", got)
		}
		if got, want := strings.TrimSpace(frame.Find("#gap-3").Text()), fmt.Sprintf("%d older request", missing); !strings.HasPrefix(got, want) {
			t.Errorf("it reads %q, want %q", got, want)
		}
	}
}
