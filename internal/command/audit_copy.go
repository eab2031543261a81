package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/gin-userlog/userlog/internal/audit"
)

// auditCopyFlags say where the audit log is copied to.
type auditCopyFlags struct {
	AuditFile   string `placeholder:"FILE" help:"A file to which each record of the audit log is appended that this program writes. It is opened again when it was moved away."`
	AuditSyslog string `placeholder:"ADDRESS" help:"A syslog to which each record is sent: local, udp://host:514 or tcp://host:601."`

	AuditKeyFile string `credential:"audit-key" placeholder:"FILE" help:"The file of the key by which the lines of both are signed, as userlog audit key makes it. It is read again when it changes."`
}

// auditCopies are the copies that a program writes.
type auditCopies []*audit.Copy

// open opens the copies. A place that can't be written now is a mistake in the flags.
func (f auditCopyFlags) open(log *slog.Logger) (auditCopies, error) {
	key, err := f.openKey(log)
	if err != nil {
		return nil, err
	}
	var copies auditCopies
	if f.AuditFile != "" {
		file, err := openAuditFile(f.AuditFile)
		if err != nil {
			return nil, usage("--audit-file: %w", err)
		}
		copies = append(copies, audit.NewCopy(f.AuditFile, file, key, log))
	}
	if f.AuditSyslog != "" {
		syslog, err := openSyslog(f.AuditSyslog)
		if err != nil {
			copies.close(context.Background(), log)
			return nil, usage("--audit-syslog: %w", err)
		}
		copies = append(copies, audit.NewCopy("syslog "+f.AuditSyslog, syslog, key, log))
	}
	return copies, nil
}

// add adds a record to all copies.
func (c auditCopies) add(line []byte) {
	for _, one := range c {
		one.Add(line)
	}
}

// option is what the admin calls with each record, nil where there is no copy.
func (c auditCopies) option() func([]byte) {
	if len(c) == 0 {
		return nil
	}
	return c.add
}

// close writes what waits until ctx ends.
func (c auditCopies) close(ctx context.Context, log *slog.Logger) {
	for _, one := range c {
		if lost := one.Close(ctx); lost > 0 {
			log.Error("a copy of the audit log lacks records", "records", lost)
		}
	}
}

// auditFile is a file that lines are appended to. Several processes of a machine may append to one: each line is one write.
type auditFile struct {
	path string

	mu     sync.Mutex
	file   *os.File
	broken bool // a line is there in part
}

func openAuditFile(path string) (*auditFile, error) {
	f := &auditFile{path: path}
	return f, f.reopen()
}

// reopen opens the file for appending only. Nobody else may read it: records name users.
func (f *auditFile) reopen() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the copy of the audit log: %w", err)
	}
	if f.file != nil {
		f.file.Close()
	}
	f.file = file
	return nil
}

// moved reports whether another file, or none, is at the path by now, as after a rotation.
func (f *auditFile) moved() bool {
	there, err := os.Stat(f.path)
	open, openErr := f.file.Stat()
	return errors.Is(err, fs.ErrNotExist) || err == nil && openErr == nil && !os.SameFile(there, open)
}

// Write appends a line.
func (f *auditFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.moved() {
		if err := f.reopen(); err != nil {
			return 0, err
		}
		f.broken = false
	}
	if f.broken { // what is there of a line must not spoil the next one
		line = append([]byte{'\n'}, line...)
	}
	n, err := f.file.Write(line)
	if err == nil {
		if err = f.file.Sync(); errors.Is(err, syscall.EINVAL) { // a pipe, which has nothing to sync
			err = nil
		}
		f.broken = false
		return n, err
	}
	f.broken = f.broken || n > 0
	return n, err
}

// Close closes the file.
func (f *auditFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

// parseSyslog splits the address of a syslog.
func parseSyslog(address string) (network, host string, err error) {
	if address == "local" {
		return "", "", nil
	}
	network, host, found := strings.Cut(address, "://")
	if !found || network != "udp" && network != "tcp" || host == "" || !strings.Contains(host, ":") {
		return "", "", fmt.Errorf("%q: use local, udp://host:514 or tcp://host:601", address)
	}
	return network, host, nil
}

// readCopies reads the copies of the audit log that the flags name, and the keys that have to have signed them.
func (c *auditVerifyCommand) readCopies() (copied audit.Copied, err error) {
	if c.PublicKey != "" {
		if len(c.Copy) == 0 {
			return copied, usage("--public-key is of no use without --copy: name the file that serve --audit-file writes")
		}
		keys, err := publicKeys(c.PublicKey)
		if err != nil {
			return copied, err
		}
		copied = audit.SignedBy(keys)
	}
	for _, path := range c.Copy {
		file, err := os.Open(path)
		if err != nil {
			return copied, usage("--copy: %w", err)
		}
		err = copied.Add(file)
		file.Close()
		if err != nil {
			return copied, err
		}
	}
	return copied, nil
}
