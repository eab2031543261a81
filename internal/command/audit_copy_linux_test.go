package command_test

import (
	"net/http"
	"strings"
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
