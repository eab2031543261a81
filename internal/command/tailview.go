package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// terminalView is somebody looking at a log in a terminal, for the audit log. The terminal has no
// accounts: whoever can read the Redis looks, under the name that the operating system knows.
type terminalView struct {
	viewings *audit.Viewings
	viewing  audit.Viewing
	begun    bool
}

// newTerminalView returns a view of username's log, "" for everyone's, that has not begun. Close it.
func newTerminalView(logs *store.Store, username, reason string) *terminalView {
	// How many records are kept is the admin's business: nothing is removed here.
	log := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{MaxRecords: math.MaxInt64})
	action := audit.Watch
	if username == "" {
		action = audit.WatchEveryone
	}
	return &terminalView{
		viewings: audit.NewViewings(log, slog.New(slog.DiscardHandler)), // what it would say, close says
		viewing:  audit.Viewing{Actor: operator(), Action: action, Subject: username, Via: viaTerminal, Reason: reason},
	}
}

// begin writes the view down, once. After an error nothing may be shown.
func (v *terminalView) begin(ctx context.Context) error {
	if v.begun {
		return nil
	}
	if _, err := v.viewings.Begin(ctx, v.viewing); err != nil {
		return fmt.Errorf("who looks at a log has to be written to the audit log: %w", err)
	}
	v.begun = true
	return nil
}

// close writes down that the view has ended, within a few seconds. Where that can't be done it is said
// on w, and is the end all the same: what was shown has been written down.
func (v *terminalView) close(w io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := v.viewings.Close(ctx); err != nil {
		fmt.Fprintf(w, "How long you have looked could not be written to the audit log (%v).\n", err)
	}
}
