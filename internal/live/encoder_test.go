package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

func TestWhichOfEveryonesRequestsAreWanted(t *testing.T) {
	entry := &store.Entry{Method: "GET", Path: "/Pay?card=1", Code: 500, Application: "shop"}
	for _, test := range []struct {
		filter      journey.Filter
		application string
		wanted      bool
	}{
		{journey.Filter{}, "shop", true},
		{journey.Filter{}, "sho", false},
		{journey.Filter{Show: journey.ShowErrors, Text: "/pAY"}, "", true},
		{journey.Filter{Show: journey.ShowErrors, Text: "/pay"}, "shop", true},
		{journey.Filter{Show: journey.ShowErrors, Text: "/cart"}, "shop", false},
		{journey.Filter{Show: journey.ShowChanges}, "shop", false},
	} {
		e := filteredEncoder{watch: Watch{Filter: views.Filter{Filter: test.filter}, App: test.application}}
		if got := e.wants(entry); got != test.wanted {
			t.Errorf("%+v of %q: %v", test.filter, test.application, got)
		}
	}
}

// A page shows what people did and what failed, unless every request is asked for. Programs see all.
func TestWhatPagesFetchIsShownOnlyIfItIsAskedFor(t *testing.T) {
	page := &store.Entry{Method: "GET", Path: "/cart", Code: 200, Kind: store.KindPage}
	image := &store.Entry{Method: "GET", Path: "/a.png", Code: 200, Kind: store.KindAsset}
	missing := &store.Entry{Method: "GET", Path: "/b.png", Code: 404, Kind: store.KindAsset}
	for _, test := range []struct {
		watch Watch
		want  [3]bool
	}{
		{Watch{}, [3]bool{true, false, true}},
		{Watch{Filter: views.Filter{Every: true}}, [3]bool{true, true, true}},
		{Watch{JSON: true}, [3]bool{true, true, true}},
		{Watch{Filter: views.Filter{Filter: journey.Filter{Text: "png"}}}, [3]bool{false, false, true}},
		{Watch{Filter: views.Filter{Filter: journey.Filter{Text: "png"}, Every: true}}, [3]bool{false, true, true}},
	} {
		e := filteredEncoder{watch: test.watch}
		if got := [3]bool{e.wants(page), e.wants(image), e.wants(missing)}; got != test.want {
			t.Errorf("%+v: %v, want %v", test.watch, got, test.want)
		}
	}
}

func TestOnlyWhatIsWantedIsCounted(t *testing.T) {
	watch := Watch{Lang: "en", Filter: views.Filter{Filter: journey.Filter{Show: journey.ShowErrors}}}
	e := &filteredEncoder{newEncoder(t, watch), watch}
	var burst []*store.Entry
	for n := range 4 * maxRows {
		burst = append(burst, &store.Entry{ID: fmt.Sprint(n), Method: "GET", Path: "/", Code: []int{200, 500}[n%2]})
	}
	frame := encode(t, e, store.Update{State: store.Live, Entries: burst})
	if n := frame.Find("tr.server-error").Length(); n != maxRows || frame.Find("tr.success").Length() != 0 {
		t.Errorf("%d rows", n)
	}
	if text := frame.Find("tr.omitted").Text(); !strings.HasPrefix(text, fmt.Sprint(maxRows, " more")) {
		t.Errorf("left out: %q", text)
	}
	if burst[0].Code != 200 {
		t.Error("the feed's own entries were changed")
	}
	// What is not wanted only says how far the page has come.
	frame = encode(t, e, store.Update{State: store.Live, Entries: burst[:1]})
	if cursor := frame.Find("#newest").AttrOr("data-cursor", ""); cursor != "0" || frame.Find("tr").Length() != 0 {
		t.Errorf("the page goes on after %q, with %d rows", cursor, frame.Find("tr").Length())
	}
}

// A program is told how far the log has come before what it knows of that is too old.
func TestAProgramIsToldWhatPassesItBy(t *testing.T) {
	watch := Watch{JSON: true, Filter: views.Filter{Filter: journey.Filter{Text: "pay"}}}
	e := &filteredEncoder{&jsonEncoder{cache: newRenderCache(), state: store.Live}, watch}
	encode := func(from, to int, path string) (messages []string) {
		var entries []*store.Entry
		for n := from; n < to; n++ {
			entries = append(entries, &store.Entry{ID: fmt.Sprint(n), Method: "GET", Path: path, Code: 200})
		}
		entries[0].Path = "/pay"
		encoded, err := e.encode(store.Update{State: store.Live, Entries: entries})
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range encoded {
			var m struct{ Type, Cursor string }
			if err := json.Unmarshal(message, &m); err != nil {
				t.Fatalf("%v: %s", err, message)
			}
			messages = append(messages, m.Type+" "+m.Cursor)
		}
		return messages
	}
	if got := encode(0, maxSkipped, "/cart"); !slices.Equal(got, []string{"entry 0"}) {
		t.Errorf("of few: %q", got)
	}
	if got := encode(1000, 1001+maxSkipped, "/cart"); !slices.Equal(got, []string{"entry 1000", fmt.Sprint("status ", 1000+maxSkipped)}) {
		t.Errorf("of many: %q", got)
	}
}

func TestOnlyEveryonesRequestsAreFilteredHere(t *testing.T) {
	chosen := views.Filter{Filter: journey.Filter{Text: "x"}}
	for _, test := range []struct {
		watch Watch
		want  bool
	}{
		{Watch{}, true},
		{Watch{JSON: true}, false},
		{Watch{Filter: views.Filter{Every: true}}, false},
		{Watch{Filter: chosen}, true},
		{Watch{App: "shop", JSON: true}, true},
		{Watch{Username: "ada", Filter: chosen, App: "shop"}, false},
	} {
		if _, got := (&Hub{logs: newMemoryLogs()}).encoderFor(test.watch, nil).(*filteredEncoder); got != test.want {
			t.Errorf("%+v: %v", test.watch, got)
		}
	}
}

// Programs that see the same entry are sent the same message, which is made once.
func TestProgramsShareMessages(t *testing.T) {
	cache, entry := newRenderCache(), &store.Entry{ID: "1", Method: "GET", Path: "/"}
	var sent [2][][]byte
	for i := range sent {
		var err error
		if sent[i], err = (&jsonEncoder{cache: cache, state: store.Live}).encode(store.Update{State: store.Live, Entries: []*store.Entry{entry}}); err != nil || len(sent[i]) != 1 {
			t.Fatalf("%d messages, %v", len(sent[i]), err)
		}
	}
	if &sent[0][0][0] != &sent[1][0][0] {
		t.Error("the message was made twice")
	}
}

// A program is told each state by its name.
func TestProgramsAreToldTheStateOfTheLog(t *testing.T) {
	e := &jsonEncoder{cache: newRenderCache(), state: store.Live}
	for state, want := range map[store.State]string{store.Off: "off", store.Silent: "silent", store.Unpublished: "unpublished", store.Lost: "store-lost"} {
		messages, err := e.encode(store.Update{State: state})
		if err != nil || len(messages) != 1 || !strings.Contains(string(messages[0]), `"state":"`+want+`"`) {
			t.Errorf("state %v: %s, %v", state, messages, err)
		}
	}
}
