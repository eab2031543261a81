package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromiumDriver does the commands of WebDriver in Chromium by its own protocol, as all other tests do. An element's name is its
// selector.
type chromiumDriver struct{ ctx context.Context }

// openChromium starts a Chromium of its own, which may be put to sleep, and returns nil where there is none.
func openChromium(t *testing.T) driver {
	t.Helper()
	browser, closeBrowser, err := openWhole(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeBrowser)
	if browser == nil {
		return nil
	}
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return chromiumDriver{ctx}
}

func (d chromiumDriver) pid() int { return chromedp.FromContext(d.ctx).Browser.Process().Pid }

// offline says so to the page, and lets it load nothing.
func (d chromiumDriver) offline(away bool) error {
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: away, DownloadThroughput: -1, UploadThroughput: -1}},
	}); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: away, DownloadThroughput: -1, UploadThroughput: -1})
	return err
}

func (d chromiumDriver) call(c command, parameters map[string]any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	text := func(name string) string {
		value, _ := parameters[name].(string)
		return value
	}
	switch c {
	case cmdNavigate:
		return nil, chromedp.Do(ctx, chromedp.Navigate(text("url")))
	case cmdFind:
		return json.Marshal(map[string]string{elementKey: text("value")})
	case cmdClick:
		return nil, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(text("id"))))
	case cmdKeys:
		return nil, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS(text("id")), strings.ReplaceAll(text("text"), enterKey, kb.Enter)))
	}
	args, err := json.Marshal(parameters["args"])
	if err != nil {
		return nil, err
	}
	script := fmt.Sprintf("JSON.stringify((function () { %s }).apply(null, %s)) ?? 'null'", text("script"), args)
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
	return json.RawMessage(value), err
}
