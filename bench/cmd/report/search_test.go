package main

import (
	"io"
	"testing"
)

func TestMeasureSearch(t *testing.T) {
	findings, err := measureSearch(t.Context(), lab{scale: 0.001, progress: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 4 {
		t.Fatalf("%d findings, want one for each prefix and one of expired names", len(findings))
	}
	for _, f := range findings {
		if f.what == "" || f.must == "" || f.measured == "" {
			t.Errorf("a finding without words: %+v", f)
		}
	}
}

func TestInventedNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range inventNames(5000) {
		if seen[n.name] || len(n.folded) < 5 {
			t.Fatalf("invented %+v", n)
		}
		seen[n.name] = true
	}
}
