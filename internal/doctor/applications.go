package doctor

import (
	"context"
	"errors"
	"slices"

	"github.com/gin-userlog/userlog/internal/switches"
	"github.com/gin-userlog/userlog/store"
)

// longQueue is how many entries wait in one process when its Redis is too slow for it: a quarter of the usual queue.
const longQueue = store.DefaultQueueSize / 4

// reporting are the applications that report themselves.
func (p *patient) reporting() []store.Application {
	return slices.DeleteFunc(slices.Clone(p.applications), func(a store.Application) bool { return !a.Reporting() })
}

// name is how people know a process.
func name(a store.Application) string { return a.Name + " (" + a.Host + ")" }

// eachReporting asks one question of each application that reports itself.
func (p *patient) eachReporting(find func(store.Application) *Finding) (found []Finding) {
	for _, a := range p.reporting() {
		if f := find(a); f != nil {
			found = append(found, *f)
		}
	}
	return found
}

// silentApplications are those that stopped without saying so, and that there is none at all. Those that have ended in good order are listed
// for an hour if they had lost entries.
func silentApplications(_ context.Context, p *patient) (found []Finding, err error) {
	reporting := p.reporting()
	for _, a := range p.applications {
		replaced := slices.ContainsFunc(reporting, func(other store.Application) bool { return other.Name == a.Name && other.Host == a.Host })
		if !a.Reporting() && !a.Ended && !replaced {
			found = append(found, Finding{Name: "application-silent", Subject: name(a), Count: int(a.Age.Minutes())})
		}
	}
	if !slices.ContainsFunc(p.applications, func(a store.Application) bool { return !a.Ended }) && p.applicationsErr == nil {
		found = append(found, Finding{Name: "no-application"})
	}
	return found, p.applicationsErr
}

// wrongClocksOfApplications are clocks of their hosts that differ from Redis'.
func wrongClocksOfApplications(_ context.Context, p *patient) ([]Finding, error) {
	return p.eachReporting(func(a store.Application) *Finding {
		if a.ClockSkew.Abs() <= store.ClockTolerance {
			return nil
		}
		return &Finding{Name: "application-clock", Subject: name(a), Count: int(a.ClockSkew.Abs().Seconds())}
	}), nil
}

// losses are requests that were not recorded.
func losses(_ context.Context, p *patient) ([]Finding, error) {
	return p.eachReporting(func(a store.Application) *Finding {
		lost := a.Stats.Dropped.Total() + a.Stats.Indeterminate + a.Stats.Undone
		if lost == 0 {
			return nil
		}
		return &Finding{Name: "losses", Subject: name(a), Count: int(lost)}
	}), nil
}

// longQueues are entries that wait for Redis.
func longQueues(_ context.Context, p *patient) ([]Finding, error) {
	return p.eachReporting(func(a store.Application) *Finding {
		if a.Stats.Queued < longQueue {
			return nil
		}
		return &Finding{Name: "queue", Subject: name(a), Count: int(a.Stats.Queued)}
	}), nil
}

// differentVersions are processes of one application that are not the same program.
func differentVersions(_ context.Context, p *patient) (found []Finding, err error) {
	versions := make(map[string]string)
	told := make(map[string]bool)
	for _, a := range p.reporting() {
		if other, known := versions[a.Name]; known && other != a.Version && !told[a.Name] {
			told[a.Name] = true
			found = append(found, Finding{Name: "versions", Subject: a.Name, Other: other + ", " + a.Version})
		}
		versions[a.Name] = a.Version
	}
	return found, nil
}

// differentOptions are applications that keep logs of different lengths, of which each shortens those of the others.
func differentOptions(_ context.Context, p *patient) ([]Finding, error) {
	var known *store.Application
	for _, a := range p.reporting() {
		switch {
		case a.MaxEntries == 0 || a.Retention == 0: // of a version that does not say
		case known == nil:
			known = &a
		case known.MaxEntries != a.MaxEntries || known.Retention != a.Retention:
			return []Finding{{Name: "options", Subject: name(*known), Other: name(a)}}, nil
		}
	}
	return nil, nil
}

// switchedOff are switches because of which logs are empty, or not live, and those that can't be read.
func switchedOff(_ context.Context, p *patient) (found []Finding, err error) {
	if errors.Is(p.switchesErr, store.ErrSwitches) {
		return []Finding{{Name: "switches-unreadable", Grave: true}}, nil
	}
	for _, s := range []struct {
		name string
		set  bool
	}{
		{"recording-off", p.switches.NoRecord},
		{"publishing-off", p.switches.NoPublish},
		{"watch-only", p.switches.WatchOnly && !p.switches.NoRecord},
	} {
		if s.set {
			found = append(found, Finding{Name: s.name})
		}
	}
	return found, p.switchesErr
}

// behindSwitches are applications that do not follow what is switched. Those that have just read them are given the time of two
// heartbeats.
func behindSwitches(_ context.Context, p *patient) (found []Finding, err error) {
	if p.switchesErr != nil || p.switches.Set.IsZero() || p.logs.Now().Sub(p.switches.Set) < 2*store.HeartbeatInterval {
		return nil, nil
	}
	for _, a := range switches.Behind(p.switches, p.applications) {
		found = append(found, Finding{Name: "switches-behind", Subject: name(a)})
	}
	return found, nil
}
