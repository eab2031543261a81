package command

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/gin-userlog/userlog/internal/audit"
)

// auditKeyCommand is "userlog audit key".
type auditKeyCommand struct {
	File string `arg:"" help:"The file of the key. It is made, readable by its owner only, unless it is there."`
}

// Run is called by kong.
func (c *auditKeyCommand) Run(std streams) error {
	key, err := c.key()
	if err == nil {
		fmt.Fprintln(std.out, key.Public())
	}
	return err
}

// key makes the key or, where there is one, reads it.
func (c *auditKeyCommand) key() (audit.SigningKey, error) {
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return signingKeyIn(c.File)
	}
	if err != nil {
		return audit.SigningKey{}, answerError{fmt.Errorf("make a key: %w", err)}
	}
	key := audit.NewSigningKey()
	_, err = fmt.Fprintln(file, key.Secret())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return audit.SigningKey{}, answerError{fmt.Errorf("make a key: %w", errors.Join(err, os.Remove(c.File)))}
	}
	return key, nil
}

// signingKeyIn reads a key that is there.
func signingKeyIn(name string) (audit.SigningKey, error) {
	text, err := secretIn("audit-key-file", name)
	if err != nil {
		return audit.SigningKey{}, err
	}
	key, err := audit.ParseSigningKey(text)
	if err != nil {
		return audit.SigningKey{}, usage("%s: %w", visible(name), err)
	}
	return key, nil
}

// signingFile is the key in a file that something else may change.
type signingFile struct {
	file *secretFile
	log  *slog.Logger

	mu   sync.Mutex
	text string // as it was read last
	key  audit.SigningKey
}

// openKey returns the function that says by which key copies are signed, nil for none.
func (f auditCopyFlags) openKey(log *slog.Logger) (func() audit.SigningKey, error) {
	if f.AuditKeyFile == "" {
		return nil, nil
	}
	if f.AuditFile == "" && f.AuditSyslog == "" {
		return nil, usage("--audit-key-file signs copies of the audit log, and there is none: use --audit-file or --audit-syslog, too")
	}
	key, err := signingKeyIn(f.AuditKeyFile)
	if err != nil {
		return nil, err
	}
	file, err := openSecret("audit-key-file", f.AuditKeyFile, log)
	if err != nil {
		return nil, err
	}
	signing := &signingFile{file: file, log: log, text: key.Secret(), key: key}
	return signing.current, nil
}

// current is the key that the file has now. Where it has none, that is logged, and the one before stays in force.
func (f *signingFile) current() audit.SigningKey {
	text := strings.TrimSpace(f.file.current())
	f.mu.Lock()
	defer f.mu.Unlock()
	if text == f.text {
		return f.key
	}
	f.text = text
	key, err := audit.ParseSigningKey(text)
	if err != nil {
		f.log.Warn("the key of the audit log can't be read again; the one before stays in force", "file", f.file.name, "err", err)
		return f.key
	}
	f.log.Info("copies of the audit log are signed by another key", "file", f.file.name, "public", key.Public().String())
	f.key = key
	return key
}

// publicKeys reads a file of public keys, one a line.
func publicKeys(name string) (keys []audit.PublicKey, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, usage("--public-key: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		key, err := audit.ParsePublicKey(lines.Text())
		if err != nil {
			return nil, usage("--public-key %s: %w", visible(name), err)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil {
		return nil, usage("--public-key: %w", err)
	}
	if len(keys) == 0 {
		return nil, usage("--public-key %s: there is no key in it: userlog audit key prints one", visible(name))
	}
	return keys, nil
}
