package static_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readList reads the lines of a file that are no comments, each as its fields.
func readList(t *testing.T, name, separator string) (comment string, lines [][]string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			comment = line
			continue
		}
		lines = append(lines, strings.Split(line, separator))
	}
	return comment, lines
}

// sumOf is the SHA-256 of a file.
func sumOf(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// filesBelow are all files of these folders, and those that match patterns.
func filesBelow(t *testing.T, patterns ...string) (found []string) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %q, %v", pattern, names, err)
		}
		for _, name := range names {
			err := filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					found = append(found, filepath.ToSlash(path))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(found)
	return found
}

// What is built and committed must be what the sources are, also where nobody has Node.js to build it again.
func TestWhatIsBuiltIsNotStale(t *testing.T) {
	comment, lines := readList(t, "built/SUMS", "  ")
	var listed []string
	for _, line := range lines {
		if sum := sumOf(t, line[1]); sum != line[0] {
			t.Errorf("%s has changed since built/ was made: run make assets", line[1])
		}
		listed = append(listed, line[1])
	}
	found := filesBelow(t, "*.js", "css", "built/*.css", "built/*.js", "vendor/*.js", "vendor/oat")
	slices.Sort(listed)
	if !slices.Equal(listed, found) {
		t.Errorf("built/SUMS has %q,\nthere are %q: main.js and css/main.css import what is bundled", listed, found)
	}
	var wanted struct{ DevDependencies map[string]string }
	content, err := os.ReadFile("../tools/frontend/package.json")
	if err == nil {
		err = json.Unmarshal(content, &wanted)
	}
	if want := "# made by esbuild " + wanted.DevDependencies["esbuild"]; err != nil || comment != want {
		t.Errorf("it was %q, want %q (%v): run make assets", comment, want, err)
	}
}

func TestVendoredFilesAreWhatVersionsSays(t *testing.T) {
	_, lines := readList(t, "vendor/VERSIONS", "\t")
	listed := []string{"vendor/VERSIONS"}
	for _, fields := range lines {
		if len(fields) != 5 { // package, version, licence, file, sha256
			t.Fatalf("VERSIONS: %q", fields)
		}
		name := "vendor/" + fields[3]
		if sumOf(t, name) != fields[4] {
			t.Errorf("%s is not the file of %s %s: run vendor.sh", fields[3], fields[0], fields[1])
		}
		listed = append(listed, name)
	}
	slices.Sort(listed)
	if found := filesBelow(t, "vendor"); !slices.Equal(found, listed) {
		t.Errorf("VERSIONS has %q,\nthere are %q", listed, found)
	}
}

// ofOtherComponents finds in a template, or a script that makes elements, what Oat would style by a component that
// is not vendored.
var ofOtherComponents = regexp.MustCompile(`<(?:dialog|menu|ot-dropdown)\b|createElement\("(?:dialog|menu)"|data-variant="avatar"|role="tablist"|data-tooltip|data-sidebar-layout|aria-busy|class="(?:[^"]* )?(?:badge|toast-container|skeleton|[hv]stack|unstyled)[ "]`)

func TestPagesHaveNoComponentThatIsNotVendored(t *testing.T) {
	for _, name := range filesBelow(t, "../views/templates", "../views/*.go", "*.js") {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := ofOtherComponents.Find(source); found != nil {
			t.Errorf("%s has %s: vendor its component, and import it in css/main.css", name, found)
		}
	}
}

// A request without a limit may wait for ever, and keep others from leaving.
func TestWhatScriptsAskForHasALimit(t *testing.T) {
	asks := regexp.MustCompile(`\bfetch\(`)
	for _, name := range filesBelow(t, "*.js") {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if name != "limited_fetch.js" && asks.MatchString(strings.ReplaceAll(line, "#fetch(", "")) {
				t.Errorf("%s asks without a limit: %s", name, strings.TrimSpace(line))
			}
		}
	}
}

// tooNew finds what Safari 16.0 to 16.3 can't read: a script that has it does nothing at all there.
var tooNew = regexp.MustCompile(`\(\?<[=!]|\bstatic\s*\{`)

func TestOlderBrowsersCanReadTheScripts(t *testing.T) {
	for _, name := range filesBelow(t, "built/*.js") {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := tooNew.Find(content); found != nil {
			t.Errorf("%s has %s", name, found)
		}
	}
}

// tooWide finds a rule that asks of something what it contains, where that may be all rows of a log. A browser then looks at the style of
// each row whenever one comes: with 500 rows that took a page of 20 requests a second more time than there is.
var tooWide = regexp.MustCompile(`(?m)(?:^|[\s,>~+(])(?::root|html|body|main|section|table|tbody|tr|\*|#(?:live|log|log-section|rows))(?:[.:#\[][^\s,>~+]*)*?:has\(`)

func TestNoRuleAsksWhatTheTableContains(t *testing.T) {
	for _, rule := range []string{"main:has(.alone) .x", "#log tr:not(:has(details[open])) > td", ":root:has(#rows)", "#live:not(:has(#rows > tr)) .y"} {
		if !tooWide.MatchString(rule) {
			t.Errorf("%s would not be found", rule)
		}
	}
	for _, name := range filesBelow(t, "css/*.css") {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range tooWide.FindAllString(string(content), -1) {
			t.Errorf("%s: %q", name, strings.TrimSpace(found))
		}
	}
}
