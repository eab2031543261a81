package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/store"
)

// accountFlags are what both commands for accounts take.
type accountFlags struct {
	Name       string `arg:"" help:"The name of the account."`
	redisFlags `embed:""`
}

// Help is asked by kong for what --help says besides the flags.
func (accountFlags) Help() string {
	return fmt.Sprintf("The password is asked for. Where standard input is not a terminal, it is the first line of that. "+
		"It needs at least %d characters, may be any text of up to %d bytes, and must not be one of the most common passwords.", auth.MinPassword, auth.MaxPassword)
}

// createSuperuserCommand is "userlog createsuperuser".
type createSuperuserCommand struct {
	accountFlags `embed:""`
}

// Run is called by kong.
func (c *createSuperuserCommand) Run(ctx context.Context, std streams) error {
	err := c.withPassword(ctx, std, func(accounts *auth.Accounts, password string) error {
		return accounts.Create(ctx, c.Name, auth.Superuser, password)
	})
	switch {
	case errors.Is(err, auth.ErrAccountExists):
		return fmt.Errorf("there is an account %q already: give it a new password with userlog changepassword", c.Name)
	case err != nil:
		return err
	}
	fmt.Fprintf(std.out, "The superuser %q has been created.\n", c.Name)
	return nil
}

// changePasswordCommand is "userlog changepassword".
type changePasswordCommand struct {
	accountFlags `embed:""`
}

// Run is called by kong.
func (c *changePasswordCommand) Run(ctx context.Context, std streams) error {
	err := c.withPassword(ctx, std, func(accounts *auth.Accounts, password string) error {
		_, err := accounts.SetPassword(ctx, c.Name, password)
		return err
	})
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		return fmt.Errorf("there is no account %q: create it with userlog createsuperuser", c.Name)
	case err != nil:
		return err
	}
	fmt.Fprintf(std.out, "The password of %q has been changed, and its sessions have ended.\n", c.Name)
	return nil
}

// withPassword asks for a password, checks it, and has change apply it to the account. Besides what
// change says about the account, its errors are whole sentences.
func (f accountFlags) withPassword(
	ctx context.Context, std streams,
	change func(accounts *auth.Accounts, password string) error,
) error {
	if err := auth.CheckName(f.Name); err != nil {
		return usage("%q: %w", f.Name, err)
	}
	log := slog.New(slog.DiscardHandler) // what goes wrong is returned
	logs, err := f.openRedis(store.Options{Logger: log})
	if err != nil {
		return err
	}
	defer closeStore(context.Background(), logs, log)
	password, err := askPassword(ctx, std)
	if err != nil {
		return err
	}
	err = change(auth.NewAccounts(logs.Client(), logs.Keys()), password)
	switch {
	case err == nil || errors.Is(err, auth.ErrAccountExists) || errors.Is(err, auth.ErrNoAccount):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	}
	return redisFailure(logs.Address(), err)
}
