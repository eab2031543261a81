package static

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestCommentsAreNotSent(t *testing.T) {
	for name, content := range map[string][2]string{
		"app.js":           {"// Why.\nconst a = 1; // stays\n  // More.\nfetch('http://x//y');\n", "const a = 1; // stays\nfetch('http://x//y');\n"},
		"css/base.css":     {"/* One\n   two. */\na {\n  b: c; /* three */\n}\n", "\na {\n  b: c;\n}\n"},
		"vendor/x.min.js":  {"// theirs\n", "// theirs\n"},
		"vendor/x.min.css": {"/* theirs */", "/* theirs */"},
		"favicon.svg":      {"<!-- c -->", "<!-- c -->"},
	} {
		if got := string(slim(name, []byte(content[0]))); got != content[1] {
			t.Errorf("%s: %q, want %q", name, got, content[1])
		}
	}
}

func TestComponentsWithoutUseAreNotSent(t *testing.T) {
	css, err := files.ReadFile(oat)
	if err != nil {
		t.Fatal(err)
	}
	sent := string(slim(oat, css))
	for _, component := range unusedComponents {
		begin := "@layer components{" + component
		if !strings.Contains(string(css), begin) {
			t.Errorf("%s is not in Oat any longer", component)
		}
		if strings.Contains(sent, begin) {
			t.Errorf("%s is sent", component)
		}
	}
	for _, used := range []string{"@layer theme,base", "@layer theme{:root{", "@layer components{.card", ".container{", "@layer components{details", "[role=alert]"} {
		if !strings.Contains(sent, used) {
			t.Errorf("%s is not sent", used)
		}
	}
	if strings.Count(sent, "{") != strings.Count(sent, "}") {
		t.Error("a brace is missing")
	}
}

// usesUnused finds in a template, or a script that makes elements, what Oat would style by what is left out.
var usesUnused = regexp.MustCompile(`<(?:dialog|menu|ot-dropdown)\b|createElement\("(?:dialog|menu)"|data-variant="avatar"|role="tablist"|data-tooltip|data-sidebar-layout|class="(?:[^"]* )?(?:badge|toast-container|skeleton|group)[ "]`)

func TestNoPageUsesWhatIsNotSent(t *testing.T) {
	var sources []string
	for _, pattern := range []string{"../views/templates/*.html", "*.js"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		sources = append(sources, found...)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := usesUnused.Find(source); found != nil {
			t.Errorf("%s has %s: take its component out of unusedComponents", name, found)
		}
	}
}
