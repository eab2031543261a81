package views

import (
	"time"

	"github.com/gin-userlog/userlog/store"
)

// application is a process that records, as the home page shows it, or the sum of several with one name.
type application struct {
	store.Application
	Processes int  // in the sum; 0 = this is one process
	Part      bool // this process is in the sum before it
}

// Reports are the applications, in the order of their names, as the page shows them. Each process has a row.
// Where several processes have one name, a row with their sum comes before them.
func (p homePage) Reports() []application {
	var reports []application
	for rest := p.Applications; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Name == rest[0].Name {
			n++
		}
		if n > 1 {
			reports = append(reports, sumOf(rest[:n]))
		}
		for _, a := range rest[:n] {
			reports = append(reports, application{Application: a, Part: n > 1})
		}
		rest = rest[n:]
	}
	return reports
}

// sumOf adds up processes of one name. The sum has the age of the newest report of those that have not ended, and the version if all
// have the same.
func sumOf(processes []store.Application) application {
	newest := processes[0]
	for _, a := range processes {
		if a.Ended == newest.Ended && a.Age < newest.Age || newest.Ended && !a.Ended {
			newest = a
		}
	}
	sum := store.Application{Name: newest.Name, Version: newest.Version, Age: newest.Age, Ended: newest.Ended}
	for _, a := range processes {
		if a.Version != sum.Version {
			sum.Version = ""
		}
		sum.Stats.Accepted += a.Stats.Accepted
		sum.Stats.Queued += a.Stats.Queued
		sum.Stats.Indeterminate += a.Stats.Indeterminate
		sum.Stats.Undone += a.Stats.Undone
		sum.Stats.Dropped.QueueFull += a.Stats.Dropped.QueueFull
		sum.Stats.Dropped.UserShare += a.Stats.Dropped.UserShare
		sum.Stats.Dropped.InvalidUsername += a.Stats.Dropped.InvalidUsername
		sum.Stats.Dropped.Refused += a.Stats.Dropped.Refused
		sum.Stats.Dropped.HostPanic += a.Stats.Dropped.HostPanic
		sum.Stats.Dropped.Closed += a.Stats.Dropped.Closed
		for i, m := range a.LastHour {
			sum.LastHour[i].Requests += m.Requests
			sum.LastHour[i].ClientErrors += m.ClientErrors
			sum.LastHour[i].ServerErrors += m.ServerErrors
		}
	}
	return application{Application: sum, Processes: len(processes)}
}

// Hour is what was recorded in the last hour.
func (a application) Hour() sparkline { return newSparkline(a.LastHour) }

// Skewed reports whether the clock of the process is wrong by so much that readers should be told.
func (a application) Skewed() bool { return a.ClockSkew.Abs() > store.ClockTolerance }

// SkewKey is the catalogue's key that says which way the clock is wrong.
func (a application) SkewKey() string {
	if a.ClockSkew > 0 {
		return "applications.clock-ahead"
	}
	return "applications.clock-behind"
}

// Skew is by how much the clock is wrong.
func (a application) Skew() time.Duration { return a.ClockSkew.Abs() }

// loss is a number of requests that were not recorded. Key is the catalogue's, for the reason.
type loss struct {
	Key      string
	Requests int
}

// Accepted is how many requests the application was given to record.
func (a application) Accepted() int { return int(a.Stats.Accepted) }

// Queued is how many requests wait to be written.
func (a application) Queued() int { return int(a.Stats.Queued) }

// Lost is how many requests are not in the log, or may not be.
func (a application) Lost() int {
	return int(a.Stats.Dropped.Total() + a.Stats.Indeterminate + a.Stats.Undone)
}

// Losses are the reasons for which requests were lost.
func (a application) Losses() []loss {
	var losses []loss
	for _, l := range everyLoss(a.Stats) {
		if l.Requests > 0 {
			losses = append(losses, l)
		}
	}
	return losses
}

// everyLoss lists every reason, with its number, which may be zero.
func everyLoss(s store.Stats) []loss {
	return []loss{
		{"applications.queue-full", int(s.Dropped.QueueFull)},
		{"applications.user-share", int(s.Dropped.UserShare)},
		{"applications.invalid-username", int(s.Dropped.InvalidUsername)},
		{"applications.refused", int(s.Dropped.Refused)},
		{"applications.host-panic", int(s.Dropped.HostPanic)},
		{"applications.closed", int(s.Dropped.Closed)},
		{"applications.indeterminate", int(s.Indeterminate)},
		{"applications.undone", int(s.Undone)},
	}
}
