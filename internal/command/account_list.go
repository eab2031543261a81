package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// accountListCommand is "userlog account list".
type accountListCommand struct {
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *accountListCommand) Run(ctx context.Context, std streams) error {
	return c.withStore(ctx, func(logs *store.Store) error {
		all, err := changesIn(logs).Accounts.List(ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(std.out, "There are no accounts yet: create one with userlog account create.")
			return nil
		}
		return table(std.out, "NAME\tROLE\tCREATED\tSTATE", func(row func(...any)) {
			for _, a := range all {
				row(visible(a.Name), a.Role, minute(a.Created), accountState(a, time.Now()))
			}
		})
	})
}

// accountState says in words what can be done with an account.
func accountState(a auth.Account, now time.Time) string {
	link := ""
	if a.SecondFactor {
		link = ", with a second factor"
	}
	if a.LinkExpires.After(now) {
		link += ", its link works until " + minute(a.LinkExpires)
	}
	switch {
	case a.Disabled:
		return "disabled"
	case a.HasPassword:
		return "active" + link
	case link == "":
		return "has no password, and no link that works: make one with userlog account link"
	}
	return "has no password yet" + link
}

// accountSessionsCommand is "userlog account sessions".
type accountSessionsCommand struct {
	namedAccount `embed:""`
	End          bool `help:"End the sessions, and the tokens of the account too."`
}

// Run is called by kong.
func (c *accountSessionsCommand) Run(ctx context.Context, std streams) error {
	if !c.End {
		return c.withStore(ctx, func(logs *store.Store) error { return c.list(ctx, std.out, changesIn(logs)) })
	}
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) error { return changes.EndSessions(ctx, by, c.Name) })
	if err == nil {
		fmt.Fprintf(std.out, "All sessions and tokens of \"%s\" have ended.\n", visible(c.Name))
	}
	return err
}

// list prints the sessions that are open.
func (c *accountSessionsCommand) list(ctx context.Context, w io.Writer, all *accounts.Changes) error {
	sessions, err := all.Sessions.List(ctx, c.Name)
	if err != nil {
		return err
	}
	if len(sessions) == 0 { // people whom a provider has logged in need no account here
		if _, err := all.Accounts.Get(ctx, c.Name); err != nil {
			return explain(c.Name, err)
		}
		fmt.Fprintf(w, "\"%s\" is not logged in anywhere.\n", visible(c.Name))
		return nil
	}
	return table(w, "ADDRESS\tLOGGED IN\tLAST USED\tBROWSER", func(row func(...any)) {
		for _, s := range sessions {
			row(visible(s.Address), minute(s.Created), minute(s.Seen), visible(s.Agent))
		}
	})
}

// table prints rows below a head, in columns.
func table(w io.Writer, head string, rows func(row func(...any))) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, head)
	rows(func(cells ...any) {
		for i, cell := range cells {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, cell)
		}
		fmt.Fprintln(t)
	})
	return t.Flush()
}
