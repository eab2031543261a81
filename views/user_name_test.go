package views_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/journey"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Two users whose names look alike stand side by side.
func TestNamesThatLookAlikeAreToldApart(t *testing.T) {
	t.Parallel()
	set := newSet(t)
	now := time.Now()
	for name, want := range map[string]string{
		"ada":       `<bdi>ada</bdi></a>`,
		"ada\u200b": `<bdi>ada<span class="hidden-character">[U+200B]</span></bdi> <span class="lookalike">not the name <bdi>ada</bdi></span></a>`,
		"аda":       `<bdi>аda</bdi> <span class="lookalike">not the name <bdi>ada</bdi></span></a>`,
		"ada ":      `<bdi>ada<span class="hidden-character">[U+0020]</span></bdi> <span class="lookalike">not the name <bdi>ada</bdi></span></a>`,
	} {
		e := &store.Entry{ID: "1", Username: name, Method: "GET", Path: "/", Code: 200, Time: now, Gap: &store.Gap{Dropped: 1}}
		layout := views.Layout{Lang: "en", Base: "/userlog"}
		home, err := set.Home(views.Home{Layout: layout, Users: []store.Seen{{Username: name, At: now}}, Troubled: []store.Trouble{{Username: name, At: now, Code: 500}}, At: now})
		if err != nil || strings.Count(string(home), want) != 2 {
			t.Errorf("%q at home: %v\n%s", name, err, home)
		}
		row, err := set.Row("en", "/userlog", e, true)
		if err != nil || !strings.Contains(string(row), want) {
			t.Errorf("%q in everyone's log: %v\n%s", name, err, row)
		}
		missing, err := set.MissingRow("en", "/userlog", e)
		if err != nil || !strings.Contains(string(missing), want) {
			t.Errorf("%q before a gap: %v\n%s", name, err, missing)
		}
		now, err := set.NowPartial("en", name, journey.Fold([]store.Entry{*e}), now)
		if err != nil || !strings.Contains(string(now), `data-user="`+printable.Name(name)+`"`) {
			t.Errorf("%q in the title of a tab: %v\n%s", name, err, now)
		}
		for kind, render := range map[string]func() ([]byte, error){
			"live":   func() ([]byte, error) { return set.Live(views.LiveLog{Layout: layout, Username: name}) },
			"static": func() ([]byte, error) { return set.Static(views.StaticLog{Layout: layout, Username: name}) },
		} {
			page, err := render()
			if title := "of " + printable.Name(name) + " "; !strings.Contains(html.UnescapeString(string(page)), title) {
				t.Errorf("%q, %s: no title with %q", name, kind, title)
			}
			if said := strings.Contains(string(page), `<p class="lookalike">not the name <bdi>ada</bdi></p>`); err != nil || said != (name != "ada") {
				t.Errorf("%q, %s: %v\n%s", name, kind, err, page)
			}
		}
	}
}
