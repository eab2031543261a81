package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gin-userlog/userlog/store"
)

const (
	// renewInterval is how often a log that is shown is noted as looked at. It is a fraction of [store.WatchedFor].
	renewInterval = time.Minute

	// askInterval is how often that is tried which has failed.
	askInterval = 2 * time.Second
)

// looker has the user recorded whose log is shown, where only users are recorded whose logs are looked at.
type looker struct {
	logs     *store.Store
	viewing  *terminalViewing
	username string // "" for everyone
	w        io.Writer

	on   bool // only such users were recorded when the switches answered last, and the look is noted
	told bool // that the last look has failed
}

// watchOnly begins to look, now and not with the first request. The user is recorded until the function that it returns is called.
func (c *tailCommand) watchOnly(ctx context.Context, logs *store.Store, viewing *terminalViewing, w io.Writer) (end func()) {
	l := &looker{logs: logs, viewing: viewing, username: c.Username, w: w}
	ctx, cancel := context.WithCancel(ctx)
	looked := l.try(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(ctx, looked, askInterval, renewInterval)
	}()
	return func() {
		cancel()
		<-renewed
	}
}

// renew looks again until ctx ends: soon where the last look has failed, and otherwise long before recording ends.
func (l *looker) renew(ctx context.Context, looked bool, soon, later time.Duration) {
	for {
		pause := soon
		if looked {
			pause = later
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			looked = l.try(ctx)
		}
	}
}

// try looks, and returns whether that went well. Where it did not, and the user may not be recorded, it says so once.
func (l *looker) try(ctx context.Context) bool {
	known, err := l.look(ctx)
	if err != nil && !l.on && !l.told && ctx.Err() == nil {
		why := visible(err.Error())
		if store.FaultOf(err) != "" {
			why = redisTrouble(l.logs.Address(), err)
		}
		what := "Whether this log is recorded could not be found out"
		if known {
			what = "This log is not recorded, since only those are whose look is noted, and this look could not be"
		}
		fmt.Fprintf(l.w, "%s: %s. That is tried again.\n", what, why)
	}
	l.told = err != nil
	return err == nil
}

// look asks for the switches, and returns whether they are known. Where only users are recorded whose logs are looked at, it writes the look
// down, and notes it for applications. While the switches do not answer, those hold that were known.
func (l *looker) look(ctx context.Context) (known bool, err error) {
	set, err := l.logs.Switches(ctx)
	on := l.on
	if known = err == nil; known {
		on = set.WatchOnly && !set.NoRecord
	}
	if on && l.username != "" {
		err = errors.Join(err, l.note(ctx))
	}
	if err != nil {
		return known, err
	}
	if on && !l.on {
		l.tell()
	}
	l.on = on
	return known, nil
}

// note writes the look down, and notes it for applications.
func (l *looker) note(ctx context.Context) error {
	if err := l.viewing.begin(ctx); err != nil {
		return err
	}
	return l.logs.Watched(ctx, l.username)
}

// tell says that only users are recorded whose logs are looked at.
func (l *looker) tell() {
	if l.username == "" {
		fmt.Fprintln(l.w, "Only users whose logs are open are recorded, so others may be missing here.")
		return
	}
	fmt.Fprintf(l.w, "Only users whose logs are open are recorded. Recording of %s begins within 15 seconds.\n", visibleUser(l.username))
}
