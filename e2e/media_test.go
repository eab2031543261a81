package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestPaperShowsTheLogAlone looks at a log as it is printed, by a reader who likes it dark.
func TestPaperShowsTheLogAlone(t *testing.T) {
	t.Parallel()
	g := openGallery(t)
	p := place{path: "/static?username=ada", as: superuser, ready: refreshed}
	b := g.enter(t, p)
	b.goTo(p)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
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

// TestNothingMovesForThoseWhoDoNotWantIt looks for movement on the page that moves most.
func TestNothingMovesForThoseWhoDoNotWantIt(t *testing.T) {
	t.Parallel()
	g := openGallery(t)
	p := place{path: "/live?username=ada", as: superuser, ready: connected}
	b := g.enter(t, p)
	b.goTo(p)
	const moving = "document.getAnimations().length"
	if n := evaluate[int](b, moving); n != 0 {
		t.Errorf("%d animations run where none is wanted", n)
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	b.eventually("something moves for everybody else", moving+" > 0")
}
