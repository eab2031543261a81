//go:build unix

package main_test

import (
	"bufio"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// buildCommand is how documents build the program.
const buildCommand = "go build -o userlog ."

// TestProgram tests what only the built program shows.
func TestProgram(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "userlog")
	words := strings.Fields(strings.Replace(buildCommand, "userlog", binary, 1))
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", buildCommand, err, out)
	}
	for name, test := range map[string]func(t *testing.T, binary string){
		"commands of the documents":           testDocsCommands,
		"SIGTERM ends the program well":       func(t *testing.T, binary string) { testSignal(t, binary, syscall.SIGTERM) },
		"SIGINT ends the program well":        func(t *testing.T, binary string) { testSignal(t, binary, syscall.SIGINT) },
		"mistakes have a status of their own": testStatusOfMistakes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// testSignal asks a demo to end as soon as it has begun.
func testSignal(t *testing.T, binary string, signal syscall.Signal) {
	cmd := exec.Command(binary, "demo", "--addr", "127.0.0.1:0")
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(redistest.Patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	begun := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C ends the demo") {
			begun = true
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !begun {
		t.Errorf("the demo ended with %v, begun %t; standard error:\n%s", err, begun, &log)
	}
}

func testStatusOfMistakes(t *testing.T, binary string) {
	err := exec.Command(binary, "serve", "--frob").Run()
	if exit := (&exec.ExitError{}); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("an unknown flag: %v, want status 2", err)
	}
}
