//go:build unix

package command_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// failLogin has a failed login recorded.
func failLogin(t *testing.T, origin string) int {
	t.Helper()
	answer, err := http.PostForm(origin+"/userlog/login", url.Values{"username": {"root"}, "password": {"wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestAuditFile(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	syslog, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer syslog.Close()
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--audit-file", file, "--audit-syslog", "udp://"+syslog.LocalAddr().String()).origin(t)
	for range 3 {
		if status := failLogin(t, origin); status != http.StatusUnprocessableEntity {
			t.Fatalf("a login: %d", status)
		}
	}
	redistest.Eventually(t, "the file has the records", func() bool {
		text, _ := os.ReadFile(file)
		return strings.Count(string(text), `"login-failed"`) == 3
	})
	packet := make([]byte, 4096)
	if err := syslog.SetReadDeadline(time.Now().Add(redistest.Patience)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := syslog.ReadFrom(packet); err != nil || !strings.Contains(string(packet[:n]), `"hash":"`) || !strings.HasPrefix(string(packet[:n]), "<85>") {
		t.Errorf("the syslog gets %q, %v", packet[:n], err)
	}
	verify := func() result {
		t.Helper()
		return do(t, nil, "", "audit", "verify", "--redis", server.URL, "--copy", file)
	}
	if r := verify(); r.status != 0 || !strings.HasPrefix(r.out, "The log has all 3 records of the copy that it still keeps, unchanged. The copy has 3.\n") {
		t.Errorf("at first: %+v", r)
	}
	if err := server.Client(t).Del(t.Context(), "userlog:{audit}:attempts", "userlog:{audit}:attempts:head").Err(); err != nil {
		t.Fatal(err)
	}
	if r := verify(); r.status != 1 || r.err != "userlog: the audit log is broken. Attempt 1 is in the copy, and not in the log, as 3 in all: they were removed. That is the first of 3 places where log and copy differ.\n" {
		t.Errorf("after all was removed: %+v", r)
	}
	if r := do(t, nil, "", "audit", "verify", "--redis", server.URL, "--copy", os.DevNull); r.status != 1 || !strings.Contains(r.err, "the copy has no records") {
		t.Errorf("with an empty copy: %+v", r)
	}
}
