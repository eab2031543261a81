package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// purgeCommand is "userlog purge".
type purgeCommand struct {
	Logs       bool `xor:"what" required:"" help:"Delete the logs of all users, and who was there. Accounts, the audit log and switches stay."`
	Everything bool `xor:"what" required:"" help:"Delete every key behind --key-prefix: accounts, sessions, the audit log and switches, too."`
	Yes        bool `help:"Don't ask."`
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *purgeCommand) Run(ctx context.Context, std streams) error {
	if c.KeyPrefix == "" {
		return usage("without a --key-prefix, keys of userlog can't be told from those of others: delete them by hand")
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		if err := logs.PingWrite(ctx); err != nil {
			return err
		}
		if err := c.confirm(ctx, std, logs); err != nil {
			return answerError{err}
		}
		deleted, err := c.delete(ctx, logs)
		switch {
		case errors.Is(err, store.ErrPrefix):
			return answerError{fmt.Errorf("nothing has been deleted: %w; give each site a prefix that begins with none of the others", plain(err))}
		case store.FaultOf(err) == "not-permitted":
			return answerError{errors.New("this user of Redis may not look at all keys: use one who may, with the commands SCAN and UNLINK")}
		case err != nil:
			return err
		}
		fmt.Fprintf(std.out, "Deleted %d keys behind %s.\n", deleted, visible(c.KeyPrefix))
		return nil
	})
}

// confirm has the person say yes, on standard input.
func (c *purgeCommand) confirm(ctx context.Context, std streams, logs *store.Store) error {
	if c.Yes {
		return nil
	}
	what := "the logs of all users"
	if c.Everything {
		what = "everything that userlog keeps: logs, accounts, the audit log and switches"
	}
	fmt.Fprintf(std.err, "This deletes %s behind %s in Redis at %s. Type yes to go on: ", what, visible(c.KeyPrefix), visible(logs.Address()))
	answer, err := interruptible(ctx, func() (string, error) { return firstLine(std.in) })
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing has been deleted")
	}
	return nil
}

// delete writes down what is deleted, where the audit log stays, and deletes it.
func (c *purgeCommand) delete(ctx context.Context, logs *store.Store) (int, error) {
	if c.Everything {
		return logs.DeleteEverything(ctx)
	}
	if _, err := auditLogIn(logs).Append(ctx, operator().Record(audit.LogsDeleted, "")); err != nil {
		return 0, err
	}
	return logs.DeleteLogs(ctx)
}
