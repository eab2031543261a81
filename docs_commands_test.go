//go:build unix

package main_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
		commands := d.lines("sh")
		if len(commands) == 0 {
			continue
		}
		found += len(commands)
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t, binary)
			for _, command := range commands {
				t.Run(command, func(t *testing.T) { r.run(t, command) })
			}
		})
	}
	if found < 15 {
		t.Errorf("only %d commands were found", found)
	}
}

// lines are the lines of the document's blocks in a language. A backslash joins one with the next.
func (d document) lines(language string) []string {
	text := strings.ReplaceAll(strings.Join(d.blocks(language), ""), "\\\n", "")
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" })
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

// reader does what documents say, in a folder of its own, with the test's Redis in place of those of the documents, its
// own receiver of webhooks, and free ports.
type reader struct {
	binary string // the program
	folder string
	names  *strings.Replacer // of the documents, by those of the test
}

func newReader(t *testing.T, binary string) reader {
	r := reader{binary: binary, folder: t.TempDir()}
	server := redistest.Start(t)
	recordSomething(t, server.URL)
	for name, content := range map[string]string{"backup-secret": strings.Repeat("secret", 10), "oidc": "secret"} {
		if err := os.WriteFile(filepath.Join(r.folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.names = strings.NewReplacer(
		"redis://localhost:6379/0", server.URL, "rediss://redis.example.com:6379/0", server.URL, "redis://other:6379/0", redistest.Start(t).URL,
		"/etc/userlog/webhooks.toml", destinationFile(t, takesAll(t)),
		"/etc/userlog/", r.folder+"/", "/var/log/userlog/", r.folder+"/", "/var/backups/", r.folder+"/", "/run/secrets/", r.folder+"/",
	)
	return r
}

// run runs one line of a document.
func (r reader) run(t *testing.T, line string) {
	words := strings.Fields(line)
	switch {
	case words[0] == "make":
		wantTarget(t, words[1])
		return
	case words[0] == "go" && words[1] == "get":
		wantModule(t, words[2:])
		return
	case strings.HasPrefix(line, "go mod edit -replace "):
		wantReplacement(t, words[4])
		return
	case words[0] == "deploy/prepare.sh":
		return // test/deploy runs it in a copy
	case line == buildCommand:
		return // the program was built so for all documents
	case words[0] == "./userlog" || words[0] == "userlog":
		line = r.binary + strings.TrimPrefix(line, words[0])
	case words[0] == "echo":
	default:
		t.Fatal("no way is known to test this command")
	}
	cmd := exec.Command("sh", "-c", "exec "+r.names.Replace(line))
	cmd.Dir = r.folder
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

// wantReplacement checks a module and its folder, as in "module=../userlog/store".
func wantReplacement(t *testing.T, replacement string) {
	module, folder, _ := strings.Cut(replacement, "=../userlog/")
	content, err := os.ReadFile(filepath.Join(".", folder, "go.mod"))
	if err != nil || !strings.HasPrefix(string(content), "module "+module+"\n") {
		t.Errorf("%s is not the module in %s: %v", module, folder, err)
	}
}

// endWhenBegun runs a command until it has printed something, and ends it. A copy of the audit log is given a record first.
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
	output := bufio.NewReader(read)
	first, err := output.ReadString('\n')
	if err != nil {
		t.Errorf("it printed nothing: %v", err)
	}
	if copied := regexp.MustCompile(`--audit-file (\S+)`).FindStringSubmatch(cmd.Args[2]); copied != nil {
		writeCopies(t, strings.TrimSpace(strings.TrimPrefix(first, "The admin is at ")), copied[1])
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("end it: %v", err)
	}
	rest, err := io.ReadAll(output)
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended by SIGTERM: %v\n%s%s", err, first, rest)
	}
}

// writeCopies has a server write its copy of the audit log: a wrong password is an attempt. The file is also there by the
// name that logrotate gives it.
func writeCopies(t *testing.T, admin, file string) {
	answer, err := http.PostForm(admin+"login", url.Values{"username": {"ada"}, "password": {"wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	var content []byte
	redistest.Eventually(t, "the copy has the attempt", func() bool {
		content, err = os.ReadFile(file)
		return err == nil && bytes.HasSuffix(content, []byte("\n"))
	})
	if err := os.WriteFile(file+".1", content, 0o600); err != nil {
		t.Fatal(err)
	}
}
