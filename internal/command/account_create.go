package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
)

// accountCreateCommand is "userlog account create".
type accountCreateCommand struct {
	Role         auth.Role `enum:"superuser,viewer" required:"" help:"What the account may do: a superuser everything, a viewer search and watch."`
	URL          adminURL  `placeholder:"URL" help:"Where the admin is, such as https://support.example.com/userlog; the link begins with it."`
	AskPassword  bool      `help:"Ask for the password of the account here, instead of printing a link."`
	namedAccount `embed:""`
}

// Help is called by kong.
func (accountCreateCommand) Help() string { return "With --ask-password: " + passwordHelp() }

// Run is called by kong.
func (c *accountCreateCommand) Run(ctx context.Context, std streams) error {
	if c.AskPassword {
		return c.createWithPassword(ctx, std, c.Role)
	}
	var secret string
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) (err error) {
		secret, err = changes.Invite(ctx, by, c.Name, c.Role)
		return err
	})
	if err == nil {
		fmt.Fprintf(std.out, "The %s \"%s\" has been created.\n", c.Role, visible(c.Name))
		printLink(std.out, c.URL, c.Name, secret)
	}
	return err
}

// accountLinkCommand is "userlog account link".
type accountLinkCommand struct {
	URL          adminURL `placeholder:"URL" help:"Where the admin is, such as https://support.example.com/userlog; the link begins with it."`
	namedAccount `embed:""`
}

// Run is called by kong.
func (c *accountLinkCommand) Run(ctx context.Context, std streams) error {
	var secret string
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) (err error) {
		secret, err = changes.MakeLink(ctx, by, c.Name)
		return err
	})
	if err == nil {
		printLink(std.out, c.URL, c.Name, secret)
	}
	return err
}

// printLink prints a one-time link or, where the admin's address isn't known, the parts of one.
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
