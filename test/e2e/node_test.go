package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// nodeModules is where npm ci puts what package.json lists.
const nodeModules = "node_modules"

// npmFile returns the path of a file of an npm package below dir. Where the packages are not
// installed, the test is skipped.
func npmFile(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		redistest.Missing(t, "the npm packages of "+filepath.Join("test", "e2e", filepath.Dir(dir))+" are not installed: run make setup, or npm ci there")
	}
	return path
}

// node is Node.js with arguments, not yet started.
func node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), redistest.Program(t, "node"), args...)
}
