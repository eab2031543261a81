package command

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/accounts"
	"github.com/gin-userlog/userlog/internal/audit"
)

// accountTokenCommand is "userlog account token".
type accountTokenCommand struct {
	Label        string `required:"" help:"What the token is for, in a few words."`
	Days         int    `default:"30" help:"For how many days the token works."`
	namedAccount `embed:""`
}

const (
	day = 24 * time.Hour
	// maxTokenDays is how long a token works at most.
	maxTokenDays = int(auth.MaxTokenLifetime / day)
)

// Run is called by kong. The token alone goes to standard output, so that a script can take it from there.
func (c *accountTokenCommand) Run(ctx context.Context, std streams) error {
	if c.Days < 1 || c.Days > maxTokenDays {
		return usage("--days is %d: use 1 to %d", c.Days, maxTokenDays)
	}
	lifetime := time.Duration(c.Days) * day
	var secret string
	err := c.change(ctx, func(changes *accounts.Changes, by audit.Actor) (err error) {
		secret, err = changes.CreateToken(ctx, by, c.Name, c.Label, lifetime)
		return err
	})
	if err == nil {
		fmt.Fprintln(std.out, secret)
		fmt.Fprintf(std.err, "The token is not shown again. It works until %s.\n", minute(time.Now().Add(lifetime)))
	}
	return err
}
