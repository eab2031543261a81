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

// withPassword asks for a password, checks it, and has change apply it to the account.
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
	return change(auth.NewAccounts(logs.Client(), logs.Keys()), password)
}
