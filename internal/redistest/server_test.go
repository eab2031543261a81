//go:build unix

package redistest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// refusal notes why a test was ended.
type refusal struct {
	testing.TB
	reason string
}

func (r *refusal) Fatalf(format string, args ...any) {
	r.reason = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// A test must not write to a Redis that it has not started.
func TestAnotherRedisIsRefused(t *testing.T) {
	ours, other := Start(t), Start(t)
	refused := &refusal{TB: t}
	confused := &Server{URL: other.URL, Dir: ours.Dir, t: refused, cmd: ours.cmd}
	done := make(chan struct{})
	go func() {
		defer close(done)
		confused.awaitAnswer()
	}()
	<-done
	if !strings.Contains(refused.reason, "another Redis answers") {
		t.Errorf("the reason is %q", refused.reason)
	}
}
