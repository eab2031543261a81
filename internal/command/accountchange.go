package command

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// accountDisableCommand is "userlog account disable".
type accountDisableCommand struct {
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountDisableCommand) Run(ctx context.Context, std streams) error {
	return c.change(ctx, audit.Record{Action: audit.AccountDisabled}, func(ctx context.Context, d directory) error {
		if err := d.accounts.Disable(ctx, c.Name); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "The account \"%s\" has been disabled, and its sessions and tokens have ended.\n", visible(c.Name))
		return nil
	})
}

// accountEnableCommand is "userlog account enable".
type accountEnableCommand struct {
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountEnableCommand) Run(ctx context.Context, std streams) error {
	return c.change(ctx, audit.Record{Action: audit.AccountEnabled}, func(ctx context.Context, d directory) error {
		if err := d.accounts.Enable(ctx, c.Name); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "The account \"%s\" can be used again.\n", visible(c.Name))
		return nil
	})
}

// accountRoleCommand is "userlog account role".
type accountRoleCommand struct {
	namedAccount `embed:""`
	Role         auth.Role `arg:"" enum:"superuser,viewer" help:"The new role: superuser or viewer."`
}

// Run is called by kong.
func (c *accountRoleCommand) Run(ctx context.Context, std streams) error {
	r := audit.Record{Action: audit.RoleChanged, Detail: string(c.Role)}
	return c.change(ctx, r, func(ctx context.Context, d directory) error {
		if err := d.accounts.SetRole(ctx, c.Name, c.Role); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "The account \"%s\" is a %s now.\n", visible(c.Name), c.Role)
		return nil
	})
}

// maxTokenDays is how long a token works at most.
const maxTokenDays = int(auth.MaxTokenLifetime / (24 * time.Hour))

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func untilDays(n int) string { return minute(time.Now().Add(days(n))) }

// minute writes a moment as the commands for accounts show it.
func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
