package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestPauseStopsTheTableAndNotTheConnection(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"one user": "/live?username=ada", "everyone": "/live/everyone?show="} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t)
			site, logs := serve(t, redis), openStore(t, redis)
			record(logs, "ada", "/1", "/2")
			b := site.enter(t)
			b.visit(page)
			b.displays("/2", "/1")
			b.shows("#pause[aria-pressed=false]", "Pause")

			b.tabTo("#pause")
			b.press(kb.Enter)
			b.shows("#pause[aria-pressed=true]", "Paused: 0 waiting")
			record(logs, "ada", "/3", "/4")
			b.shows("#pause", "Paused: 2 waiting")
			b.displays("/2", "/1")

			// The next connection goes on after the newest row, although nobody has seen it yet.
			b.notesSockets()
			newest := evaluate[string](b, "document.querySelector('#rows > tr[data-id]').dataset.id")
			b.expectOutage()
			site.stop()
			b.isConnected("lost")
			record(logs, "ada", "/5")
			site.again()
			b.shows("#pause", "Paused: 3 waiting")
			asked := evaluate[[]string](b, "sockets.map(url => new URL(url).searchParams.get('after') ?? '')")
			if !slices.Contains(asked, newest) { // a later connection goes on after /5
				t.Errorf("the page goes on after %q, and its newest row was %q", asked, newest)
			}
			b.displays("/2", "/1")

			b.press(kb.Enter)
			b.shows("#pause[aria-pressed=false]", "Pause")
			b.displays("/5", "/4", "/3", "/2", "/1")
			record(logs, "ada", "/6")
			b.displays("/6", "/5", "/4", "/3", "/2", "/1")
			b.hasGaps(0)
		})
	}
}

// What a page loads joins its row also while the table is stopped: nothing waits then.
func TestWhatJoinsARowDoesNotWait(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	logs.Record(store.Entry{Username: "paula", Method: "GET", Path: "/orders/7", Code: 200, Kind: store.KindPage})
	b := site.enter(t)
	b.visit("/live?username=paula")
	b.displays("/orders/7")
	b.click("#pause")
	logs.Record(store.Entry{Username: "paula", Method: "GET", Path: "/a.png", Code: 200, Kind: store.KindAsset, From: "/orders/7"})
	b.shows("#rows .fetched", "1 more request")
	b.displays("/orders/7")
	b.shows("#pause", "Paused: 0 waiting")
}

func TestAPauseThatLastsKeepsTheNewest(t *testing.T) {
	t.Parallel()
	const rows = 500 // that the table keeps
	site, logs := shareSite(t)
	b := site.openLog(t, logs, "petra", "/live")
	b.displays("/before")
	b.click("#pause")
	newestFirst := make([]string, 0, rows+40)
	for n := range cap(newestFirst) {
		record(logs, "petra", fmt.Sprint("/", n))
		newestFirst = append(newestFirst, fmt.Sprint("/", rows+39-n))
	}
	b.hasURL(newestFirst[0])
	b.shows("#pause", "Paused: 500+ waiting")
	b.displays("/before")
	b.click("#pause")
	b.displays(newestFirst[:rows]...)
}

// displays waits until these URLs, newest first, are all that can be seen of the log, and that for
// whoever looks at the page: rows that are in it but hidden do not count.
func (b *tab) displays(urls ...string) {
	b.t.Helper()
	wanted, err := json.Marshal(urls)
	if err != nil {
		b.t.Fatal(err)
	}
	b.eventually("that the URLs "+string(wanted)+" can be seen", fmt.Sprintf(
		"JSON.stringify([...document.querySelectorAll('#rows > tr[data-id] > td.url > code')].filter(e => e.checkVisibility()).map(e => e.textContent)) === %s", quote(string(wanted))))
}
