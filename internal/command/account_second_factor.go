package command

import (
	"context"
	"fmt"
	"io"

	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// accountSecondFactorCommand is "userlog account second-factor".
type accountSecondFactorCommand struct {
	namedAccount `embed:""`
	Reset        bool `help:"Take the second factor and the recovery codes away from an owner who has lost them, and end the sessions and tokens of the account."`
}

// Run is called by kong.
func (c *accountSecondFactorCommand) Run(ctx context.Context, std streams) error {
	if !c.Reset {
		return c.withStore(ctx, func(logs *store.Store) error { return c.show(ctx, std.out, changesIn(logs)) })
	}
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) error { return changes.ResetFactors(ctx, by, c.Name) })
	if err == nil {
		fmt.Fprintf(std.out, "\"%s\" has no second factor any more, and its sessions and tokens have ended.\n", visible(c.Name))
	}
	return err
}

// show prints which second factors there are.
func (c *accountSecondFactorCommand) show(ctx context.Context, w io.Writer, all *accounts.Changes) error {
	account, err := all.Accounts.Get(ctx, c.Name)
	if err != nil {
		return explain(c.Name, err)
	}
	if !account.SecondFactor {
		fmt.Fprintf(w, "\"%s\" has no second factor.\n", visible(c.Name))
		return nil
	}
	return table(w, "SECOND FACTOR\tSINCE", func(row func(...any)) {
		if !account.AppSince.IsZero() {
			row("authenticator app", minute(account.AppSince))
		}
		if account.Passkeys > 0 {
			row(fmt.Sprintf("passkeys: %d", account.Passkeys), "")
		}
		row(fmt.Sprintf("recovery codes left: %d", account.RecoveryLeft), "")
	})
}
