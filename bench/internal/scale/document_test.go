package scale

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"
)

// page has the tables.
const page = "../../../docs/scale.md"

var update = flag.Bool("scale", false, "write the tables of docs/scale.md anew")

// The tables of docs/scale.md are those of the model. Each stands between two comments with its name.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	tables := Tables(Measured())
	var found []string
	written := regexp.MustCompile(`(?s)(<!-- table ([a-z]+) -->\n)(.*?)(<!-- end -->)`).ReplaceAllFunc(text, func(match []byte) []byte {
		parts := regexp.MustCompile(`(?s)^(<!-- table ([a-z]+) -->\n)(.*)(<!-- end -->)$`).FindSubmatch(match)
		name := string(parts[2])
		found = append(found, name)
		if string(parts[3]) != "\n"+tables[name]+"\n" && !*update {
			t.Errorf("the table %s is not the model's. If that is meant: go test ./internal/scale -run TestDocument -args -scale\n%s", name, tables[name])
		}
		return slices.Concat(parts[1], []byte("\n"+tables[name]+"\n"), parts[4])
	})
	for name := range tables {
		if !slices.Contains(found, name) {
			t.Errorf("the table %s is missing", name)
		}
	}
	if *update {
		if err := os.WriteFile(page, written, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
