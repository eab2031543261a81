package views_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// A failure has one word, wherever it is said: in a row, on the home page, in a summary, in a hint, and in a terminal.
func TestAFailureHasOneWord(t *testing.T) {
	set := newSet(t)
	now := time.Unix(1700000000, 0)
	for code, word := range map[int]string{401: "Not allowed", 403: "Not allowed", 404: "Not found", 410: "Not found", 400: "Rejected", 422: "Rejected", 429: "Rejected", 500: "Error", 503: "Error", 600: "Error"} {
		want := fmt.Sprintf("%s (%d)", word, code)
		var entries []store.Entry
		for id := range 3 {
			entries = append(entries, store.Entry{ID: fmt.Sprint(id), Username: "ada", Method: "POST", Path: "/pay", Code: code, Time: now, Kind: store.KindPage})
		}
		html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries, At: now})
		log := parse(t, html, err)
		html, err = set.Home(views.Home{Layout: views.Layout{Lang: "en"}, At: now, Troubled: []store.Trouble{{Username: "ada", At: now, Code: code}}})
		home := parse(t, html, err)
		summary, err := set.Summary("en", "ada", views.People{}, entries, now, views.Ticket{})
		for where, got := range map[string]string{
			"the row":     log.Find("#rows td.result").First().Text(),
			"the home":    home.Find("#trouble td.result").Text(),
			"a terminal":  set.Words().Result(entries[0]),
			"the hint":    log.Find("#now .problem").Text(),
			"the summary": summary,
		} {
			if !strings.Contains(got, want) || err != nil {
				t.Errorf("%s says %q, want %q (%v)", where, got, want, err)
			}
		}
	}
}

// A user who is active now in a log is so in a list, too.
func TestActiveNowIsOneSpan(t *testing.T) {
	set := newSet(t)
	now := time.Unix(1700000000, 0)
	for ago, active := range map[time.Duration]bool{views.ActiveFor - time.Millisecond: true, views.ActiveFor: false} {
		entries := []store.Entry{{ID: "1", Username: "ada", Method: "GET", Path: "/", Code: 200, Time: now.Add(-ago), Kind: store.KindPage}}
		html, err := set.Static(views.StaticLog{Layout: views.Layout{Lang: "en"}, Username: "ada", Entries: entries, At: now})
		idle := parse(t, html, err).Find("#now .idle")
		if got := strings.Contains(idle.Text(), "active now"); got != active {
			t.Errorf("after %s a log says %q", ago, idle.Text())
		}
		if got := idle.AttrOr("data-active-seconds", ""); got != fmt.Sprint(views.ActiveFor.Seconds()) {
			t.Errorf("its script is told %s s", got)
		}
		html, err = set.Home(views.Home{Layout: views.Layout{Lang: "en"}, At: now, Users: []store.Seen{{Username: "ada", At: now.Add(-ago)}}})
		if got := parse(t, html, err).Find("td.state").Text() == "active now"; got != active {
			t.Errorf("after %s a list says otherwise", ago)
		}
	}
}
