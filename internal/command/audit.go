package command

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// auditCommand is "userlog audit": the audit log, for its auditors.
type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that no record of the audit log was altered, removed or inserted."`
	Export auditExportCommand `cmd:"" help:"Write the audit log to standard output, oldest first. That is recorded in it."`
	Key    auditKeyCommand    `cmd:"" help:"Print the public key of the key that signs copies of the audit log, which is made where there is none yet."`
}

// operator is the person who uses the terminal, by the name that the operating system knows: "" where it
// knows none.
func operator() audit.Actor { return audit.Actor{Name: operatorName(), Via: string(auth.ViaTerminal)} }

func operatorName() string {
	who, err := user.Current()
	if err != nil {
		return ""
	}
	return who.Username
}

// auditVerifyCommand is "userlog audit verify".
type auditVerifyCommand struct {
	Since      string   `placeholder:"SEQ:HASH" help:"A checkpoint that an earlier verification has printed: its record must still be there."`
	Copy       []string `placeholder:"FILE" help:"A file to which serve has copied the audit log, or a file of a syslog: each of its records must be there unchanged. Repeat it for more, also for older files."`
	PublicKey  string   `placeholder:"FILE" help:"A file with public keys, as userlog audit key prints them, one a line: each line of the copies must be signed by one of them."`
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *auditVerifyCommand) Run(ctx context.Context, std streams) error {
	var since audit.Checkpoint
	if c.Since != "" {
		var err error
		if since, err = audit.ParseCheckpoint(c.Since); err != nil {
			return usage("--since: %q: %w", c.Since, err)
		}
	}
	copied, err := c.readCopies()
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		report, err := auditLogIn(logs).Verify(ctx, since)
		if err != nil {
			return err
		}
		if len(c.Copy) > 0 {
			compared, err := auditLogIn(logs).Compare(ctx, copied)
			if err != nil {
				return err
			}
			if err := tellComparison(std, copied, compared); err != nil {
				return err
			}
			if c.PublicKey != "" {
				fmt.Fprintln(std.out, "Each line of the copy is signed, and none is missing between others.")
			}
		}
		if report.OK() && report.First <= 1 {
			if err := wantBeginning(ctx, logs, report); err != nil {
				return err
			}
		}
		return tellReport(std, report, since)
	})
}

// wantBeginning is for an audit log that is empty or begins with record 1. It looks for signs that there was another one before: somebody
// may have removed all of that, or Redis may have dropped it to save memory.
func wantBeginning(ctx context.Context, logs *store.Store, report audit.Report) error {
	unrecorded, err := unrecordedAccounts(ctx, logs)
	switch {
	case err != nil:
		return err
	case len(unrecorded) > 0 && report.Records == 0:
		return answerError{brokenError(fmt.Sprintf("It is empty, but there is the account %s, whose creation was recorded: all records were removed, or dropped by Redis.", visible(unrecorded[0])))}
	case len(unrecorded) > 0:
		return answerError{brokenError(fmt.Sprintf("It begins anew: the creation of the account %s was recorded before record 1. All records until then were removed, or dropped by Redis.", visible(unrecorded[0])))}
	case report.Records > 0:
		return nil
	}
	dropped, err := droppedKeys(ctx, logs.Client())
	switch {
	case dropped > 0:
		return answerError{brokenError(fmt.Sprintf("It is empty, and Redis has dropped %d keys to save memory since it started: it can't be told whether the log was among them. Set maxmemory-policy noeviction.", dropped))}
	case err != nil:
		return answerError{fmt.Errorf("the audit log is empty, and it can't be told whether Redis has dropped it to save memory: %w", redisFailure(logs.Address(), err))}
	}
	return nil
}

// unrecordedAccounts are those whose creation is not in the audit log. A log from record 1 on has the creation of each.
func unrecordedAccounts(ctx context.Context, logs *store.Store) ([]string, error) {
	all, err := changesIn(logs).Accounts.List(ctx) // before the log is read: an account is recorded before it is made
	if err != nil {
		return nil, err
	}
	created := make(map[string]bool)
	for r, err := range auditLogIn(logs).All(ctx, audit.Filter{Action: audit.AccountCreated}) {
		if err != nil {
			return nil, err
		}
		created[r.Subject] = true
	}
	var missing []string
	for _, a := range all {
		if !created[a.Name] {
			missing = append(missing, a.Name)
		}
	}
	return missing, nil
}

// droppedKeys is how many keys the servers have dropped to save memory since they started. Where one does not answer, that is not known.
func droppedKeys(ctx context.Context, client redis.UniversalClient) (int64, error) {
	var dropped atomic.Int64
	count := func(ctx context.Context, c redis.Cmdable) error {
		stats, err := c.Info(ctx, "stats").Result()
		for line := range strings.Lines(stats) {
			if number, found := strings.CutPrefix(strings.TrimSpace(line), "evicted_keys:"); found {
				n, _ := strconv.ParseInt(number, 10, 64) // Redis writes numbers
				dropped.Add(n)
			}
		}
		return err
	}
	if cluster, ok := client.(*redis.ClusterClient); ok {
		err := cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return count(ctx, master) })
		return dropped.Load(), err
	}
	err := count(ctx, client)
	return dropped.Load(), err
}

// tellReport says what was found. A broken log is an error, and so is a checkpoint that proves nothing.
func tellReport(std streams, report audit.Report, since audit.Checkpoint) error {
	switch {
	case report.Breaks == 1:
		return brokenError(report.Broken)
	case report.Breaks > 1:
		return brokenError(fmt.Sprintf("%s That is the first of %d places where it is broken.", report.Broken, report.Breaks))
	case report.Records == 0 && report.Attempts == 0:
		fmt.Fprintln(std.out, "The audit log is empty.")
		return nil
	}
	fmt.Fprintf(std.out, "The audit log is whole: %d records, from %s to %s, and %d failed attempts.\n",
		report.Records, report.FirstTime.Format(timeInReport), report.LastTime.Format(timeInReport), report.Attempts)
	fmt.Fprintf(std.out, "Keep this checkpoint where nobody who can write to Redis can change it, and give it to --since next time:\n%s\n", report.Checkpoint)
	if report.SinceTooOld || report.AttemptTooOld {
		return tooOldError(report, since)
	}
	return nil
}

// tooOldError says which half of a checkpoint is too old. Attempts are pushed out sooner than records, and by anybody.
func tooOldError(report audit.Report, since audit.Checkpoint) error {
	noun, seq, kept := "record", since.Seq, report.Records
	if !report.SinceTooOld {
		noun, seq, kept = "attempt", since.Attempt.Seq, report.Attempts
	}
	return fmt.Errorf("%s %d, which --since names, is no longer kept, so that it proves nothing: keep the newer checkpoint, and verify again before %d more %ss are written",
		noun, seq, kept, noun)
}

// tellComparison says how the log and its copies differ.
func tellComparison(std streams, copied audit.Copied, compared audit.Comparison) error {
	if copied.Records == 0 && compared.Breaks == 0 {
		return errors.New("the copy has no records, so that it proves nothing: name the file that serve --audit-file writes")
	}
	if copied.Unreadable > 0 {
		fmt.Fprintf(std.out, "%d lines of the copy are no whole records: they were cut off, or are somebody else's.\n", copied.Unreadable)
	}
	if r := compared.FirstNotCopied; compared.NotCopied > 0 {
		fmt.Fprintf(std.out, "%d records are in the log, and not in the copy: programs without --audit-file have written them, such as commands in a terminal, or somebody else has. The first is record %d, %s of %s.\n",
			compared.NotCopied, r.Seq, r.Action, visible(r.Actor))
	}
	switch {
	case compared.Breaks == 1:
		return brokenError(compared.Broken)
	case compared.Breaks > 1:
		return brokenError(fmt.Sprintf("%s That is the first of %d places where log and copy differ.", compared.Broken, compared.Breaks))
	case compared.Same == 0:
		return fmt.Errorf("none of the %d records of the copy is in the log any more, so that it proves nothing: name the newest copy, and compare again before as many are written", copied.Records)
	}
	fmt.Fprintf(std.out, "The log has all %d records of the copy that it still keeps, unchanged. The copy has %d.\n", compared.Same, copied.Records)
	return nil
}

// timeInReport is how the report shows times, which are in UTC.
const timeInReport = "2006-01-02 15:04:05 MST"

// brokenError is that the audit log was tampered with, as a sentence.
type brokenError string

func (e brokenError) Error() string { return "the audit log is broken. " + string(e) }

// auditExportCommand is "userlog audit export".
type auditExportCommand struct {
	Format     string `default:"csv" enum:"csv,json" help:"csv, or json for one object a line."`
	From       string `placeholder:"TIME" help:"Begin with this day, such as 2026-12-31, or time, such as 2026-12-31T23:59:00Z."`
	To         string `placeholder:"TIME" help:"End with this day, or before this time."`
	Actor      string `help:"Only what this account did."`
	Subject    string `help:"Only what was done to this user or account."`
	Action     string `help:"Only this action, such as view."`
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *auditExportCommand) Run(ctx context.Context, std streams) error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	write := audit.WriteCSV
	if c.Format == "json" {
		write = audit.WriteJSON
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		log := auditLogIn(logs)
		exported := operator().Record(audit.AuditExported, c.Subject)
		exported.Detail = c.Format
		if _, err := log.Append(ctx, exported); err != nil {
			return err
		}
		return write(std.out, log.All(ctx, filter))
	})
}

// filter reads the flags.
func (c *auditExportCommand) filter() (audit.Filter, error) {
	from, err := audit.ParseFrom(c.From)
	if err != nil {
		return audit.Filter{}, usage("--from: %q: %w", c.From, err)
	}
	to, err := audit.ParseTo(c.To)
	if err != nil {
		return audit.Filter{}, usage("--to: %q: %w", c.To, err)
	}
	action := audit.Action(c.Action)
	if action != "" && !slices.Contains(audit.Actions(), action) {
		return audit.Filter{}, usage("--action: there is no action %q: use one of %v", c.Action, audit.Actions())
	}
	return audit.Filter{Actor: c.Actor, Subject: c.Subject, Action: action, From: from, To: to}, nil
}
