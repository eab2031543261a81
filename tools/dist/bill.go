package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bill writes what the program is made of, as "make sbom" does.
func (r *release) bill(ctx context.Context) error {
	fmt.Fprintln(os.Stderr, "writing what it is made of")
	name := filepath.Join(r.stage, "bill.json")
	cmd := exec.CommandContext(ctx, "go", "run", "./sbom", r.root, name)
	cmd.Dir = filepath.Join(r.root, "tools")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("write the bill of materials: %w\n%s", err, output)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err = released(text, r.made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "userlog_"+r.version+".cdx.json"), text, 0o644)
}

// released changes a bill of the program into one of its release: the stubs' modules are not there, and it is the same each time.
func released(bill []byte, made time.Time) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(bill, &whole); err != nil {
		return nil, fmt.Errorf("read the bill of materials: %w", err)
	}
	delete(whole, "serialNumber")
	metadata, ok := whole["metadata"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the bill of materials has no metadata")
	}
	metadata["timestamp"] = made.Format(time.RFC3339)
	delete(metadata, "tools") // with checksums of the tool, which depend on where it was built
	for _, list := range []string{"components", "dependencies"} {
		all, _ := whole[list].([]any)
		all = slices.DeleteFunc(all, isStubbed)
		for _, one := range all {
			entry, _ := one.(map[string]any)
			if needed, ok := entry["dependsOn"].([]any); ok {
				entry["dependsOn"] = slices.DeleteFunc(needed, isStubbed)
			}
		}
		whole[list] = all
	}
	return json.MarshalIndent(whole, "", "  ")
}

// isStubbed tells whether an entry of a bill, or a reference to one, is about a module that a stub stands for.
func isStubbed(entry any) bool {
	if fields, ok := entry.(map[string]any); ok {
		entry = fields["purl"]
		if entry == nil {
			entry = fields["ref"]
		}
	}
	reference, _ := entry.(string)
	for module := range stubs {
		if strings.HasPrefix(reference, "pkg:golang/"+module+"@") {
			return true
		}
	}
	return false
}
