package command

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// maxSecret is longer than any secret in a file. Tokens of cloud services have some kilobytes.
const maxSecret = 64 << 10

// secretFile is a secret in a file that something else may change, such as a vault's agent.
type secretFile struct {
	flag, name string
	log        *slog.Logger

	mu      sync.Mutex
	last    string
	failing bool // has been told
}

// openSecret reads the file that a flag names. Its errors are mistakes in the flag.
func openSecret(flag, name string, log *slog.Logger) (*secretFile, error) {
	secret, err := secretIn(flag, name)
	return &secretFile{flag: flag, name: name, log: log, last: secret}, err
}

// current is what the file says now. Where it can't be read, that is logged once, and what it said before stays in force.
func (f *secretFile) current() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	secret, err := secretIn(f.flag, f.name)
	if err != nil {
		if !f.failing {
			f.log.Warn("a secret can't be read again; the one before stays in force", "err", err)
		}
		f.failing = true
		return f.last
	}
	f.last, f.failing = secret, false
	return secret
}

// secretIn is the first line of the file that a flag names. Its errors don't repeat what is in the file.
func secretIn(flag, name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", usage("--%s: %w", flag, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret))
	if err != nil {
		return "", usage("--%s: %w", flag, err)
	}
	secret, _, _ := strings.Cut(string(content), "\n")
	if secret = strings.TrimSuffix(secret, "\r"); secret == "" {
		return "", usage("--%s %s: its first line is empty: write the secret there", flag, name)
	}
	return secret, nil
}
