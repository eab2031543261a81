package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/internal/backup"
	"github.com/gin-userlog/userlog/store"
)

// minBackupSecret is how many bytes a secret has at least that guards backups.
const minBackupSecret = 16

// backupFlags name a file and its secret.
type backupFlags struct {
	File       string `arg:"" help:"The file of the backup."`
	SecretFile string `required:"" placeholder:"FILE" help:"The file whose first line is the secret that guards the backup: whoever does not have it can't change the backup. At least 16 bytes; keep it apart from the backup."`
	redisFlags `embed:""`
}

func (f backupFlags) secret() (string, error) {
	secret, err := secretIn("secret-file", f.SecretFile)
	if err == nil && len(secret) < minBackupSecret {
		err = usage("--secret-file %s: the secret has %d bytes: use %d or more", f.SecretFile, len(secret), minBackupSecret)
	}
	return secret, err
}

// backupCommand is "userlog backup".
type backupCommand struct {
	backupFlags `embed:""`
}

// Run is called by kong.
func (c *backupCommand) Run(ctx context.Context, std streams) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		if err := logs.PingWrite(ctx); err != nil {
			return err
		}
		file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return answerError{fmt.Errorf("write the backup: %w", err)}
		}
		// It has the hashes of passwords, so the audit log says who has made it.
		if _, err = auditLogIn(logs).Append(ctx, operator().Record(audit.BackupMade, "")); err != nil {
			return errors.Join(err, file.Close(), os.Remove(c.File))
		}
		records, err := backup.Write(ctx, file, logs, secret)
		if err == nil {
			err = file.Sync()
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, os.Remove(c.File))
		}
		fmt.Fprintf(std.out, "The accounts, the switches and %d records of the audit log are in %s. It has the hashes of passwords.\n", records, visible(c.File))
		return nil
	})
}

// restoreCommand is "userlog restore".
type restoreCommand struct {
	backupFlags `embed:""`
}

// Run is called by kong.
func (c *restoreCommand) Run(ctx context.Context, std streams) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	content, err := os.Open(c.File)
	if err != nil {
		return usage("%w", err)
	}
	defer content.Close()
	file, err := backup.Open(content, secret)
	if err != nil {
		return fmt.Errorf("%s: %w", visible(c.File), err)
	}
	return c.withStore(ctx, func(logs *store.Store) error { return restore(ctx, std.out, logs, file) })
}

// restore restores a file, and verifies the audit log.
func restore(ctx context.Context, w io.Writer, logs *store.Store, file *backup.File) error {
	if err := logs.PingWrite(ctx); err != nil {
		return err
	}
	withoutCodes, err := file.Restore(ctx, logs)
	switch {
	case errors.Is(err, backup.ErrNotEmpty):
		return answerError{fmt.Errorf("%w: nothing has been restored; use an empty --key-prefix, or userlog purge --everything first", err)}
	case err != nil:
		return err
	}
	report, err := auditLogIn(logs).Verify(ctx, audit.Checkpoint{})
	if err != nil {
		return err
	}
	if !report.OK() {
		return answerError{fmt.Errorf("everything has been restored, but the audit log in the backup is broken: %s", report.Broken)}
	}
	made := file.Made.Format(time.RFC3339)
	record := operator().Record(audit.BackupRestored, "")
	record.Detail = made
	if _, err := auditLogIn(logs).Append(ctx, record); err != nil {
		return err
	}
	fmt.Fprintf(w, "Restored the backup of %s: the audit log is whole, with %d records and %d attempts. People have to log in again, and programs need new tokens.\n", made, report.Records, report.Attempts)
	tellRestored(w, withoutCodes)
	return nil
}

// tellRestored says what a restored backup has brought back, and what it has not.
func tellRestored(w io.Writer, withoutCodes []string) {
	fmt.Fprintln(w, "Accounts are as they were then. Whoever was disabled, or lost a role, a passkey or an app since, has it again, and passwords are the old ones: look through userlog account list before you let people in.")
	if len(withoutCodes) == 0 {
		return
	}
	names := make([]string, len(withoutCodes))
	for i, name := range withoutCodes {
		names[i] = visible(name)
	}
	fmt.Fprintf(w, "Recovery codes may have been used since, so these accounts have none, and make new ones: %s.\n", strings.Join(names, ", "))
}
