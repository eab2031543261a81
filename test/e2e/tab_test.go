package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/gin-userlog/userlog/internal/redistest"
)

const (
	patience     = redistest.Patience    // for anything that a test waits for
	pollInterval = 50 * time.Millisecond // each costs the browser as much as the page does in that time
)

// tab is a page of the browser, with cookies of its own. Its methods wait for what they need, and
// fail the test if it does not come.
type tab struct {
	*console

	t    *testing.T
	ctx  context.Context
	base string // what relative URLs begin with

	patient cdppage.ScriptIdentifier // of the script that lets requests take long
}

// openTab opens an empty tab. Visits are relative to base, which has no slash at its end. The test
// fails at its end if the page complained about anything that was not expected.
func openTab(t *testing.T, base string) *tab {
	t.Helper()
	return suite.contexts.openTab(t, base)
}

// openTabIn is openTab in another browser, of which chromedp's context is given; nil where none is installed. Without further options the
// tab gets a new browser context.
func openTabIn(t *testing.T, browser context.Context, base string, options ...chromedp.ContextOption) *tab {
	t.Helper()
	needBrowser(t, browser)
	b := &tab{console: new(console), t: t, base: base}
	if len(options) == 0 {
		options = []chromedp.ContextOption{chromedp.WithNewBrowserContext()}
	}
	ctx, closeTab := chromedp.NewContext(browser, append(options, chromedp.WithListener(b.hear))...)
	b.ctx = ctx
	b.dismiss = func() {
		// The only error is that the tab has been closed meanwhile.
		_, _ = chromedp.Call(ctx, cdppage.HandleJavaScriptDialog, cdppage.HandleJavaScriptDialogParams{})
	}
	t.Cleanup(func() {
		b.inspect()
		closeTab()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	b.patient = call(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: waitsForAnswers()}).Identifier
	return b
}

// needBrowser skips the test where no browser is installed.
func needBrowser(t *testing.T, browser context.Context) {
	t.Helper()
	if browser == nil {
		redistest.Missing(t, "no browser is installed: neither chromium nor google-chrome")
	}
}

// waitsForAnswers is a script by which htmx waits for an answer as long as a test does. Pages wait for five seconds, and for so long a busy
// machine may stand still.
func waitsForAnswers() string {
	return fmt.Sprintf(`new MutationObserver((_, looking) => {
		const settings = document.querySelector("meta[name=htmx-config]");
		if (settings) settings.content = settings.content.replace('"defaultTimeout":5000', '"defaultTimeout":%d');
		if (settings || document.readyState !== "loading") looking.disconnect();
	}).observe(document, { childList: true, subtree: true });`, patience.Milliseconds())
}

// givesUp has pages wait for answers only as long as they do for everybody, from the next visit on.
func (b *tab) givesUp() {
	b.t.Helper()
	call(b, cdppage.RemoveScriptToEvaluateOnNewDocument, cdppage.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: b.patient})
}

// inspect reports complaints and, if the test has failed, keeps what the page looked like.
func (b *tab) inspect() {
	// A round trip: what the page complained about before has been heard afterwards.
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("1")); err != nil {
		b.t.Errorf("the tab does not answer: %v", err)
		return
	}
	for _, complaint := range b.unexpected() {
		b.t.Errorf("the page complained: %s", complaint)
	}
	if b.t.Failed() {
		b.keep()
	}
}

// keep writes a screenshot and the HTML of a page that failed its test to testdata/failures.
func (b *tab) keep() {
	name := filepath.Join("testdata", "failures", strings.ReplaceAll(b.t.Name(), "/", "-"))
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = writeFile(name+".png", picture)
	}
	html, htmlErr := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.documentElement.outerHTML"))
	if htmlErr == nil {
		htmlErr = writeFile(name+".html", []byte(html))
	}
	b.t.Logf("what the page looked like is in %s.png and .html (errors: %v, %v)", name, err, htmlErr)
}

func writeFile(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

// do runs steps, for as long as a test waits at most.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// errMissed is why there was no click: the element is not there, can't be seen, or has moved away.
var errMissed = errors.New("the element can't be clicked")

// passes reports whether a step can be repeated: the page, or a part of it, was replaced meanwhile, or is not ready.
func passes(err error) bool {
	return errors.Is(err, errMissed) || containsAny(err.Error(), []string{
		"Could not find node", "No node with given id", "Node is detached", "Cannot find context", "Execution context was destroyed",
		"Inspected target navigated", "net::ERR_ABORTED",
	})
}

// again repeats a step whose error [passes], for as long as a test waits at most.
func (b *tab) again(what string, step func(ctx context.Context) error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		err := step(ctx)
		switch {
		case err == nil:
			return
		case ctx.Err() != nil || !passes(err):
			b.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(pollInterval)
	}
}

// visit goes to a path below the base and waits until the page has loaded. A page that goes elsewhere by itself at that
// moment, such as to the login, does not get in the way.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.again("visit "+path, func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Navigate(b.base+path)) })
}

// enter replaces the content of a field.
func (b *tab) enter(selector, text string) {
	b.t.Helper()
	field := chromedp.CSS(selector)
	b.again("fill in "+selector, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Clear(field), chromedp.SendKeys(field, text, chromedp.NodeVisible))
	})
}

// eventually waits until the page has loaded and the JavaScript expression is true, across any number of page loads.
func (b *tab) eventually(what, condition string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		// An error is a page that is being replaced at this moment.
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !!("+condition+")"))
		if err == nil && holds {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited %v in vain for: %s\n%s (%v)", patience, what, condition, err)
		case <-time.After(pollInterval):
		}
	}
}

// sees has the page look from now on whether an expression is true, whenever something changes in the page. The function
// that it returns waits until it has been, for however short a time. A page looks for one thing at a time.
func (b *tab) sees(what, condition string) (wait func()) {
	b.t.Helper()
	evaluate[bool](b, `(() => {
		window.seen = false;
		window.looking?.disconnect();
		window.looking = new MutationObserver(() => { seen ||= !!(`+condition+`); });
		looking.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
		return true;
	})()`)
	return func() {
		b.t.Helper()
		b.eventually(what, "window.seen")
	}
}

// hasText is an expression that is true when an element that matches has the text.
func hasText(selector, text string) string {
	return fmt.Sprintf("[...document.querySelectorAll(%s)].some(e => e.textContent.trim() === %s)", quote(selector), quote(text))
}

// shows waits until an element that matches is there, and has the text.
func (b *tab) shows(selector, text string) {
	b.t.Helper()
	b.eventually(fmt.Sprintf("%s with the text %q", selector, text), hasText(selector, text))
}

// hasRows waits until the log has exactly so many rows.
func (b *tab) hasRows(n int) {
	b.t.Helper()
	b.eventually(fmt.Sprintf("%d rows", n), fmt.Sprintf("document.querySelectorAll('#rows > tr[data-id]').length === %d", n))
}

// hasURLs waits until the log shows exactly these URLs, newest first.
func (b *tab) hasURLs(urls ...string) {
	b.t.Helper()
	wanted, err := json.Marshal(urls)
	if err != nil {
		b.t.Fatal(err)
	}
	b.eventually("the URLs "+string(wanted), fmt.Sprintf(
		"JSON.stringify([...document.querySelectorAll('#rows > tr[data-id] > td.url > code')].map(e => e.textContent)) === JSON.stringify(%s)", wanted))
}

// isConnected waits until #connection is in a state.
func (b *tab) isConnected(state string) {
	b.t.Helper()
	b.eventually("the connection is "+state, fmt.Sprintf("document.querySelector('#connection[data-state=%s]')", state))
}

// notesSockets has the page write the URL of each socket that it opens from now on into sockets.
func (b *tab) notesSockets() {
	b.t.Helper()
	evaluate[bool](b, `(() => {
		window.sockets = [];
		window.WebSocket = class extends WebSocket {
			constructor(url) { super(url); sockets.push(url); }
		};
		return true;
	})()`)
}

// hasGaps checks how often the page says that requests may be missing.
func (b *tab) hasGaps(n int) {
	b.t.Helper()
	if gaps := evaluate[int](b, "document.querySelectorAll('#rows > tr.gap').length"); gaps != n {
		b.t.Errorf("the page shows %d gaps, want %d", gaps, n)
	}
}

// evaluate returns the value of a JavaScript expression, or that of the promise that it is.
func evaluate[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	b.again(fmt.Sprintf("evaluate %.1000s", expression), func(ctx context.Context) (err error) {
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return value
}

// location is the path and query of the page, without the base.
func (b *tab) location() string {
	b.t.Helper()
	return strings.TrimPrefix(evaluate[string](b, "location.href"), b.base)
}

// prefers makes the browser ask for a language.
func (b *tab) prefers(language string) {
	b.t.Helper()
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	})
}

// withoutJavaScript turns the scripts of pages off. Expressions of the test still work.
func (b *tab) withoutJavaScript() {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// phone gives the tab a small screen of this width, in CSS pixels.
func (b *tab) phone(width int64) {
	b.t.Helper()
	b.do("become a phone", chromedp.EmulateViewport(width, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
	b.eventually("the screen is small", fmt.Sprintf("screen.width === %d", width))
}

// call sends a command of the DevTools protocol to the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// quote writes a string as JavaScript does.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be marshalled
	}
	return string(quoted)
}
