package access

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// appendTimeout is how long counting and writing may take together.
const appendTimeout = 2 * time.Second

// limitedLog writes records to the audit log, as long as the account's allowance lasts. The end of a viewing
// is always written, because the beginning was counted for both.
type limitedLog struct {
	log       audit.Appender
	allowance Allowance
}

// Append writes a record, or returns a tooMuchError and writes nothing.
func (l limitedLog) Append(ctx context.Context, r audit.Record) (audit.Record, error) {
	if r.Action == audit.ViewEnded {
		return l.log.Append(ctx, r)
	}
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	if err := spend(ctx, l.allowance, r.Actor, auth.Via(r.Via)); err != nil {
		return audit.Record{}, err
	}
	return l.log.Append(ctx, r)
}

// spend counts an action that is going to be recorded. After an error, such as a tooMuchError, the action
// must not happen.
func spend(ctx context.Context, allowance Allowance, account string, via auth.Via) error {
	wait, err := allowance.Take(ctx, account, via)
	if err == nil && wait > 0 {
		return tooMuchError{wait}
	}
	return err
}

// tooMuchError says that an account has used up its allowance.
type tooMuchError struct{ wait time.Duration }

func (e tooMuchError) Error() string {
	return fmt.Sprintf("the account has too much recorded: it has to wait %s", e.wait)
}
