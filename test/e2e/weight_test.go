package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
)

// maxWeight is what HTML, CSS and JavaScript of the live page may weigh on their way, in bytes.
const maxWeight = 55_000

// TestTheLivePageIsLight adds up what Chromium transfers for a live page that it has never seen.
func TestTheLivePageIsLight(t *testing.T) {
	t.Parallel()
	g := shareGallery(t)
	p := place{path: "/live?username=ada", as: superuser, ready: connected}
	b := g.enter(t, p)
	call(b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	b.goTo(p)
	const loaded = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
		.filter(e => /\.(css|js)$/.test(e.name) || e.entryType === 'navigation')`
	if n := evaluate[int](b, loaded+".filter(e => e.transferSize > 0).length"); n < 4 {
		t.Fatalf("only %d files came over the network", n)
	}
	list := evaluate[string](b, loaded+`.map(e => e.name.replace(/.*\//, '') + ' ' + e.transferSize).join('\n')`)
	if weight := evaluate[int](b, loaded+".reduce((sum, e) => sum + e.transferSize, 0)"); weight > maxWeight {
		t.Errorf("the live page weighs %d bytes, %d are allowed:\n%s", weight, maxWeight, list)
	} else {
		t.Logf("%d bytes:\n%s", weight, list)
	}
}
