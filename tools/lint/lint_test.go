package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestMain lets the test binary be the command, so that a test can run it.
func TestMain(m *testing.M) {
	if os.Getenv("LINT_IS_THE_COMMAND") != "" {
		main()
	}
	os.Exit(m.Run())
}

// faulty has one fault for each set of analyzers. It imports nothing, so that nothing else is analyzed.
const faulty = `// Package faulty is wrong.
package faulty

// Gone is an error.
var Gone error

// IsGone compares.
func IsGone(err error) bool { return err == Gone }

func unused() {}

// Increment has a parameter that is not needed.
func Increment(number int) int { return add(number, 1) }

func add(number, amount int) int {
	for number < 10 {
		number += number
	}
	return number
}

// Nil dereferences nil.
func Nil(number *int) int {
	if number == nil {
		return *number
	}
	return 0
}

// Same compares, twice, and once it is meant.
func Same(number int) bool {
	//lint:ignore SA4000 it is meant
	if number == number {
		return true
	}
	return number == number
}

// Count loops as Go 1.21 did.
func Count(number int) (sum int) {
	for i := 0; i < number; i++ {
		sum += i
	}
	return sum
}
`

// helping has a parameter that is not needed, in a test.
const helping = `package faulty

// Twice doubles.
func Twice(number int) int { return twice(number, 2) }

func twice(number, factor int) int {
	for number < 10 {
		number += number
	}
	return number
}
`

func TestLintFindsFaults(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module faulty\n\ngo 1.26.0\n", "faulty.go": faulty, "helping_test.go": helping} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(os.Args[0], "-checks", "all", "./...")
	command.Dir = dir
	command.Env = append(os.Environ(), "LINT_IS_THE_COMMAND=1", "GOWORK=off", "GOFLAGS=")
	out, err := command.Output()
	if err == nil {
		t.Error("the command succeeds")
	}
	var found []string
	for _, line := range regexp.MustCompile(`(?m)\((\w+)\)$`).FindAllSubmatch(out, -1) {
		found = append(found, string(line[1]))
	}
	if want := []string{"errorlint", "U1000", "unparam", "nilness", "SA4000", "rangeint"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q:\n%s", found, want, out)
	}
}
