package main_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// blocks returns the contents of the README's code blocks in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("the README has no code in %s", language)
	}
	return found
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
		if want := map[string]string{"demo": "./userlog demo", "test": "go test -race ./..."}[arguments[1]]; err != nil || want == "" || !bytes.Contains(out, []byte(want)) {
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
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), "USERLOG_ADDR=127.0.0.1:0")
	command.Stdin = strings.NewReader("a password of some length\n")
	if arguments[1] == "serve" || arguments[1] == "tail" {
		endWhenBegun(t, command)
		return
	}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// endWhenBegun runs a command until it has printed something, and ends it.
func endWhenBegun(t *testing.T, command *exec.Cmd) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	command.Stdout, command.Stderr = write, write
	if err := command.Start(); err != nil {
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
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("end it: %v", err)
	}
	rest, err := io.ReadAll(read)
	if err != nil {
		t.Error(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("ended by SIGTERM: %v\n%s%s", err, first, rest)
	}
}
