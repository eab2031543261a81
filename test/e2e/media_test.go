package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestPaperShowsTheLogAlone looks at a log as it is printed, by a reader who likes it dark.
func TestPaperShowsTheLogAlone(t *testing.T) {
	t.Parallel()
	g := shareGallery(t)
	p := place{path: "/static?username=ada", as: superuser, ready: refreshed}
	b := g.enter(t, p)
	b.goTo(p)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	b.eventually("paper has times, and no age", `[...document.querySelectorAll('#now time-ago')].every(e => /UTC/.test(e.innerText)) && `+saysTime)
	b.unfold()
	b.eventually("title, sentence and log are printed", "['h1', '#now p', '#rows td.url', '#rows dl'].every(s => document.querySelector(s).offsetHeight > 0)")
	if printed := evaluate[[]string](b, "[...document.querySelectorAll('button, input, select, nav, form')].filter(e => e.offsetHeight > 0).map(e => e.outerHTML.slice(0, 80))"); len(printed) > 0 {
		t.Errorf("what nobody can press is printed: %q", printed)
	}
	const darkInk = "getComputedStyle(document.body).color.match(/\\d+/g).slice(0, 3).every(c => c < 80)"
	if !evaluate[bool](b, darkInk) {
		t.Errorf("a reader who likes it dark prints in %s", evaluate[string](b, "getComputedStyle(document.body).color"))
	}
}

// A new row shines for a moment, and nothing on the page moves, then or later. A page that moves is drawn sixty times a second,
// on the machine of an agent who has it open all day.
func TestNewsShinesAndNothingMoves(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.openLog(t, logs, "nora", "/live")
	b.hasURLs("/before")
	b.eventually("what was there is no news", "document.documentElement.matches('.settled')")
	const shining = "[...document.querySelectorAll('#rows > tr')].filter(row => getComputedStyle(row).backgroundColor !== 'rgba(0, 0, 0, 0)').length"
	const calm = "document.getAnimations().length === 0 && " + shining
	b.eventually("nothing shines or moves", calm+" === 0")
	shone := b.sees("the new row shines, and nothing moves", calm+" === 1")
	record(logs, "nora", "/new")
	shone()
	b.eventually("it is a row like others", calm+" === 0")
	b.hasURLs("/new", "/before")
}
