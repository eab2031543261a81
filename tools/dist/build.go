package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// maxBinary is how many bytes a program for Linux should have at most.
const maxBinary = 31_000_000

// workspace is the go.work of releases, while they are built.
const workspace = "release.work"

// stubs stand for modules that Gin and its validator import and userlog does not use. Three megabytes less are loaded, and nothing of
// them can be attacked.
var stubs = map[string]string{
	"github.com/gabriel-vasile/mimetype": "mimetype",
	"github.com/goccy/go-yaml":           "yaml",
	"github.com/leodido/go-urn":          "urn",
	"github.com/quic-go/quic-go":         "quic",
	"go.mongodb.org/mongo-driver/v2":     "bson",
	"golang.org/x/net":                   "net",
}

// writeWorkspace writes the workspace: that of development, with the stubs.
func (r *release) writeWorkspace() error {
	text, err := os.ReadFile(filepath.Join(r.root, "go.work"))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(stubs)) {
		text = fmt.Appendf(text, "\nreplace %s => ./tools/dist/stubs/%s\n", name, stubs[name])
	}
	return os.WriteFile(filepath.Join(r.root, workspace), text, 0o644)
}

// build builds the program for a platform, such as linux/amd64, and returns its path. It is static and stripped, and nothing in
// it depends on where it was built. It has the version of its commit, so it is built in a clone only. A program that has been built in this run is not built again.
func (r *release) build(ctx context.Context, platform string) (string, error) {
	system, arch, ok := strings.Cut(platform, "/")
	if !ok {
		return "", fmt.Errorf("%q is no platform, such as linux/amd64", platform)
	}
	binary := filepath.Join(r.stage, system+"-"+arch, "userlog")
	if system == "windows" {
		binary += ".exe"
	}
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	fmt.Fprintf(os.Stderr, "building the program for %s\n", platform)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "-trimpath", "-buildvcs=true", "-tags=nomsgpack", "-ldflags=-s -w", ".")
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch, "GOFLAGS=", "GOWORK="+filepath.Join(r.root, workspace), "GOAMD64=v1", "GOARM64=v8.0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return "", err
	}
	if system == "linux" && info.Size() > maxBinary {
		fmt.Fprintf(os.Stderr, "dist: the program for %s has %d bytes, more than %d: see what it imports\n", platform, info.Size(), maxBinary)
	}
	return binary, nil
}
