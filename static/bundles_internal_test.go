package static

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is not embedded, or in no bundle, would be missing on the pages without a word.
func TestEveryFileIsInABundle(t *testing.T) {
	var bundled []string
	for _, b := range bundles {
		bundled = append(bundled, b.parts...)
	}
	var found []string
	for _, pattern := range []string{"css/*", "*.js", "*.svg", "vendor/*.css", "vendor/*.js"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		found = append(found, names...)
	}
	slices.Sort(bundled)
	slices.Sort(found)
	if !slices.Equal(bundled, found) {
		t.Errorf("bundles have %q,\nthere are %q", bundled, found)
	}
	for _, name := range found {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if embedded, err := files.ReadFile(name); err != nil || !slices.Equal(embedded, content) {
			t.Errorf("%s is not embedded as it is (%v)", name, err)
		}
	}
}
