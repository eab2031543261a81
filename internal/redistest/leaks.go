//go:build unix

package redistest

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long goroutines that are about to end are given.
const leakPatience = 20 * time.Second

// notLeaks are functions of goroutines that nobody can end: the runtime's receiver of signals, and
// a goroutine that go-redis has after a failed dial. That one notices only once a second that its client
// has been closed.
var notLeaks = []string{
	"os/signal.signal_recv",
	"github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial",
}

// VerifyNoLeaks runs the tests of m, and ends the process. A goroutine that outlives the tests fails
// them, unless a function of its stack begins with one of except. It does what go.uber.org/goleak does, which must not get
// into the go.sum of hosts.
func VerifyNoLeaks(m *testing.M, except ...string) {
	os.Exit(verifyNoLeaks(m, leakPatience, except...))
}

// verifyNoLeaks runs the tests and returns the code with which the process has to end.
func verifyNoLeaks(m *testing.M, patience time.Duration, except ...string) int {
	code := m.Run()
	left := awaitNone(func() []string { return leaks(except...) }, patience)
	if code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	return code
}

// awaitNone waits until find finds nothing, and returns what it still finds after patience.
func awaitNone(find func() []string, patience time.Duration) []string {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found := find()
		if len(found) == 0 || time.Now().After(deadline) {
			return found
		}
	}
}

// leaks returns the stack of every goroutine but the caller's, those that nobody can end, and those of except.
func leaks(except ...string) []string {
	var found []string
	allowed := slices.Concat(notLeaks, except)
	for _, stack := range strings.Split(stacks(), "\n\n")[1:] { // the caller's is the first
		if !slices.ContainsFunc(allowed, func(function string) bool { return strings.Contains(stack, function) }) {
			found = append(found, strings.TrimSpace(stack))
		}
	}
	return found
}

// stacks returns the stacks of all goroutines, as a panic shows them.
func stacks() string {
	for size := 1 << 16; ; size *= 2 {
		buffer := make([]byte, size)
		if n := runtime.Stack(buffer, true); n < size {
			return string(buffer[:n])
		}
	}
}
