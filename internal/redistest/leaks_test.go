//go:build unix

package redistest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// leakVariable is set for a process of tests that is to leave a goroutine behind.
const leakVariable = "REDISTEST_LEAK"

func TestMain(m *testing.M) {
	if os.Getenv(leakVariable) != "" {
		go leak()
		os.Exit(verifyNoLeaks(m, 0))
	}
	VerifyNoLeaks(m)
}

// leak never returns.
func leak() { select {} }

// A goroutine that ends soon is waited for. The stack of one that does not shows where it stands.
func TestLeaksAreFound(t *testing.T) {
	started, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		close(started)
		<-release
	}()
	<-started
	ours := func() []string {
		var found []string
		for _, stack := range leaks() {
			if strings.Contains(stack, "TestLeaksAreFound.func") {
				found = append(found, stack)
			}
		}
		return found
	}
	if left := awaitNone(ours, 0); len(left) != 1 {
		t.Errorf("found %q, want one goroutine", left)
	}
	for _, stack := range leaks("github.com/gin-userlog/userlog/internal/redistest.TestLeaksAreFound.") {
		if strings.Contains(stack, "TestLeaksAreFound.func") {
			t.Errorf("found, though excepted: %s", stack)
		}
	}
	close(release)
	<-ended
	if left := awaitNone(ours, time.Minute); len(left) != 0 {
		t.Errorf("found %q after its end", left)
	}
}

// The tests of a process that leaves a goroutine behind fail, with its stack.
func TestLeaksFailTheProcess(t *testing.T) {
	test := exec.Command(os.Args[0], "-test.run=^TestLeaksAreFound$")
	test.Env = append(os.Environ(), leakVariable+"=1")
	output, err := test.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "redistest.leak()") {
		t.Errorf("got %v, want a failure with the goroutine's stack:\n%s", err, output)
	}
}
