package main_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// document is a Markdown file that says how to use userlog.
type document struct{ name, text string }

// documents are all of them: README.md and those below docs, but not decisions, which say what was
// true when they were taken.
func documents(t *testing.T) []document {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, "README.md", "SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
	if len(names) < 15 {
		t.Fatalf("only %q were found", names)
	}
	var found []document
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, document{name, string(text)})
	}
	return found
}

// blocks returns the contents of the document's code blocks in a language.
func (d document) blocks(language string) (found []string) {
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(d.text, -1) {
		found = append(found, m[1])
	}
	return found
}

// spans returns the code within the document's text.
func (d document) spans() (found []string) {
	text := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(d.text, "")
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Join(strings.Fields(m[1]), " "))
	}
	return found
}

// help is what the program says about a command.
func help(t *testing.T, words ...string) (text string, status int) {
	t.Helper()
	var out strings.Builder
	noEnvironment := func(string) (string, bool) { return "", false }
	status = command.Run(t.Context(), append(words, "--help"), noEnvironment, strings.NewReader(""), &out, io.Discard)
	return out.String(), status
}

// flag is how the text of a help begins a flag.
var flag = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`)

// Whatever can be set is in a table of docs/configuration.md.
func TestConfigurationListsEveryFlagAndOption(t *testing.T) {
	page, err := os.ReadFile("docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	serve, status := help(t, "serve")
	names := flag.FindAllStringSubmatch(serve, -1)
	if status != 0 || len(names) < 20 {
		t.Fatalf("serve --help ends with %d, and %d flags were found in\n%s", status, len(names), serve)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name[1]+"`") && name[1] != "--help" && name[1] != "--version" {
			t.Errorf("%s is not in docs/configuration.md", name[1])
		}
	}
	for _, options := range []reflect.Type{
		reflect.TypeFor[handlers.Options](), reflect.TypeFor[middleware.Options](), reflect.TypeFor[store.Options](),
	} {
		for field := range options.Fields() {
			if field.IsExported() && !regexp.MustCompile("`"+field.Name+"\\b").MatchString(text) {
				t.Errorf("%s: %s is not in docs/configuration.md", options, field.Name)
			}
		}
	}
}

// The code that documents show is part of the examples, which other tests compile and run.
func TestDocsCodeIsInTheExamples(t *testing.T) {
	var examples strings.Builder
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		example, _ := regexp.MatchString(`^examples/.*\.go$|example.*_test\.go$`, name)
		if err != nil || !example {
			return err
		}
		source, err := os.ReadFile(name)
		examples.WriteString(flush(string(source)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t) {
		for _, block := range d.blocks("go") {
			if !strings.Contains(examples.String(), flush(block)) {
				t.Errorf("%s: not in any example:\n%s", d.name, block)
			}
		}
	}
}

// flush removes the indentation of lines.
func flush(text string) string {
	return regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "")
}

// The lines that documents show as recorded can be read, and are written so.
func TestDocsLinesAreEntries(t *testing.T) {
	found := 0
	for _, d := range documents(t) {
		for _, block := range d.blocks("json") {
			found++
			var e store.Entry
			if err := e.UnmarshalJSON([]byte(block)); err != nil {
				t.Errorf("%s: %v\n%s", d.name, err, block)
				continue
			}
			if line, err := e.MarshalJSON(); err != nil || string(line) != strings.TrimSpace(block) {
				t.Errorf("%s: it is written as\n%s\nnot as\n%s%v", d.name, line, block, err)
			}
		}
	}
	if found == 0 {
		t.Error("no line was found")
	}
}

// Commands, flags and targets that are named in a sentence exist.
func TestDocsNameCommandsThatExist(t *testing.T) {
	flags := allFlags(t)
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t) {
		for _, span := range d.spans() {
			words := strings.Fields(span)
			switch {
			case words[0] == "userlog" || words[0] == "./userlog":
				wantCommand(t, d.name, words[1:])
			case words[0] == "make" && len(words) > 1:
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(makefile) {
					t.Errorf("%s: there is no target `%s`", d.name, span)
				}
			default:
				if missing := missingFlags(words, flags); len(missing) > 0 {
					t.Errorf("%s: `%s`: no command has %q", d.name, span, missing)
				}
			}
		}
	}
}

// allFlags are the flags of all commands.
func allFlags(t *testing.T) (flags []string) {
	overview, _ := help(t)
	commands := regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)*)\b`).FindAllStringSubmatch(overview, -1)
	if len(commands) < 10 {
		t.Fatalf("only %d commands were found in\n%s", len(commands), overview)
	}
	for _, c := range commands {
		text, _ := help(t, strings.Fields(c[1])...)
		flags = append(flags, flag.FindAllString(text, -1)...)
	}
	return flags
}

// upTo returns the words before the first one with this prefix.
func upTo(words []string, prefix string) []string {
	end := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, prefix) })
	if end < 0 {
		end = len(words)
	}
	return slices.Clone(words[:end])
}

// missingFlags returns those of the words that are flags and not among the ones that there are.
func missingFlags(words, flags []string) (missing []string) {
	for _, word := range words {
		name := regexp.MustCompile(`^--[a-z]+(?:-[a-z]+)*`).FindString(word)
		if name != "" && !slices.ContainsFunc(flags, func(f string) bool { return strings.HasSuffix(f, " "+name) }) {
			missing = append(missing, name)
		}
	}
	return missing
}

// blockLanguages are what blocks of the documents are marked with, and who looks at them.
var blockLanguages = map[string]string{
	"sh":      "commands: testDocsCommands runs them",
	"console": "commands that need root, other programs or a server that is prepared: TestDocsConsole reads them",
	"redis":   "commands of redis-cli: internal/command runs them",
	"go":      "TestDocsCodeIsInTheExamples",
	"json":    "recorded lines: TestDocsLinesAreEntries",
	"toml":    "settings, which internal/command and internal/webhook read",
	"ini":     "drop-ins of systemd, which only systemd reads",
	"nginx":   "a part of a file of nginx: internal/command plays the whole one, deploy/nginx/userlog.conf",
	"js":      "a line for a site's own script, which test/e2e has in a shop",
	"http":    "headers",
	"text":    "output, messages, pictures, and Redis' users, which internal/command reads",
}

// aCommand is how a line that is to be typed into a shell begins.
var aCommand = regexp.MustCompile(`(?m)^(?:\./)?(?:userlog|go|make|echo|apt|systemctl|docker|podman|skopeo|kubectl|curl|prometheus) \S`)

// Each block of a document is marked, so that no command hides from the tests.
func TestDocsBlocksAreMarked(t *testing.T) {
	for _, d := range documents(t) {
		for i, block := range strings.Split("\n"+d.text, "\n```") {
			if i%2 == 0 {
				continue
			}
			language, content, _ := strings.Cut(block, "\n")
			if blockLanguages[language] == "" {
				t.Errorf("%s: a block is marked %q, which is none of the known languages:\n%s", d.name, language, content)
			}
			if command := aCommand.FindString(content); command != "" && language != "sh" && language != "console" {
				t.Errorf("%s: a block of %q has a command, %q: mark it \"sh\"", d.name, language, command)
			}
		}
	}
}

// consolePrograms are what commands of the documents begin with that no test runs, and why.
var consolePrograms = map[string]string{
	"apt": "needs root", "editor": "needs a person", "systemctl": "needs root",
	"docker": "needs an engine", "podman": "needs an engine", "skopeo": "needs a registry",
	"export": "is for docker", "kubectl": "needs a cluster", "curl": "needs a server that sends traces", "prometheus": "needs Prometheus",
}

// Blocks of the console have a command that can't be run here. Those of userlog among them exist.
func TestDocsConsole(t *testing.T) {
	for _, d := range documents(t) {
		for _, block := range d.blocks("console") {
			others := 0
			for line := range strings.Lines(block) {
				words := strings.Fields(line)
				if consolePrograms[words[0]] != "" {
					others++
				} else if words[0] != "userlog" {
					t.Errorf("%s: %q is not among the programs that can't be run here", d.name, line)
				}
				if own := regexp.MustCompile(`(?:^|userlog |-- )userlog ([a-z].*)`).FindStringSubmatch(line); own != nil {
					wantCommand(t, d.name, strings.Fields(own[1]))
				}
			}
			if others == 0 {
				t.Errorf("%s: mark it \"sh\", or it is not run:\n%s", d.name, block)
			}
		}
	}
}

// wantCommand checks that userlog has a command with these flags.
func wantCommand(t *testing.T, where string, words []string) {
	if text, status := help(t, upTo(words, "-")...); status != 0 {
		t.Errorf("%s: there is no command %q", where, words)
	} else if missing := missingFlags(words, flag.FindAllString(text, -1)); len(missing) > 0 {
		t.Errorf("%s: %q: there is no %q", where, words, missing)
	}
}

// Names of Go that are used in a sentence, such as store.Options.MaxEntries, exist.
func TestDocsNameGoThatExists(t *testing.T) {
	exported := make(map[string]bool)
	for _, folder := range []string{"store", "store/embedded", "store/metrics", "middleware", "handlers", "auth"} {
		if err := addExported(exported, folder); err != nil {
			t.Fatal(err)
		}
	}
	name := regexp.MustCompile(`^(?:store|embedded|metrics|middleware|handlers|auth)\.[A-Z]\w*(?:\.[A-Z]\w*)?`)
	for _, d := range documents(t) {
		for _, span := range d.spans() {
			if found := name.FindString(span); found != "" && !exported[found] {
				t.Errorf("%s: there is no `%s`", d.name, found)
			}
		}
	}
}

// addExported adds what the package in a folder exports: package.Name, and package.Type.Member.
func addExported(exported map[string]bool, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			for _, declared := range names(declaration) {
				exported[file.Name.Name+"."+declared] = true
			}
		}
	}
	return nil
}

// names are what a declaration declares: Name, and Type.Member.
func names(declaration ast.Decl) (declared []string) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			receiver := d.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			if ident, ok := receiver.(*ast.Ident); ok {
				name = ident.Name + "." + name
			}
		}
		declared = append(declared, name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					declared = append(declared, name.Name)
				}
			case *ast.TypeSpec:
				declared = append(declared, s.Name.Name)
				if structure, ok := s.Type.(*ast.StructType); ok {
					for _, field := range structure.Fields.List {
						for _, name := range field.Names {
							declared = append(declared, s.Name.Name+"."+name.Name)
						}
					}
				}
			}
		}
	}
	return declared
}

// The import table of ARCHITECTURE.md is what packages import.
func TestArchitectureListsImports(t *testing.T) {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	code := regexp.MustCompile("`([^`]+)`")
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|.*\\|(.*)\\|$").FindAllStringSubmatch(string(page), -1) {
		var imports []string
		for _, name := range code.FindAllStringSubmatch(row[2], -1) {
			imports = append(imports, name[1])
		}
		listed[row[1]] = strings.Join(imports, " ")
	}
	const module = "github.com/gin-userlog/userlog"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`,
		"./...", "./internal/redistest/...", "./middleware/...", "./store/...", "./store/embedded/...", "./store/metrics/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/"), "main")
		var imports []string
		for _, imported := range words[1:] {
			if ours, found := strings.CutPrefix(imported, module+"/"); found {
				imports = append(imports, ours)
			}
		}
		want, found := listed[name]
		if got := strings.Join(imports, " "); !found || got != want {
			t.Errorf("%s imports %q; ARCHITECTURE.md says %q (%t)", name, got, want, found)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("ARCHITECTURE.md lists %s, which does not exist", name)
	}
}

// The tests that decisions name exist.
func TestDecisionsNameTestsThatExist(t *testing.T) {
	tests := make(map[string]bool)
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)`)
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(name)
		for _, m := range declaration.FindAllStringSubmatch(string(source), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("docs/decisions/*.md")
	if err != nil || len(decisions) < 25 {
		t.Fatalf("%d decisions were found: %v", len(decisions), err)
	}
	for _, name := range decisions {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(string(text), -1) {
			if !tests[m[1]] {
				t.Errorf("%s: there is no test %s", name, m[1])
			}
		}
	}
}

// Dependabot looks at every package of npm, and at every module but those whose versions are the lowest on purpose, and stubs
// that require none.
func TestDependabotKnowsEveryModule(t *testing.T) {
	config, err := os.ReadFile(".github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{
		"/tools/dist/stubs/bson": true, "/tools/dist/stubs/mimetype": true, "/tools/dist/stubs/net": true, "/tools/dist/stubs/quic": true, "/tools/dist/stubs/urn": true, "/tools/dist/stubs/yaml": true,
		"/internal/redistest": true, "/middleware": true, "/store": true, "/store/embedded": true, "/store/metrics": true,
	}
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil:
			return err
		case entry.IsDir() && (base == "node_modules" || base == "testdata"):
			return fs.SkipDir
		case base == "go.mod" || base == "package.json":
			folder := "/" + strings.TrimPrefix(filepath.Dir(name), ".")
			if left[folder] {
				return nil
			}
			if !regexp.MustCompile(`(?m)^ +- ` + folder + `$`).Match(config) {
				t.Errorf("%s is not in .github/dependabot.yml", folder)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each decision has a number of its own, the four sections, and a line in the index.
func TestDecisionsAreListed(t *testing.T) {
	index, err := os.ReadFile("docs/decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("docs/decisions/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	taken := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Base(name)
		number := file[:3]
		if other := taken[number]; other != "" {
			t.Errorf("%s and %s have one number", other, file)
		}
		taken[number] = file
		heading, _, _ := strings.Cut(string(text), "\n")
		title, found := strings.CutPrefix(heading, "# "+number+". ")
		if !found {
			t.Errorf("%s begins with %q", file, heading)
		}
		if row := "| " + number + " | [" + title + "](" + file + ") |\n"; !strings.Contains(string(index), row) {
			t.Errorf("docs/decisions/README.md has no %s", row)
		}
		for _, section := range []string{"Context", "Decision", "Consequences", "Measured"} {
			if !strings.Contains(string(text), "\n## "+section+"\n") {
				t.Errorf("%s has no section %s", file, section)
			}
		}
	}
}

// Each package that hosts import begins with a quick start, and has an example that runs.
func TestPublicPackagesHaveExamples(t *testing.T) {
	for _, folder := range []string{"store", "store/embedded", "store/metrics", "middleware", "handlers"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		quickStart, example := false, false
		for _, name := range files {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			quickStart = quickStart || regexp.MustCompile(`(?m)^//\t.*\n(//.*\n)*package `).Match(source)
			example = example || regexp.MustCompile(`(?m)^func Example`).Match(source) && strings.Contains(string(source), "// Output:")
		}
		if !quickStart || !example {
			t.Errorf("%s: has a quick start: %t, an example that runs: %t", folder, quickStart, example)
		}
	}
}
