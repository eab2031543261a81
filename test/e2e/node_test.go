package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// nodeModules is where npm ci puts what package.json lists.
const nodeModules = "node_modules"

// npmFile returns the path of a file of an npm package below dir. Where the packages are not
// installed, the test is skipped.
func npmFile(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		missing(t, "the npm packages of "+filepath.Join("test", "e2e", filepath.Dir(dir))+" are not installed: run make setup, or npm ci there")
	}
	return path
}

// node is Node.js with arguments, not yet started.
func node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		missing(t, "Node.js is not installed")
	}
	return exec.CommandContext(t.Context(), path, args...)
}
