package live

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// newEncoder returns an encoder for a viewer that watches everyone, or a user without a past.
func newEncoder(t *testing.T, watch Watch) *htmlEncoder {
	t.Helper()
	e := newHTMLEncoder(newPages(t), newRenderCache(), time.Now, watch, nil)
	if watch.hasSteps() {
		e.steps = sharedStepsAfter()
	}
	return e
}

// What is too much for the page is steps, not requests: those that are shown have all their parts.
func TestALongBacklogIsSentInFrames(t *testing.T) {
	e := newEncoder(t, Watch{Username: "ada", Lang: "en"})
	var backlog []*store.Entry
	for n := range views.DefaultMaxRows + 250 {
		path := fmt.Sprint("/", n)
		backlog = append(backlog, page(fmt.Sprint(n), path), image(fmt.Sprint(n, "a"), "/a.png", path, 200), image(fmt.Sprint(n, "b"), "/b.png", path, 200))
	}
	frames, err := e.encode(store.Update{State: store.Live, Gap: true, Entries: backlog})
	if err != nil || len(frames) != views.DefaultMaxRows/frameRows {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	for n, frame := range frames {
		if rows, whole := strings.Count(string(frame), `<tr role="row" id=`), strings.Count(string(frame), "2 more requests"); rows != frameRows || whole != rows {
			t.Errorf("frame %d has %d rows, %d with all their parts", n, rows, whole)
		}
		if newest := fmt.Sprintf(`data-cursor="%d"`, 250+(n+1)*frameRows-1); strings.Index(string(frame), newest) > 500 {
			t.Errorf("frame %d does not begin with %s", n, newest)
		}
		if has := strings.Contains(string(frame), `class="gap"`); has != (n == 0) {
			t.Errorf("frame %d has a gap: %v", n, has)
		}
		if has := strings.Contains(string(frame), `id="connection"`); has != (n == len(frames)-1) {
			t.Errorf("frame %d tells the state: %v", n, has)
		}
	}
}

// encode returns the one frame that an update becomes.
func encode(t *testing.T, e encoder, u store.Update) *goquery.Selection {
	t.Helper()
	frames, err := e.encode(u)
	if err != nil || len(frames) != 1 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	return parseFrame(t, frames[0]).Selection
}

func TestAFrameOfEveryoneIsWhatAPersonCanRead(t *testing.T) {
	e := newEncoder(t, Watch{Lang: "en"})
	var burst []*store.Entry
	for n := range maxRows + 38 {
		burst = append(burst, &store.Entry{ID: fmt.Sprint(n), Username: "ada", Method: "GET", Path: "/", Code: 200})
	}
	frame := encode(t, e, store.Update{State: store.Live, Gap: true, Entries: burst})
	if n := frame.Find("tr[data-id]").Length(); n != maxRows {
		t.Errorf("%d rows", n)
	}
	if id, _ := frame.Find("tr").First().Attr("data-id"); id != fmt.Sprint(maxRows+37) {
		t.Errorf("on top: %s", id)
	}
	if rest := frame.Find("tr:not([data-id])"); !rest.First().HasClass("omitted") || !strings.Contains(rest.First().Text(), "38 more") || !rest.Last().HasClass("gap") {
		t.Errorf("below them: %q", rest.Text())
	}
	if frame := encode(t, newEncoder(t, Watch{Username: "ada", Lang: "en"}), store.Update{State: store.Live, Entries: burst}); frame.Find("tr[data-id]").Length() != len(burst) {
		t.Error("requests of one user are left out")
	}
}

func TestFramesTellWhenNobodyReports(t *testing.T) {
	for username, message := range map[string]string{"": "No application has reported", "ada": "No logs for ada."} {
		e := newEncoder(t, Watch{Username: username, Lang: "en"})
		frame := encode(t, e, store.Update{State: store.Silent})
		if state, _ := frame.Find("#connection").Attr("data-state"); state != "nobody" || !strings.Contains(frame.Text(), message) {
			t.Errorf("watching %q: state %q in %q", username, state, frame.Text())
		}
		if frame := encode(t, e, store.Update{State: store.Live}); !frame.Find("#connection").Is("[data-state=live]") {
			t.Errorf("watching %q, after that: %q", username, frame.Text())
		}
	}
}
