package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gin-userlog/userlog/internal/switches"
	"github.com/gin-userlog/userlog/store"
)

// recordingCommand is "userlog recording": the switches that all applications follow.
type recordingCommand struct {
	Show recordingShowCommand `cmd:"" default:"withargs" help:"Show what is switched, and which applications do not follow yet; the same as userlog recording."`
	Set  recordingSetCommand  `cmd:"" help:"Switch recording or publishing, set how much is recorded, or which paths are not. What is not named stays."`
}

// recordingShowCommand is "userlog recording show".
type recordingShowCommand struct {
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *recordingShowCommand) Run(ctx context.Context, std streams) error {
	return c.withStore(ctx, func(logs *store.Store) error { return showSwitches(ctx, std.out, logs) })
}

// recordingSetCommand is "userlog recording set".
type recordingSetCommand struct {
	Recording  string   `enum:"on,off," default:"" placeholder:"on|off" help:"Off: nothing is recorded."`
	Publishing string   `enum:"on,off," default:"" placeholder:"on|off" help:"Off: live pages look at the lists every five seconds."`
	WatchOnly  string   `enum:"on,off," default:"" placeholder:"on|off" help:"On: nothing is recorded of anybody but users whose logs are looked at in the admin, from 15 seconds after the look until 10 minutes after the last."`
	Sample     *number  `placeholder:"N" help:"Record 1 of N requests of those that a page fetches by itself and that do not fail; 1 for all."`
	Ignore     []string `sep:"none" placeholder:"PATTERN" help:"A regular expression: requests whose path it matches are not recorded. Repeat it for more; an empty one removes all."`
	redisFlags `embed:""`
}

// Run is called by kong.
func (c *recordingSetCommand) Run(ctx context.Context, std streams) error {
	if c.Recording == "" && c.Publishing == "" && c.WatchOnly == "" && c.Sample == nil && len(c.Ignore) == 0 {
		return usage("say what to set: --recording, --publishing, --watch-only, --sample or --ignore")
	}
	if c.Sample != nil && *c.Sample < 1 {
		return usage("--sample is %d: use 1 to %d", *c.Sample, store.MaxSample)
	}
	if err := c.change(store.Switches{}).Check(); err != nil {
		return usage("%w", plain(err))
	}
	return c.withStore(ctx, func(logs *store.Store) error {
		if err := logs.PingWrite(ctx); err != nil {
			return err
		}
		set, err := logs.Switches(ctx)
		if err != nil && !errors.Is(err, store.ErrSwitches) {
			return err
		}
		changes := &switches.Changes{Store: logs, Log: auditLogIn(logs)}
		if err := changes.Set(ctx, operator(), c.change(set)); err != nil {
			return err
		}
		return showSwitches(ctx, std.out, logs)
	})
}

// change returns switches with the changes that were typed.
func (c *recordingSetCommand) change(set store.Switches) store.Switches {
	if c.Recording != "" {
		set.NoRecord = c.Recording == "off"
	}
	if c.Publishing != "" {
		set.NoPublish = c.Publishing == "off"
	}
	if c.WatchOnly != "" {
		set.WatchOnly = c.WatchOnly == "on"
	}
	if c.Sample != nil {
		set.Sample = int(*c.Sample)
	}
	if len(c.Ignore) == 1 && c.Ignore[0] == "" {
		set.Ignore = nil
	} else if len(c.Ignore) > 0 {
		set.Ignore = c.Ignore
	}
	return set
}

// showSwitches prints what is set, and who does not follow yet.
func showSwitches(ctx context.Context, w io.Writer, logs *store.Store) error {
	set, err := logs.Switches(ctx)
	if errors.Is(err, store.ErrSwitches) {
		return answerError{errors.New("what is set can't be read, so applications go on as they were: set it anew with userlog recording set")}
	}
	if err != nil {
		return err
	}
	applications, unread := logs.Applications(ctx)
	err = table(w, "SWITCH\tSTATE", func(row func(...any)) {
		for _, s := range switches.States(set) {
			row(s.Switch, visible(s.State))
		}
	})
	for _, a := range switches.Behind(set, applications) {
		fmt.Fprintf(w, "%s on %s, %s, does not follow yet: it will within 15 seconds, unless its version is too old.\n", visible(a.Name), visible(a.Host), visible(a.Version))
	}
	if unread != nil {
		fmt.Fprintf(w, "Whether other applications do not follow yet could not be found out: %s.\n", redisTrouble(logs.Address(), unread))
	}
	return err
}
