package command

import (
	"context"
	"fmt"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
)

// accountDisableCommand is "userlog account disable".
type accountDisableCommand struct {
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountDisableCommand) Run(ctx context.Context, std streams) error {
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) error { return changes.Disable(ctx, by, c.Name) })
	if err == nil {
		fmt.Fprintf(std.out, "The account \"%s\" has been disabled, and its sessions and tokens have ended.\n", visible(c.Name))
	}
	return err
}

// accountEnableCommand is "userlog account enable".
type accountEnableCommand struct {
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountEnableCommand) Run(ctx context.Context, std streams) error {
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) error { return changes.Enable(ctx, by, c.Name) })
	if err == nil {
		fmt.Fprintf(std.out, "The account \"%s\" can be used again.\n", visible(c.Name))
	}
	return err
}

// accountRoleCommand is "userlog account role".
type accountRoleCommand struct {
	namedAccount `embed:""`
	Role         auth.Role `arg:"" enum:"superuser,viewer" help:"The new role: superuser or viewer."`
}

// Run is called by kong.
func (c *accountRoleCommand) Run(ctx context.Context, std streams) error {
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) error { return changes.SetRole(ctx, by, c.Name, c.Role) })
	if err == nil {
		fmt.Fprintf(std.out, "The account \"%s\" is a %s now.\n", visible(c.Name), c.Role)
	}
	return err
}
