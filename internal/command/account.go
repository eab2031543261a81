package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// accountCommand is "userlog account", which manages accounts.
type accountCommand struct {
	List     accountListCommand     `cmd:"" help:"List the accounts."`
	Create   accountCreateCommand   `cmd:"" help:"Create an account, and print the one-time link with which its owner sets a password."`
	Password accountPasswordCommand `cmd:"" help:"Give an account a new password, and end its sessions and tokens."`
	Disable  accountDisableCommand  `cmd:"" help:"Keep an account from being used, and end its sessions and tokens."`
	Enable   accountEnableCommand   `cmd:"" help:"Let a disabled account be used again."`
	Role     accountRoleCommand     `cmd:"" help:"Make an account a superuser or a viewer, and end its sessions and tokens."`
	Link     accountLinkCommand     `cmd:"" help:"Print a new one-time link with which the owner of an account sets a password."`
	Sessions accountSessionsCommand `cmd:"" help:"List the sessions of an account, or end them and its tokens."`
	Token    accountTokenCommand    `cmd:"" help:"Make a token with which a program reads logs, and print it."`

	SecondFactor accountSecondFactorCommand `cmd:"" help:"Show the second factors of an account, or take them away from an owner who has lost them."`
}

// namedAccount is part of every command about one account.
type namedAccount struct {
	Name       string `arg:"" help:"The name of the account."`
	redisFlags `embed:""`
}

// changesIn makes changes to the accounts in a store, and writes them to its audit log. The admin decides how
// many records are kept, so commands remove none.
func changesIn(logs *store.Store) *accounts.Changes {
	client, keys := logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}
	return &accounts.Changes{
		Accounts: auth.NewAccounts(client, keys, auth.AccountOptions{}),
		Sessions: auth.NewSessions(client, keys, auth.SessionOptions{}),
		Tokens:   auth.NewTokens(client, keys),
		Once:     auth.NewOnce(client, keys),
		Log:      auditLogIn(logs),
	}
}

// auditLogIn is the audit log in a store. It never removes a record.
func auditLogIn(logs *store.Store) *audit.Log {
	return audit.New(logs.Client(), audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{MaxRecords: math.MaxInt64})
}

// withStore opens the store that the flags name, and calls use with it. An error of use is an answerError, or
// else it is taken for a failure of Redis.
func (f redisFlags) withStore(ctx context.Context, use func(*store.Store) error) error {
	log := slog.New(slog.DiscardHandler) // failures are returned
	logs, err := f.openRedis(store.Options{Logger: log})
	if err != nil {
		return err
	}
	defer closeStore(context.Background(), logs, log)
	err = use(logs)
	switch answer := (answerError{}); {
	case err == nil || errors.As(err, &answer):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	}
	return redisFailure(logs.Address(), err)
}

// change makes a change to the account, in the name of the operating system's user.
func (f namedAccount) change(ctx context.Context, change func(c *accounts.Changes, by audit.Actor) error) error {
	return f.changeAfter(ctx, func() error { return nil }, change)
}

// changeAfter is change after a question to the person, whose answer may end it.
func (f namedAccount) changeAfter(ctx context.Context, ask func() error, change func(c *accounts.Changes, by audit.Actor) error) error {
	if err := auth.CheckName(f.Name); err != nil {
		return usage("%q: %w", f.Name, err)
	}
	return f.withStore(ctx, func(logs *store.Store) error {
		if err := ask(); err != nil {
			return answerError{err}
		}
		// Where the password of Redis is missing, a ping says so more clearly than a script.
		if err := logs.PingWrite(ctx); err != nil {
			return err
		}
		return explain(f.Name, change(changesIn(logs), operator()))
	})
}

// answerError is a whole sentence for the person at the terminal: the account's state, or what was typed,
// does not allow the change.
type answerError struct{ error }

func (a answerError) Unwrap() error { return a.error }

// explain turns an error of auth into a sentence that says what to do. Failures are returned as they are.
func explain(name string, err error) error {
	name = visible(name)
	for _, known := range []struct {
		err  error
		says string
	}{
		{auth.ErrNoAccount, `there is no account "` + name + `": userlog account list shows those that there are`},
		{auth.ErrAccountExists, `there is an account "` + name + `" already: give it a new link with userlog account link, or a new password with userlog account password`},
		{auth.ErrDisabled, `the account "` + name + `" is disabled: enable it first with userlog account enable`},
		{auth.ErrLastSuperuser, `"` + name + `" is the last superuser who can log in: make another one first with userlog account create --role superuser`},
		{auth.ErrNoFactor, `"` + name + `" has no second factor`},
		{auth.ErrLabel, "--label: " + auth.ErrLabel.Error()},
		{auth.ErrTokenLifetime, "--days: " + auth.ErrTokenLifetime.Error()},
		{auth.ErrTooManyTokens, auth.ErrTooManyTokens.Error() + ": the account's page in the admin lists them"},
	} {
		if errors.Is(err, known.err) {
			return answerError{errors.New(known.says)}
		}
	}
	return err
}

// minute writes a moment as the commands for accounts show it.
func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
