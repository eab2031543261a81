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

// Lines are signed by the key of a file. The key may be replaced while the program runs, and who has not got it can change no line.
func TestSignedAuditFile(t *testing.T) {
	t.Parallel()
	server, folder := redistest.Start(t), t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	public := func() string {
		t.Helper()
		r := do(t, nil, "", "audit", "key", in("key"))
		if r.status != 0 || r.err != "" || !strings.HasPrefix(r.out, "userlog-audit-public:") {
			t.Fatalf("audit key: %+v", r)
		}
		return r.out
	}
	first := public()
	if info, err := os.Stat(in("key")); err != nil || info.Mode().Perm() != 0o600 || public() != first {
		t.Errorf("the key: %v, %v; or it has changed", info, err)
	}
	origin := start(t, nil, "serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--audit-file", in("copy"), "--audit-key-file", in("key")).origin(t)
	fail := func(n int) {
		t.Helper()
		failLogin(t, origin)
		redistest.Eventually(t, "the file has the record", func() bool {
			text, _ := os.ReadFile(in("copy"))
			return strings.Count(string(text), "\n") == n
		})
	}
	fail(1)
	if err := os.Rename(in("key"), in("old")); err != nil {
		t.Fatal(err)
	}
	second := public()
	fail(2)
	fail(3)
	for name, keys := range map[string]string{"both": first + "\n" + second, "first": first, "none": "\n", "secret": "userlog-audit-secret:AAAA"} {
		if err := os.WriteFile(in(name), []byte(keys), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(public string, more ...string) result {
		t.Helper()
		return do(t, nil, "", append([]string{"audit", "verify", "--redis", server.URL, "--public-key", public}, more...)...)
	}
	if r := verify(in("both"), "--copy", in("copy")); r.status != 0 || !strings.Contains(r.out, "Each line of the copy is signed, and none is missing between others.\n") {
		t.Errorf("by both keys: %+v", r)
	}
	if r := verify(in("first"), "--copy", in("copy")); r.status != 1 || !strings.Contains(r.err, "In the copy, attempt 2 is not signed by one of the public keys.") {
		t.Errorf("by the first key: %+v", r)
	}
	text, err := os.ReadFile(in("copy"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(in("cut"), []byte(lines[0]+lines[2]), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(in("both"), "--copy", in("cut")); r.status != 1 || !strings.Contains(r.err, "The copy lacks 1 lines") {
		t.Errorf("without a line: %+v", r)
	}
	for what, r := range map[string]result{
		"--public-key without --copy": verify(in("both")),
		"a file without a key":        verify(in("none"), "--copy", in("copy")),
		"a secret for a public key":   verify(in("secret"), "--copy", in("copy")),
		"no such file":                verify(in("nowhere"), "--copy", in("copy")),
		"a key that signs nothing":    do(t, nil, "", "serve", "--addr", "127.0.0.1:0", "--audit-key-file", in("key")),
		"a public key for a secret":   do(t, nil, "", "serve", "--addr", "127.0.0.1:0", "--audit-file", in("x"), "--audit-key-file", in("first")),
	} {
		if r.status != 2 || strings.Contains(r.err, "AAAA") {
			t.Errorf("%s: %+v", what, r)
		}
	}
}
