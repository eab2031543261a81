package redistest

import (
	"testing"
	"time"
)

// Patience is how long a test waits for something that other goroutines or processes bring about. It is never reached
// unless something is broken, so that a busy machine does not matter.
const Patience = 3 * time.Minute

// Eventually waits until something is so, and ends the test if it never is. The text what says what is waited for.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}
