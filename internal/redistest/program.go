package redistest

import (
	"os"
	"os/exec"
	"testing"
)

// Program is the path of a program that a test runs. Where it is not installed, the test is skipped as [Missing] says.
func Program(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not installed")
	}
	return path
}

// Missing skips a test that lacks something, with a reason. Under CI=true the test fails: a suite never passes by not running.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
