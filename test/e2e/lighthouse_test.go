//go:build lighthouse

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// leastScores is what each category must reach, of 100.
var leastScores = map[string]float64{"accessibility": 100, "best-practices": 100, "performance": 95}

// TestLighthouse lets Lighthouse judge the pages that people open first, as a phone sees them. Its
// performance is a figure of this machine, so only "make lighthouse" compiles and runs it.
func TestLighthouse(t *testing.T) {
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/", "/cart", "/checkout", "/pay")
	b := site.enter(t)
	cookie := b.cookie()
	for _, page := range []struct{ name, path, cookie string }{
		{"login", "/login", ""},
		{"home", "/", cookie},
		{"static", "/static?username=ada", cookie},
		{"live", "/live?username=ada", cookie},
	} {
		t.Run(page.name, func(t *testing.T) { judge(t, site.origin+"/userlog"+page.path, page.cookie) })
	}
}

// cookie is what the tab's browser sends with requests to the page.
func (b *tab) cookie() string {
	b.t.Helper()
	var header string
	for _, c := range call(b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		header += c.Name + "=" + c.Value + "; "
	}
	return header
}

// report is what we read of Lighthouse's.
type report struct {
	Categories map[string]struct {
		Score     float64
		AuditRefs []struct {
			ID     string
			Weight float64
		}
	}
	Audits map[string]struct {
		Title string
		Score *float64
	}
}

// judge runs Lighthouse on one page, up to three times: what else the machine does costs points, and
// nothing gains any.
func judge(t *testing.T, url, cookie string) {
	t.Helper()
	var short []string
	for range 3 {
		if short = runLighthouse(t, url, cookie).shortcomings(t); len(short) == 0 {
			return
		}
	}
	t.Errorf("too low: %s", strings.Join(short, ", "))
}

// runLighthouse returns what it reports of one page.
func runLighthouse(t *testing.T, url, cookie string) report {
	t.Helper()
	headers, err := json.Marshal(map[string]string{"Cookie": cookie})
	if err != nil {
		t.Fatal(err)
	}
	browser, ok := findProgram(wholeBrowsers)
	if !ok {
		redistest.Missing(t, "no browser is installed")
	}
	output := filepath.Join(t.TempDir(), "report.json")
	cmd := node(t, npmFile(t, "lighthouse/"+nodeModules, "lighthouse/cli/index.js"), url, "--quiet",
		"--output=json", "--output-path="+output, "--extra-headers="+string(headers),
		"--only-categories=accessibility,best-practices,performance",
		"--chrome-flags=--headless=new --no-sandbox --disable-gpu")
	cmd.Env = append(os.Environ(), "CHROME_PATH="+browser)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
	}
	written, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(written, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// shortcomings prints the scores and what costs points, and returns the categories that are too low.
func (r report) shortcomings(t *testing.T) []string {
	t.Helper()
	var short []string
	for name, least := range leastScores {
		if score := r.print(t, name); score < least {
			short = append(short, fmt.Sprintf("%s: %.0f of %.0f", name, score, least))
		}
	}
	return short
}

// print prints a category's score and what costs points in it.
func (r report) print(t *testing.T, name string) (score float64) {
	t.Helper()
	category, ok := r.Categories[name]
	if !ok {
		t.Fatalf("Lighthouse did not judge %s", name)
	}
	score = category.Score * 100
	t.Logf("%s: %.0f", name, score)
	for _, ref := range category.AuditRefs {
		if audit := r.Audits[ref.ID]; ref.Weight > 0 && audit.Score != nil && *audit.Score < 1 {
			t.Logf("  %s: %s (%.2f)", ref.ID, audit.Title, *audit.Score)
		}
	}
	return score
}
