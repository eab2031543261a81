// Command weight checks what an application that only records has to carry. It makes a temporary application with
// old versions of Go, Gin and gin-contrib/sessions, adds the modules that hosts import, from the working tree, and
// compares. It fails where a version of the host's changes or too much is added. Nothing else is touched.
//
//	make weight
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxModules is how many modules may be added to the host's build list.
	maxModules = 10
	// maxGrowth is how many bytes the host's stripped binary may grow by.
	maxGrowth = 3_500_000
)

// kept are what the host has chosen, and keeps.
var kept = []string{"github.com/gin-gonic/gin", "github.com/gin-contrib/sessions", "gorm.io/gorm"}

// unwanted are parts of the names of modules that only the admin, the tests or the embedded store need.
var unwanted = []string{
	"ginkgo", "miniredis", "gopher-lua", "goleak", "prometheus", "opentelemetry", "kong", "goquery", "i18n", "melody", "argon2",
}

// unwantedWhenTidy are those without ginkgo. The tests of go-redis itself use that, so that "go mod tidy" writes it
// into the go.sum of each application that compiles go-redis.
var unwantedWhenTidy = unwanted[1:]

func main() {
	toolchain := flag.String("toolchain", "local", "`version` of Go that the application is built with")
	flag.Parse()
	if err := run(*toolchain); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(toolchain string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err != nil {
		return fmt.Errorf("run it in the folder tools: %w", err)
	}
	dir, err := os.MkdirTemp("", "userlog-weight-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	application := host{dir: dir, toolchain: toolchain}
	before, err := application.without()
	if err != nil {
		return err
	}
	added, tidied, err := application.with(root)
	if err != nil {
		return err
	}
	fmt.Printf("modules: %d before, %d after\nstripped binary: %d bytes before, %d after\n",
		len(before.modules), len(added.modules), before.binary, added.binary)
	faults := slices.Concat(compare(before, added), compare(before, tidied), unwantedSums(added.sums, unwanted), unwantedSums(tidied.sums, unwantedWhenTidy))
	if len(faults) > 0 {
		return fmt.Errorf("a host carries too much:\n%s", strings.Join(faults, "\n"))
	}
	return nil
}

// compare returns what is wrong, a line each.
func compare(before, after weight) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if before.language != after.language {
		fault("the host's go line was %s, and is %s", before.language, after.language)
	}
	for _, module := range kept {
		if was, is := before.modules[module], after.modules[module]; was != is {
			fault("%s was %s, and is %s", module, was, is)
		}
	}
	var added []string
	for module, version := range after.modules {
		if _, known := before.modules[module]; !known {
			added = append(added, module+" "+version)
		}
	}
	slices.Sort(added)
	if len(added) > maxModules {
		fault("%d modules are added, more than %d: %s", len(added), maxModules, strings.Join(added, ", "))
	}
	if growth := after.binary - before.binary; growth > maxGrowth {
		fault("the binary grows by %d bytes, more than %d", growth, maxGrowth)
	}
	return faults
}

// unwantedSums returns the lines of a go.sum that have one of the names.
func unwantedSums(sums string, names []string) []string {
	var faults []string
	for line := range strings.Lines(sums) {
		for _, name := range names {
			if strings.Contains(line, name) {
				faults = append(faults, fmt.Sprintf("go.sum names %s: %s", name, strings.TrimSpace(line)))
			}
		}
	}
	return faults
}
