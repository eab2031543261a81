package e2e

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// document is a page as validate.cjs reads it.
type document struct {
	Name string `json:"name"`
	HTML string `json:"html"`
}

// documents are the page as it is sent, where it can be asked for again, and as it is in the browser when all
// rows are there.
func (b *tab) documents(p place, language string) []document {
	b.t.Helper()
	name := strings.ReplaceAll(p.name+"/"+language, " ", "-")
	all := []document{{name + "/shown", "<!DOCTYPE html>\n" + evaluate[string](b, "document.documentElement.outerHTML")}}
	if p.reach == nil {
		all = append(all, document{name + "/sent", b.sent()})
	}
	return all
}

// TestInvalidPagesAreFound checks that [TestEveryPage] would notice.
func TestInvalidPagesAreFound(t *testing.T) {
	t.Parallel()
	npmFile(t, nodeModules, "html-validate/package.json")
	found := validate(t, []document{{"broken", `<!DOCTYPE html><html lang="en"><title>a</title><p id="x"><div id="x"></p></html>`}})
	for _, rule := range []string{"no-dup-id", "close-order"} {
		if !strings.Contains(found, rule) {
			t.Errorf("%s is not found in %q", rule, found)
		}
	}
}

// sent asks for the page again, and returns it as it comes.
func (b *tab) sent() string {
	b.t.Helper()
	return evaluate[string](b, "fetch(location.href).then(r => r.text())")
}

// validate returns what is wrong with documents, a line each.
func validate(t *testing.T, documents []document) string {
	t.Helper()
	var input bytes.Buffer
	encoder := json.NewEncoder(&input)
	for _, d := range documents {
		if err := encoder.Encode(d); err != nil {
			t.Fatal(err)
		}
	}
	cmd := node(t, "validate.cjs")
	cmd.Stdin = &input
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
	}
	return string(output)
}
