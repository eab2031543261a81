// Package switches changes what applications record while they run, for pages of the admin and for commands alike.
//
// Each change is written to the audit log before it is made, with what is set before and after it.
package switches

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/store"
)

// Store is where switches are kept; it is a [store.Store].
type Store interface {
	Switches(ctx context.Context) (store.Switches, error)
	SetSwitches(ctx context.Context, set store.Switches) error
}

// Changes makes changes to switches. Its method may be called from several goroutines.
type Changes struct {
	Store Store
	Log   audit.Appender
}

// Set sets switches in the name of an actor. Those that can't be set are refused, as by [store.Switches.Check], before anything is
// written down. Where nothing changes, nothing is done.
func (c *Changes) Set(ctx context.Context, by audit.Actor, after store.Switches) error {
	if err := after.Check(); err != nil {
		return err
	}
	before, err := c.Store.Switches(ctx)
	unreadable := errors.Is(err, store.ErrSwitches)
	if err != nil && !unreadable {
		return err
	}
	changes := differences(before, after)
	if unreadable {
		changes = append(changes, "what was set could not be read")
	}
	if len(changes) == 0 {
		return nil
	}
	r := by.Record(audit.RecordingChanged, "")
	r.Detail = strings.Join(changes, "; ")
	if _, err := c.Log.Append(ctx, r); err != nil {
		return err
	}
	return c.Store.SetSwitches(ctx, after)
}

// State is a switch, and what it is set to.
type State struct{ Switch, State string }

// States are all switches, as people write them.
func States(set store.Switches) []State {
	sampling := "all"
	if set.Sample > 1 {
		sampling = fmt.Sprintf("1 of %d", set.Sample)
	}
	ignore := make([]string, len(set.Ignore))
	for i, pattern := range set.Ignore {
		ignore[i] = strconv.Quote(pattern)
	}
	if len(ignore) == 0 {
		ignore = []string{"nothing"}
	}
	return []State{
		{"recording", onOff(!set.NoRecord)},
		{"publishing", onOff(!set.NoPublish)},
		{"sampling", sampling},
		{"ignore", strings.Join(ignore, " ")},
		{"watch-only", onOff(set.WatchOnly)},
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// differences are the switches that change, each with its states before and after.
func differences(before, after store.Switches) (changes []string) {
	states := States(after)
	for i, old := range States(before) {
		if old != states[i] {
			changes = append(changes, old.Switch+": "+old.State+" → "+states[i].State)
		}
	}
	return changes
}

// Behind returns the applications that report themselves and do not follow the switches that are set.
func Behind(set store.Switches, all []store.Application) []store.Application {
	return slices.DeleteFunc(slices.Clone(all), func(a store.Application) bool { return !a.Reporting() || a.Switches.Equal(set.Set) })
}
