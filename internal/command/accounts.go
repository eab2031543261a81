package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// accountCommand is "userlog account": who may use the admin.
type accountCommand struct {
	List     accountListCommand     `cmd:"" help:"List the accounts."`
	Create   accountCreateCommand   `cmd:"" help:"Create an account, and print the one-time link with which its owner sets a password."`
	Disable  accountDisableCommand  `cmd:"" help:"Keep an account from being used, and end its sessions and tokens."`
	Enable   accountEnableCommand   `cmd:"" help:"Let a disabled account be used again."`
	Role     accountRoleCommand     `cmd:"" help:"Make an account a superuser or a viewer, and end its sessions and tokens."`
	Link     accountLinkCommand     `cmd:"" help:"Print a new one-time link with which the owner of an account sets a password."`
	Sessions accountSessionsCommand `cmd:"" help:"List the sessions of an account, or end them and its tokens."`
	Token    accountTokenCommand    `cmd:"" help:"Make a token with which a program reads logs, and print it."`
}

// namedAccount is what commands take that are about one account.
type namedAccount struct {
	Name       string `arg:"" help:"The name of the account."`
	redisFlags `embed:""`
}

// directory is everything about accounts in one Redis.
type directory struct {
	accounts *auth.Accounts
	sessions *auth.Sessions
	tokens   *auth.Tokens
	log      *audit.Log
}

// withAccounts has use work on the accounts.
func (f redisFlags) withAccounts(ctx context.Context, use func(directory) error) error {
	log := slog.New(slog.DiscardHandler) // what goes wrong is returned
	logs, err := f.openRedis(store.Options{Logger: log})
	if err != nil {
		return err
	}
	defer closeStore(context.Background(), logs, log)
	client, keys := logs.Client(), auth.Keys{Prefix: logs.KeyPrefix()}
	err = use(directory{
		accounts: auth.NewAccounts(client, keys, auth.AccountOptions{}),
		sessions: auth.NewSessions(client, keys, auth.SessionOptions{}),
		tokens:   auth.NewTokens(client, keys),
		// How many records are kept is the admin's business: nothing is removed here.
		log: audit.New(client, audit.Keys{Prefix: logs.KeyPrefix()}, audit.Options{MaxRecords: math.MaxInt64}),
	})
	switch answer := (accountAnswer{}); {
	case err == nil || errors.As(err, &answer):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	}
	return redisFailure(logs.Address(), err)
}

// change writes a change of the account down in the audit log and then makes it, so that none goes
// unrecorded. One that is refused after all leaves a second record, which says so.
func (f namedAccount) change(ctx context.Context, r audit.Record, change func(context.Context, directory) error) error {
	if err := auth.CheckName(f.Name); err != nil {
		return usage("%q: %w", f.Name, err)
	}
	r.Actor, r.Subject, r.Via = operator(), f.Name, viaTerminal
	return f.withAccounts(ctx, func(d directory) error {
		if _, err := d.log.Append(ctx, r); err != nil {
			return err
		}
		err := explain(f.Name, change(ctx, d))
		if answer := (accountAnswer{}); errors.As(err, &answer) {
			r.Detail = "refused: " + err.Error()
			if _, err := d.log.Append(ctx, r); err != nil {
				return err
			}
		}
		return err
	})
}

// accountAnswer is what an account's state, or what was typed, forbids: a whole sentence.
type accountAnswer struct{ error }

func (a accountAnswer) Unwrap() error { return a.error }

// explain says of an error of auth what to do now. Failures are returned as they are.
func explain(name string, err error) error {
	name = visible(name)
	for _, known := range []struct {
		err  error
		says string
	}{
		{auth.ErrNoAccount, `there is no account "` + name + `": userlog account list shows those that there are`},
		{auth.ErrAccountExists, `there is an account "` + name + `" already: give it a new link with userlog account link`},
		{auth.ErrDisabled, `the account "` + name + `" is disabled: enable it first with userlog account enable`},
		{auth.ErrLastSuperuser, `"` + name + `" is the last superuser who can log in: make another one first with userlog account create --role superuser`},
		{auth.ErrLabel, "--label: " + auth.ErrLabel.Error()},
		{auth.ErrTokenLifetime, "--days: " + auth.ErrTokenLifetime.Error()},
		{auth.ErrTooManyTokens, auth.ErrTooManyTokens.Error() + ": the account's page in the admin lists them"},
	} {
		if errors.Is(err, known.err) {
			return accountAnswer{errors.New(known.says)}
		}
	}
	return err
}

// adminURL is where the admin is, as it is typed: https://support.example.com/userlog.
type adminURL string

// Validate is called by kong for a URL that was typed or is in the environment.
func (u adminURL) Validate() error {
	parsed, err := url.Parse(string(u))
	if u != "" && (err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
		parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "") {
		return errors.New("give the address of the admin, such as https://support.example.com/userlog")
	}
	return nil
}
