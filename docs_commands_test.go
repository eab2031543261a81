//go:build unix

package main_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// testDocsCommands runs every command of the documents: those of one document in their order, with a Redis of its
// own. Commands that go on until they are ended are ended when they have begun.
func testDocsCommands(t *testing.T, binary string) {
	found := 0
	for _, d := range documents(t) {
		commands := strings.Split(strings.TrimSpace(strings.Join(d.blocks("sh"), "")), "\n")
		if commands[0] == "" {
			continue
		}
		found += len(commands)
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			r := reader{binary: binary, redisURL: redistest.Start(t).URL, webhookFile: destinationFile(t, takesAll(t))}
			recordSomething(t, r.redisURL)
			for _, command := range commands {
				t.Run(command, func(t *testing.T) { r.run(t, command) })
			}
		})
	}
	if found < 15 {
		t.Errorf("only %d commands were found", found)
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

// takesAll is the URL of a receiver of webhooks that takes all messages.
func takesAll(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	return server.URL
}

// reader does what documents say, with the test's Redis in place of localhost's, its own receiver of webhooks, and free ports.
type reader struct {
	binary      string // the program
	redisURL    string
	webhookFile string
}

// run runs one line of a document.
func (r reader) run(t *testing.T, line string) {
	words := strings.Fields(strings.NewReplacer("redis://localhost:6379/0", r.redisURL, "/etc/userlog/webhooks.toml", r.webhookFile).Replace(line))
	switch {
	case words[0] == "make":
		wantTarget(t, words[1])
		return
	case words[0] == "go" && words[1] == "get":
		wantModule(t, words[2:])
		return
	case words[0] == "deploy/prepare.sh":
		return // test/deploy runs it in a copy
	case line == buildCommand:
		return // the program was built so for all documents
	case words[0] == "./userlog":
		words[0] = r.binary
	default:
		t.Fatal("no way is known to test this command")
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "USERLOG_ADDR=127.0.0.1:0", "USERLOG_DRAIN=0s")
	cmd.Stdin = strings.NewReader("a password of some length\n")
	if words[1] == "serve" || words[1] == "tail" {
		endWhenBegun(t, cmd)
		return
	}
	out, err := cmd.CombinedOutput()
	if words[1] == "doctor" && err != nil && cmd.ProcessState.ExitCode() <= 2 && bytes.Contains(out, []byte("Look at: ")) {
		return // the test's Redis keeps nothing, which is worth a look
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// wantTarget checks what a target of the Makefile would do. "make test" runs this very test, and
// "make demo" is run by the browser tests, so nothing more is left to look at.
func wantTarget(t *testing.T, target string) {
	out, err := exec.Command("make", "-n", target).CombinedOutput()
	if want := map[string]string{"demo": "./userlog demo", "test": "go test ", "dist": "go run ./dist"}[target]; err != nil || !bytes.Contains(out, []byte(want)) {
		t.Errorf("make -n %s: %v\n%s", target, err, out)
	}
}

// wantModule checks that what go get is asked for is here: a package in a module of this repository.
func wantModule(t *testing.T, packages []string) {
	const module = "github.com/gin-userlog/userlog"
	for _, name := range packages {
		name, _, _ = strings.Cut(name, "@")
		folder, found := strings.CutPrefix(name, module)
		if sources, err := filepath.Glob(filepath.Join(".", folder, "*.go")); !found || err != nil || len(sources) == 0 {
			t.Errorf("%s is no package of %s", name, module)
		}
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
	if err := read.SetReadDeadline(time.Now().Add(redistest.Patience)); err != nil {
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
