package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// What axe-core is asked to check.
const (
	everyRule = "{}"
	// Rows are all made by one template: beyond these there is only more to look at.
	moreOfTheSame = "#rows > tr:nth-child(n+10)"
	rulesOfColor  = `{runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}}` // all that can change with the look
)

// isAccessible runs some rules of axe-core on the page, in the light or the dark.
func (b *tab) isAccessible(axe, scheme, rules string) {
	b.t.Helper()
	b.wearing(scheme)
	if found := b.violations(axe, rules); len(found) > 0 {
		b.t.Errorf("%s, %s:\n%s", b.location(), scheme, strings.Join(found, "\n"))
	}
}

// TestInaccessiblePagesAreFound checks that [TestEveryPage] would notice, and that the page's own policy
// does not keep it from looking.
func TestInaccessiblePagesAreFound(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveScript(w, r, `<title>a</title><main><h1>a</h1><img src="data:,"><input><font color="#eeeeee">pale</font></main>`)
	}))
	defer server.Close()
	b := openTab(t, server.URL)
	b.visit("/")
	for rules, wanted := range map[string][]string{
		everyRule: {"image-alt", "label", "html-has-lang", "color-contrast"}, rulesOfColor: {"color-contrast"},
	} {
		found := strings.Join(b.violations(axe, rules), "\n")
		for _, rule := range wanted {
			if !strings.Contains(found, rule+": ") {
				t.Errorf("%s is not among what was found:\n%s", rule, found)
			}
		}
	}
}

// unfold opens everything on the page that can be opened.
func (b *tab) unfold() {
	b.t.Helper()
	evaluate[bool](b, "(document.querySelectorAll('details').forEach(d => d.open = true), true)")
}

// readAxe returns the script of axe-core.
func readAxe(t *testing.T) string {
	t.Helper()
	axe, err := os.ReadFile(npmFile(t, nodeModules, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(axe)
}

// wearing lets the page take on the light or the dark.
func (b *tab) wearing(scheme string) {
	b.t.Helper()
	features := append([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}, still...)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// violations are what axe-core finds wrong with the page by some of its rules, one line each. The script
// comes by the browser's own protocol, so the page's Content-Security-Policy stays as it is.
func (b *tab) violations(axe, rules string) []string {
	b.t.Helper()
	if !evaluate[bool](b, "Boolean(window.axe)") { // which is half a megabyte
		evaluate[bool](b, "(() => {"+axe+"\n})() || true")
	}
	return evaluate[[]string](b, `axe.run({exclude: [["`+moreOfTheSame+`"]]}, {resultTypes: ["violations"], ...`+rules+`}).then(({violations}) => violations.flatMap(
		v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 200) + "\n    " + n.failureSummary.replaceAll("\n", "\n    "))))`)
}
