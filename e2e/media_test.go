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
	b.eventually("nothing but title and log is printed", `
		getComputedStyle(document.querySelector('h1')).display !== 'none' &&
		document.querySelector('#rows td.url').offsetHeight > 0 &&
		['header.site', 'footer.site', '#search'].every(s => document.querySelector(s).offsetHeight === 0)`)
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
