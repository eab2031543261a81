package command

import (
	"context"
	"fmt"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
)

// passwordHelp is what --help says of a password, besides the flags.
func passwordHelp() string {
	return fmt.Sprintf("The password is asked for. Where standard input is not a terminal, it is the first line of that. "+
		"It needs at least %d characters, may be any text of up to %d bytes, and must not be one of the most common passwords, nor made of the name of the account or of this program.", auth.MinPassword, auth.MaxPassword)
}

// accountPasswordCommand is "userlog account password", and its other name "userlog changepassword".
type accountPasswordCommand struct {
	namedAccount `embed:""`
}

// Help is called by kong.
func (accountPasswordCommand) Help() string { return passwordHelp() }

// Run is called by kong.
func (c *accountPasswordCommand) Run(ctx context.Context, std streams) error {
	err := c.changeWithPassword(ctx, std, func(changes *accounts.Changes, by audit.Actor, password string) error {
		_, err := changes.SetPassword(ctx, by, c.Name, password)
		return err
	})
	if err == nil {
		fmt.Fprintf(std.out, "The password of \"%s\" has been changed, and its sessions have ended.\n", visible(c.Name))
	}
	return err
}

// createSuperuserCommand is "userlog createsuperuser", the name that people know from Django for
// "userlog account create --role superuser --ask-password".
type createSuperuserCommand struct {
	namedAccount `embed:""`
}

// Help is called by kong.
func (createSuperuserCommand) Help() string { return passwordHelp() }

// Run is called by kong.
func (c *createSuperuserCommand) Run(ctx context.Context, std streams) error {
	return c.createWithPassword(ctx, std, auth.Superuser)
}

// createWithPassword asks for a password, and makes an account that has it.
func (f namedAccount) createWithPassword(ctx context.Context, std streams, role auth.Role) error {
	err := f.changeWithPassword(ctx, std, func(changes *accounts.Changes, by audit.Actor, password string) error {
		return changes.Create(ctx, by, f.Name, role, password)
	})
	if err == nil {
		fmt.Fprintf(std.out, "The %s \"%s\" has been created.\n", role, visible(f.Name))
	}
	return err
}

// changeWithPassword is change with a password, which is asked for.
func (f namedAccount) changeWithPassword(
	ctx context.Context, std streams, change func(changes *accounts.Changes, by audit.Actor, password string) error,
) error {
	var password string
	ask := func() (err error) {
		password, err = askPassword(ctx, std, f.Name)
		return err
	}
	return f.changeAfter(ctx, ask, func(changes *accounts.Changes, by audit.Actor) error { return change(changes, by, password) })
}
