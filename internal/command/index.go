package command

import (
	"context"
	"fmt"

	"github.com/gin-userlog/userlog/store"
)

// indexCommand is "userlog index".
type indexCommand struct {
	Parts      number `placeholder:"N" help:"Spread the index over so many parts, 1 to 1024. Some for each master of a Cluster let all share the work. It takes over ten seconds, and everything goes on meanwhile."`
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *indexCommand) Run(ctx context.Context, std streams) error {
	if c.Parts < 0 || c.Parts > store.MaxIndexParts {
		return usage("--parts is %d: use 1 to %d", c.Parts, store.MaxIndexParts)
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		if c.Parts > 0 {
			if err := logs.SpreadIndex(ctx, int(c.Parts)); err != nil {
				return err
			}
		}
		parts, err := logs.IndexParts(ctx)
		if err != nil {
			return err
		}
		if parts == 1 {
			fmt.Fprintln(std.out, "The user index has 1 part.")
		} else {
			fmt.Fprintf(std.out, "The user index has %d parts.\n", parts)
		}
		return nil
	})
}
