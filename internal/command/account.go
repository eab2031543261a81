package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
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
	created := audit.Record{Action: audit.AccountCreated, Detail: string(auth.Superuser)}
	err := c.withPassword(ctx, std, created, func(accounts *auth.Accounts, password string) error {
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
	err := c.withPassword(ctx, std, audit.Record{Action: audit.PasswordSet}, func(accounts *auth.Accounts, password string) error {
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

// withPassword asks for a password, checks it, and has change apply it to the account, which is written
// to the audit log as r first. Besides what change says about the account, its errors are whole
// sentences.
func (f accountFlags) withPassword(
	ctx context.Context, std streams, r audit.Record,
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
	r.Actor, r.Subject, r.Via = operator(), f.Name, viaTerminal
	viewing := audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{MaxRecords: math.MaxInt64}) // nothing is removed here
	// The ping finds out whether the password of Redis is missing, which a long script tells less clearly.
	if err = logs.Ping(ctx); err == nil {
		err = recordChange(ctx, viewing, r, func() error {
			return change(auth.NewAccounts(logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}, auth.AccountOptions{}), password)
		})
	}
	switch {
	case err == nil || errors.Is(err, auth.ErrAccountExists) || errors.Is(err, auth.ErrNoAccount):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	}
	return redisFailure(logs.Address(), err)
}

// recordChange writes a change down and then makes it, so that none goes unrecorded. One that is
// refused after all leaves a second record, which says so.
func recordChange(ctx context.Context, log *audit.Log, r audit.Record, change func() error) error {
	if _, err := log.Append(ctx, r); err != nil {
		return err
	}
	err := change()
	if errors.Is(err, auth.ErrAccountExists) || errors.Is(err, auth.ErrNoAccount) {
		r.Detail = "refused: " + err.Error()
		if _, err := log.Append(ctx, r); err != nil {
			return err
		}
	}
	return err
}
