package command_test

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A full disk is said, and logins go on. Linux has a file that behaves as if it were on one.
func TestAuditFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	program := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", redistest.Start(t).URL, "--audit-file", "/dev/full")
	if status := failLogin(t, program.origin(t)); status != http.StatusUnprocessableEntity {
		t.Errorf("a login: %d", status)
	}
	redistest.Eventually(t, "it is said", func() bool {
		return strings.Contains(program.err.String(), "the copy of the audit log can't be written")
	})
}

// A pipe, such as the output of a container, has nothing to sync. Each record goes there once.
func TestAuditFileThatIsAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "audit")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // also written to, so that it has no end
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	program := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", redistest.Start(t).URL, "--audit-file", pipe)
	lines := bufio.NewScanner(reader)
	seen := map[string]bool{}
	for range 2 {
		failLogin(t, program.origin(t))
		if !lines.Scan() || seen[lines.Text()] {
			t.Fatalf("after a login comes %q, %v", lines.Text(), lines.Err())
		}
		seen[lines.Text()] = true
	}
}
