package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/gin-userlog/userlog/store"
)

// renewInterval is how often a log that is shown is noted as looked at. It is a fraction of [store.WatchedFor].
const renewInterval = time.Minute

// watchOnly says that only users are recorded whose logs are looked at, if that is so. Then the look is written down now and not with the
// first request, and the user is recorded until the function that it returns is called.
func (c *tailCommand) watchOnly(ctx context.Context, logs *store.Store, viewing *terminalViewing, w io.Writer) (end func(), err error) {
	set, err := logs.Switches(ctx)
	if err != nil || !set.WatchOnly || set.NoRecord { // Redis may be away: tail says so, and waits for it
		return func() {}, nil
	}
	if c.All {
		fmt.Fprintln(w, "Only users whose logs are open are recorded, so others may be missing here.")
		return func() {}, nil
	}
	if err := viewing.begin(ctx); err != nil {
		return nil, err
	}
	if err := logs.Watched(ctx, c.Username); err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "Only users whose logs are open are recorded. Recording of %s begins within 15 seconds.\n", visibleUser(c.Username))
	ctx, cancel := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		c.renew(ctx, logs)
	}()
	return func() {
		cancel()
		<-renewed
	}, nil
}

// renew notes until ctx ends that the log is looked at. What fails is done again a minute later, long before recording ends.
func (c *tailCommand) renew(ctx context.Context, logs *store.Store) {
	ticker := time.NewTicker(renewInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = logs.Watched(ctx, c.Username)
		}
	}
}
