package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// openLight starts the lightest browser that there is: the headless shell of Chromium, or else Chromium. It shows a page with two thirds
// of the work, but keeps no clipboard, shows no notifications, and asks for no icons.
func openLight(dir string) (browser context.Context, closeBrowser func(), err error) {
	return openBrowser(dir, append([]string{"chromium-headless-shell"}, wholeBrowsers...))
}

// openWhole starts Chromium as agents and customers have it.
func openWhole(dir string) (browser context.Context, closeBrowser func(), err error) {
	return openBrowser(dir, wholeBrowsers)
}

// wholeBrowsers are the names under which distributions install Chromium or Chrome.
var wholeBrowsers = []string{"chromium", "chromium-browser", "google-chrome"}

// openBrowser starts the first of some browsers that is installed with a profile below dir, and returns the chromedp context that tabs
// are opened from. It returns nil where none is installed.
func openBrowser(dir string, names []string) (browser context.Context, closeBrowser func(), err error) {
	path, ok := findProgram(names)
	if !ok {
		return nil, func() {}, nil
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.WSURLReadTimeout(patience),
		chromedp.NoSandbox, // root and most containers can't have one, and the pages are our own
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("process-per-site", true),           // see [browserContexts]
		chromedp.Flag("disable-back-forward-cache", true), // which keeps pages that tests have left
		chromedp.Flag("disable-dev-shm-usage", false),     // it would have processes share files in place of memory
		chromedp.Flag("disable-component-update", true),
		// Parts of the browser's own window, which nobody sees, but which take a third of the time. And a process for a page that may come.
		chromedp.Flag("disable-features", "Translate,PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,SpareRendererForSitePerProcess"),
		// Scripts of pages that live for seconds are not optimized, which takes longer than it saves: a sixth of the time of [TestEveryPage].
		chromedp.Flag("js-flags", "--no-opt --no-maglev"),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("accept-lang", "en-US"),
		chromedp.Env("LANGUAGE=en_US", "TZ=UTC"),
	)
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	browser, closeTab := chromedp.NewContext(allocator)
	closeBrowser = func() {
		closeTab()
		closeAllocator() // waits for the process, which writes to the profile until it ends
	}
	if err := chromedp.Do(browser); err != nil {
		closeBrowser()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return browser, closeBrowser, nil
}

// findProgram finds the first of some programs that is installed.
func findProgram(names []string) (path string, ok bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}
