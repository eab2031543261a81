// Command sbom writes a software bill of materials of the program, as CycloneDX in JSON: its Go modules, and what of other people's work is
// vendored for the pages.
//
//	go run ./sbom DIR FILE
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom DIR FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// run writes the bill of the program in a folder.
func run(folder, file string) error {
	found, err := exec.Command("go", "tool", "-n", "cyclonedx-gomod").Output()
	if err != nil {
		return fmt.Errorf("build cyclonedx-gomod: %w", err)
	}
	list := exec.Command(strings.TrimSpace(string(found)), "app", "-json", "-std", "-licenses", ".")
	list.Dir, list.Stderr = folder, os.Stderr
	list.Env = append(os.Environ(), "GOFLAGS=-tags=nomsgpack")
	modules, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the modules: %w", err)
	}
	versions, err := os.ReadFile(filepath.Join(folder, "static", "vendor", "VERSIONS"))
	if err != nil {
		return err
	}
	bill, err := withVendored(modules, string(versions))
	if err != nil {
		return err
	}
	return os.WriteFile(file, bill, 0o644)
}

// component is what a bill says of a package of npm.
type component struct {
	Ref      string    `json:"bom-ref"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	PURL     string    `json:"purl"`
	Licenses []licence `json:"licenses"`
}

type licence struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

// withVendored adds to a bill the packages that a list of vendored files names, each once.
func withVendored(bill []byte, versions string) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(bill, &whole); err != nil {
		return nil, fmt.Errorf("read the list of modules: %w", err)
	}
	components, _ := whole["components"].([]any)
	if len(components) == 0 {
		return nil, errors.New("the list of modules is empty")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(versions) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(fields) < 3 {
			continue
		}
		purl := "pkg:npm/" + strings.Replace(fields[0], "@", "%40", 1) + "@" + fields[1]
		if seen[purl] {
			continue
		}
		seen[purl] = true
		one := component{Ref: purl, Type: "library", Name: fields[0], Version: fields[1], PURL: purl, Licenses: make([]licence, 1)}
		one.Licenses[0].License.ID = fields[2]
		components = append(components, one)
	}
	whole["components"] = components
	return json.MarshalIndent(whole, "", "  ")
}
