package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
)

// aim finds the middle of the first element that matches, nothing while it can't be seen. Until the next click, the page drops
// each event of the mouse that meets another element, and notes it in window.missed.
const aim = `(() => {
	const wanted = document.querySelector(%s);
	const box = () => [...wanted.getClientRects()].find(({ width, height }) => width > 0 && height > 0);
	if (!wanted?.checkVisibility({ visibilityProperty: true }) || !box()) return [];
	const middle = () => (({ x, y, width, height }) => [x + width / 2, y + height / 2])(box());
	if (!wanted.contains(document.elementFromPoint(...middle())))
		wanted.scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
	const types = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];
	const meet = (event) => {
		missed ||= !event.composedPath().includes(wanted);
		if (missed) {
			event.preventDefault();
			event.stopImmediatePropagation();
		}
		if (event.type === "click") stopAiming();
	};
	window.stopAiming?.();
	window.missed = false;
	window.stopAiming = () => types.forEach((type) => removeEventListener(type, meet, true));
	types.forEach((type) => addEventListener(type, meet, true));
	return middle();
})()`

// click clicks the first element that matches, once it can be seen. Rows that come, or a refresh, can move the element at
// that moment. Then the page takes no notice of the click, and it is repeated.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.again("click "+selector, func(ctx context.Context) error {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(aim, quote(selector))))
		switch {
		case err != nil:
			return err
		case len(at) == 0:
			return errMissed
		}
		if err := chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
			b.t.Fatalf("click %s: %v", selector, err) // nobody knows whether the page has noticed
		}
		// After an error the page has been replaced, by the click.
		if missed, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("window.stopAiming?.(), window.missed === true")); err == nil && missed {
			return errMissed
		}
		return nil
	})
}

// A click meets what it was meant for, also where that moves all the time, is covered for a while, or is far below.
func TestClicksMeetWhatTheyAreMeantFor(t *testing.T) {
	t.Parallel()
	const page = `<!doctype html><link rel="icon" href="data:,"><script src="/script.js"></script>
		<div id="cover">cover</div><p id="above"></p><button id="moving">moving</button><p id="between"></p><button id="below">below</button>`
	const script = `addEventListener("DOMContentLoaded", () => {
		window.met = [];
		addEventListener("click", ({ target }) => met.push(target.id));
		const { style } = document.getElementById("above");
		setInterval(() => { style.height = Math.floor(400 * Math.random()) + "px"; }, 1);
		document.getElementById("between").style.height = "5000px";
		const cover = document.getElementById("cover");
		Object.assign(cover.style, { position: "fixed", inset: "0" });
		setTimeout(() => cover.remove(), 500);
	})`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/script.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(script))
			return
		}
		_, _ = w.Write([]byte(page))
	}))
	defer server.Close()
	b := openTab(t, server.URL)
	b.visit("/")
	for range 20 {
		b.click("#moving")
	}
	b.click("#below")
	if met := evaluate[string](b, "met.slice(0, 20).every((id) => id === 'moving') + ' ' + met.length + ' ' + met.at(-1)"); met != "true 21 below" {
		t.Errorf("met: %s", met)
	}
}
