//go:build unix

package command_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestSignalsEndTheProgramWell(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "userlog")
	if built, err := exec.Command("go", "build", "-o", binary, "github.com/gin-userlog/userlog").CombinedOutput(); err != nil {
		t.Fatalf("build userlog: %v\n%s", err, built)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			out, log := newOutput(), newOutput()
			cmd := exec.Command(binary, "demo", "--addr", "127.0.0.1:0")
			cmd.Stdout, cmd.Stderr = out, log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out.await(t, "Ctrl-C ends the demo")
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			overdue := time.AfterFunc(patience, func() { cmd.Process.Kill() })
			defer overdue.Stop()
			if err := cmd.Wait(); err != nil {
				t.Errorf("the demo ended with %v, want status 0; standard error:\n%s", err, log)
			}
		})
	}
	err := exec.Command(binary, "serve", "--frob").Run()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
		t.Errorf("an unknown flag: %v, want status 2", err)
	}
}
