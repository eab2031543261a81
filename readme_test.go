package main_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the contents of the README's code blocks in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(readme(t), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("the README has no code in %s", language)
	}
	return found
}

// Whatever can be set is in a table of the README.
func TestREADMEListsEveryFlagAndOption(t *testing.T) {
	var help strings.Builder
	noEnvironment := func(string) (string, bool) { return "", false }
	if status := command.Run(t.Context(), []string{"serve", "--help"}, noEnvironment, strings.NewReader(""), &help, io.Discard); status != 0 {
		t.Fatalf("serve --help ends with %d", status)
	}
	names := regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(help.String(), -1)
	if len(names) < 20 {
		t.Fatalf("only %d flags were found in\n%s", len(names), help.String())
	}
	text := readme(t)
	for _, name := range names {
		if !strings.Contains(text, "`"+name[1]+"`") {
			t.Errorf("%s is not in the README", name[1])
		}
	}
	for _, options := range []reflect.Type{
		reflect.TypeFor[handlers.Options](), reflect.TypeFor[middleware.Options](), reflect.TypeFor[store.Options](),
	} {
		for field := range options.Fields() {
			if !regexp.MustCompile("`" + field.Name + "\\b").MatchString(text) {
				t.Errorf("%s: %s is not in the README", options, field.Name)
			}
		}
	}
}

// What the README shows is what the examples, which other tests compile and run, consist of.
func TestREADMECodeIsInTheExamples(t *testing.T) {
	var examples strings.Builder
	sources, err := filepath.Glob("examples/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		examples.Write(content)
	}
	for _, block := range blocks(t, "go") {
		if !strings.Contains(examples.String(), block) {
			t.Errorf("not in any example:\n%s", block)
		}
	}
}

// Every command of the README is run, in their order; those that go on until they are ended are
// ended when they have begun.
func TestREADMECommands(t *testing.T) {
	redis := redistest.Start(t)
	recordSomething(t, redis.URL)
	dir := t.TempDir()
	for _, block := range blocks(t, "sh") {
		for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
			t.Run(line, func(t *testing.T) { runCommand(t, dir, redis.URL, line) })
		}
	}
}

// recordSomething gives the commands something to print.
func recordSomething(t *testing.T, redisURL string) {
	logs, err := store.Open(redisURL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// runCommand runs one line of the README, with the test's Redis in place of localhost's, a free port,
// and the program in dir.
func runCommand(t *testing.T, dir, redisURL, line string) {
	arguments := strings.Fields(strings.ReplaceAll(line, "redis://localhost:6379/0", redisURL))
	switch {
	case arguments[0] == "make":
		// "make test" runs this very test, and "make demo" is run by the browser tests: that there is
		// such a target, and what it would do, is all that is left to look at.
		out, err := exec.Command("make", "-n", arguments[1]).CombinedOutput()
		if want := map[string]string{"demo": "./userlog demo", "test": `-race -gcflags=golang.org/x/crypto/argon2=-race=false" go test `}[arguments[1]]; err != nil || want == "" || !bytes.Contains(out, []byte(want)) {
			t.Errorf("make -n %s: %v\n%s", arguments[1], err, out)
		}
		return
	case strings.HasPrefix(line, "go build -o userlog "):
		arguments[3] = filepath.Join(dir, "userlog")
	case arguments[0] == "./userlog":
		arguments[0] = filepath.Join(dir, "userlog")
	default:
		t.Fatal("no way is known to test this command")
	}
	cmd := exec.Command(arguments[0], arguments[1:]...)
	cmd.Env = append(os.Environ(), "USERLOG_ADDR=127.0.0.1:0")
	cmd.Stdin = strings.NewReader("a password of some length\n")
	if arguments[1] == "serve" || arguments[1] == "tail" {
		endWhenBegun(t, cmd)
		return
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// endWhenBegun runs a command until it has printed something, and ends it.
func endWhenBegun(t *testing.T, cmd *exec.Cmd) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	if err := read.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := read.Read(first); err != nil {
		t.Errorf("it printed nothing: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("end it: %v", err)
	}
	rest, err := io.ReadAll(read)
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended by SIGTERM: %v\n%s%s", err, first, rest)
	}
}
