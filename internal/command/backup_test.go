//go:build unix

package command_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// A backup of one Redis is restored into another one, behind another prefix: people log in as before, switches are set, and the audit
// log is whole and goes on.
func TestBackup(t *testing.T) {
	t.Parallel()
	from, to := redistest.Start(t), redistest.Start(t)
	fill(t, from.URL)
	do(t, nil, password+"\n", "account", "password", "root", "--redis", from.URL)
	stored := from.Client(t).HGet(t.Context(), "userlog:accounts", "root").Val()
	if err := from.Client(t).HSet(t.Context(), "userlog:accounts", "root", strings.Replace(stored, "{", `{"recovery":["hash of a code"],`, 1)).Err(); err != nil {
		t.Fatal(err)
	}
	secret, file := canary(t, "a secret of some length"), filepath.Join(t.TempDir(), "backup")
	if done := do(t, nil, "", "backup", file, "--secret-file", secret, "--redis", from.URL); done.status != 0 || !regexp.MustCompile(`and \d\d records of the audit log are in `).MatchString(done.out) {
		t.Fatalf("backup: status %d, %s%s", done.status, done.out, done.err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	restore := []string{"restore", file, "--redis", to.URL, "--key-prefix", "other:"}
	if done := do(t, nil, "", append(restore, "--secret-file", canary(t, "another secret of some length"))...); done.status != 1 || !strings.Contains(done.err, "made with another secret") || len(keysOf(t, to.Client(t))) > 0 {
		t.Errorf("another secret: status %d, %s", done.status, done.err)
	}
	restore = append(restore, "--secret-file", secret)
	if done := do(t, nil, "", restore...); done.status != 0 || !strings.Contains(done.out, "the audit log is whole") ||
		!strings.Contains(done.out, "\nAccounts are as they were then.") || !strings.HasSuffix(done.out, "these accounts have none, and make new ones: root.\n") {
		t.Fatalf("restore: status %d, %s%s", done.status, done.out, done.err)
	}
	if done := do(t, nil, "", restore...); done.status != 1 || !strings.Contains(done.err, "nothing has been restored") {
		t.Errorf("again: status %d, %s", done.status, done.err)
	}
	redis := []string{"--redis", to.URL, "--key-prefix", "other:"}
	if done := do(t, nil, "", append([]string{"audit", "verify"}, redis...)...); done.status != 0 {
		t.Errorf("verify: status %d, %s%s", done.status, done.out, done.err)
	}
	if done := do(t, nil, "", append([]string{"audit", "export"}, redis...)...); !strings.Contains(done.out, ",backup-made,") || !strings.Contains(done.out, ",backup-restored,") || !strings.Contains(done.out, ",login-failed,") {
		t.Errorf("the audit log: %s", done.out)
	}
	logs := openStore(t, to.URL, store.Options{KeyPrefix: "other:"})
	if set, err := logs.Switches(t.Context()); err != nil || set.Sample != 2 {
		t.Errorf("switches %+v, %v", set, err)
	}
	r := start(t, nil, append([]string{"serve", "--addr", "127.0.0.1:0"}, redis...)...)
	if p := visit(t, r.origin(t)).logIn("/userlog", "root", password); p.path != "/userlog/" {
		t.Errorf("the login leads to %s", p.path)
	}
}

// Where it can't be read whether there are switches, nobody is told to delete what may be there. Switches that nobody can read are in the way.
func TestRestoreWhereSwitchesCannotBeRead(t *testing.T) {
	t.Parallel()
	from, to := redistest.Start(t), redistest.Start(t)
	secret, file := canary(t, "a secret of some length"), filepath.Join(t.TempDir(), "backup")
	if done := do(t, nil, "", "backup", file, "--secret-file", secret, "--redis", from.URL); done.status != 0 {
		t.Fatalf("backup: status %d, %s", done.status, done.err)
	}
	restore := []string{"restore", file, "--secret-file", secret, "--redis", to.URL}
	to.Permit("-getrange")
	if done := do(t, nil, "", restore...); done.status != 1 || strings.Contains(done.err, "purge") || !strings.Contains(done.err, "NOPERM") {
		t.Errorf("without GETRANGE: status %d, %s", done.status, done.err)
	}
	to.Permit("+getrange")
	to.Client(t).Set(t.Context(), "userlog:switches", "x", 0)
	if done := do(t, nil, "", restore...); done.status != 1 || !strings.Contains(done.err, "purge") {
		t.Errorf("switches that are none: status %d, %s", done.status, done.err)
	}
}

// A backup that somebody has changed, cut or made up is refused, and one never takes the place of a file.
func TestBackupThatIsNone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	secret, file := canary(t, "a secret of some length"), filepath.Join(t.TempDir(), "backup")
	backup := []string{"backup", file, "--secret-file", secret, "--redis", server.URL}
	if done := do(t, nil, "", backup...); done.status != 0 {
		t.Fatalf("status %d, %s", done.status, done.err)
	}
	if done := do(t, nil, "", backup...); done.status != 1 || !strings.Contains(done.err, "file exists") {
		t.Errorf("a file that is there: status %d, %s", done.status, done.err)
	}
	if done := do(t, nil, "", "backup", file+"2", "--secret-file", canary(t, "short"), "--redis", server.URL); done.status != 2 || !strings.Contains(done.err, "use 16 or more") {
		t.Errorf("a short secret: status %d, %s", done.status, done.err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for name, changed := range map[string]string{
		"changed":                  strings.Replace(string(text), `"made":"2`, `"made":"3`, 1),
		"cut":                      strings.Join(lines[:len(lines)-2], ""),
		"shortened":                lines[0] + strings.Join(lines[2:], ""),
		"longer":                   string(text) + `{"key":"accounts","hash":{"evil":"e30="}}` + "\n",
		"more beside its code":     strings.Replace(string(text), `{"code":`, `{"key":"accounts","hash":{"evil":"e30="},"code":`, 1),
		"switches beside its code": strings.Replace(string(text), `{"code":`, `{"switches":{"off":true},"code":`, 1),
		"empty":                    "",
		"no JSON":                  "hello\n",
	} {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		if _, err := io.WriteString(zip, changed); err != nil {
			t.Fatal(err)
		}
		zip.Close()
		other := filepath.Join(t.TempDir(), "backup")
		if err := os.WriteFile(other, packed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if done := do(t, nil, "", "restore", other, "--secret-file", secret, "--redis", server.URL, "--key-prefix", "new:"); done.status != 1 || !regexp.MustCompile("another secret|no backup").MatchString(done.err) {
			t.Errorf("%s: status %d, %s", name, done.status, done.err)
		}
	}
	for _, key := range keysOf(t, server.Client(t)) {
		if strings.HasPrefix(key, "new:") {
			t.Errorf("%s was written", key)
		}
	}
}

// All accounts of a large site are more than one line of a backup holds. A single one that is as long can't be one of ours: better no backup
// than one that can't be restored.
func TestBackupOfManyAccounts(t *testing.T) {
	t.Parallel()
	from, to := redistest.Start(t), redistest.Start(t)
	account := `{"role":"viewer","password":"` + strings.Repeat("x", 2_000) + `"}`
	pipe := from.Client(t).Pipeline()
	for n := range 3_000 {
		pipe.HSet(t.Context(), "userlog:accounts", fmt.Sprint("agent", n), account)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	secret, file := canary(t, "a secret of some length"), filepath.Join(t.TempDir(), "backup")
	if done := do(t, nil, "", "backup", file, "--secret-file", secret, "--redis", from.URL); done.status != 0 {
		t.Fatalf("backup: status %d, %s", done.status, done.err)
	}
	if done := do(t, nil, "", "restore", file, "--secret-file", secret, "--redis", to.URL); done.status != 0 {
		t.Fatalf("restore: status %d, %s", done.status, done.err)
	}
	if n, err := to.Client(t).HLen(t.Context(), "userlog:accounts").Result(); n != 3_000 || err != nil {
		t.Errorf("%d accounts are restored, %v", n, err)
	}
	if err := from.Client(t).HSet(t.Context(), "userlog:accounts", "endless", strings.Repeat("x", 4<<20)).Err(); err != nil {
		t.Fatal(err)
	}
	done := do(t, nil, "", "backup", file+"2", "--secret-file", secret, "--redis", from.URL)
	if _, err := os.Stat(file + "2"); done.status == 0 || !strings.Contains(done.err, "too long for a backup") || !os.IsNotExist(err) {
		t.Errorf("status %d, %s, %v", done.status, done.err, err)
	}
}
