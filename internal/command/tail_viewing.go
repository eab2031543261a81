package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/access"
	"github.com/gin-userlog/userlog/store"
)

// terminalViewing is a viewing in a terminal, for the audit log. The terminal has no
// accounts: anyone who can read the Redis looks, under the name that the operating system knows.
type terminalViewing struct {
	gate *access.Gate
	look access.Look

	mu    sync.Mutex
	begun bool
}

// newTerminalViewing returns a viewing of username's log, "" for everyone's, that has not begun. Close it.
func newTerminalViewing(logs *store.Store, username, reason string) *terminalViewing {
	return &terminalViewing{
		gate: access.NewGate(access.Options{
			Log: auditLogIn(logs), Terminal: true,
			Logger: slog.New(slog.DiscardHandler), // it would say what close says
		}),
		look: access.Look{
			Access:   auth.Access{Account: operatorName(), Via: auth.ViaTerminal},
			Username: username, Reason: reason,
		},
	}
}

// begin asks the gate once, which writes the viewing down. After an error nothing may be shown. It may be called from several goroutines.
func (v *terminalViewing) begin(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.begun {
		return nil
	}
	if answer := v.gate.Watch(ctx, v.look); answer.Decision != access.Allowed {
		return fmt.Errorf("a look at a log has to be written to the audit log: %w", answer.Err)
	}
	v.begun = true
	return nil
}

// close writes down that the viewing has ended, within a few seconds. Where that fails it says so on w, and
// ends all the same: the beginning has been written down.
func (v *terminalViewing) close(w io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := v.gate.Close(ctx); err != nil {
		fmt.Fprintf(w, "How long you have looked could not be written to the audit log (%v).\n", err)
	}
}
