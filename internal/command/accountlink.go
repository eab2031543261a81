package command

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/audit"
)

// accountCreateCommand is "userlog account create".
type accountCreateCommand struct {
	Role         auth.Role `enum:"superuser,viewer" required:"" help:"What the account may do: a superuser everything, a viewer search and watch."`
	URL          adminURL  `placeholder:"URL" help:"Where the admin is, such as https://support.example.com/userlog; the link begins with it."`
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountCreateCommand) Run(ctx context.Context, std streams) error {
	r := audit.Record{Action: audit.AccountCreated, Detail: string(c.Role)}
	return c.change(ctx, r, func(ctx context.Context, d directory) error {
		secret, err := d.accounts.Invite(ctx, c.Name, c.Role)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, "The %s \"%s\" has been created.\n", c.Role, visible(c.Name))
		printLink(std.out, c.URL, c.Name, secret)
		return nil
	})
}

// accountLinkCommand is "userlog account link".
type accountLinkCommand struct {
	URL          adminURL `placeholder:"URL" help:"Where the admin is, such as https://support.example.com/userlog; the link begins with it."`
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountLinkCommand) Run(ctx context.Context, std streams) error {
	return c.change(ctx, audit.Record{Action: audit.LinkMade}, func(ctx context.Context, d directory) error {
		secret, err := d.accounts.MakeLink(ctx, c.Name)
		if err != nil {
			return err
		}
		printLink(std.out, c.URL, c.Name, secret)
		return nil
	})
}

// printLink prints a one-time link or, where the admin's address isn't known, what it consists of.
func printLink(w io.Writer, admin adminURL, name, secret string) {
	page := "/password?" + url.Values{"username": {name}}.Encode()
	hours := int(auth.LinkLifetime.Hours())
	if admin == "" {
		fmt.Fprintf(w, "The owner sets a password on this page of the admin, below its path such as /userlog, once, within %d hours:\n\n  %s\n  code: %s\n\n"+
			"Pass --url to get a link. It is not shown again.\n", hours, page, secret)
		return
	}
	fmt.Fprintf(w, "The owner sets a password with this link, once, within %d hours:\n\n  %s\n\nIt is not shown again.\n",
		hours, strings.TrimSuffix(string(admin), "/")+page+"#"+secret)
}

// accountTokenCommand is "userlog account token".
type accountTokenCommand struct {
	Label        string `required:"" help:"What the token is for, in a few words."`
	Days         int    `default:"30" help:"For how many days the token works."`
	namedAccount `embed:""`
}

// Run is called by kong. The token alone goes to standard output, so that it can be taken from there.
func (c *accountTokenCommand) Run(ctx context.Context, std streams) error {
	if c.Days < 1 || c.Days > maxTokenDays {
		return usage("--days is %d: use 1 to %d", c.Days, maxTokenDays)
	}
	return c.change(ctx, audit.Record{Action: audit.TokenCreated, Detail: c.Label}, func(ctx context.Context, d directory) error {
		secret, err := d.tokens.Create(ctx, c.Name, c.Label, days(c.Days))
		if err != nil {
			return err
		}
		fmt.Fprintln(std.out, secret)
		fmt.Fprintf(std.err, "The token is not shown again. It works until %s.\n", untilDays(c.Days))
		return nil
	})
}
