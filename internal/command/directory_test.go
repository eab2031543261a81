package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongDirectoriesAreNamed(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"--directory-url: use an address": {"--directory-url", "shop.example.com"},
		"no use without --directory-url":  {"--fact-host", "crm.example.com"},
		"its first line is empty":         {"--directory-url", "https://shop.example.com/people", "--directory-secret-file", empty},
		"--directory-secret-file: open":   {"--directory-url", "https://shop.example.com/people", "--directory-secret-file", empty + "-not"},
		"fact host":                       {"--directory-url", "https://shop.example.com/people", "--fact-host", "https://crm.example.com/"},
	} {
		if r := do(t, nil, "", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...); r.status != 2 || !strings.Contains(r.err, want) {
			t.Errorf("%v: status %d, %q, want %q", args, r.status, r.err, want)
		}
	}
}
