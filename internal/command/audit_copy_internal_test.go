//go:build unix

package command

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The file of the copy is moved away, as logrotate does, while two processes write.
func TestAuditFileFollowsItsName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	first, err := openAuditFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := openAuditFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	write := func() {
		var wg sync.WaitGroup
		for _, f := range []*auditFile{first, second} {
			wg.Go(func() {
				for range 50 {
					if _, err := f.Write([]byte(strings.Repeat("x", 1000) + "\n")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	write()
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write()
	for _, name := range []string{path, path + ".1"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), strings.Repeat("x", 1000)+"\n"); n != 100 || len(text) != 100*1001 {
			t.Errorf("%s has %d whole lines in %d bytes", filepath.Base(name), n, len(text))
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestAddressesOfSyslogs(t *testing.T) {
	t.Parallel()
	for address, right := range map[string]bool{
		"local": true, "udp://log:514": true, "tcp://[::1]:601": true, "": false, "log:514": false, "tls://log:6514": false, "udp://log": false, "udp://": false,
	} {
		if _, _, err := parseSyslog(address); (err == nil) != right {
			t.Errorf("%q: %v", address, err)
		}
	}
}
