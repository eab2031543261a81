package views

import "github.com/gin-userlog/userlog/store"

// application is one that records, as the home page shows it.
type application struct{ store.Application }

// loss is a number of requests that were not recorded, and the catalogue's key for why.
type loss struct {
	Key      string
	Requests int
}

// Accepted is how many requests it was given to record.
func (a application) Accepted() int { return int(a.Stats.Accepted) }

// Queued is how many of them wait to be written.
func (a application) Queued() int { return int(a.Stats.Queued) }

// Lost is how many of them are not in the log, or may not be.
func (a application) Lost() int { return int(a.Stats.Dropped.Total() + a.Stats.Indeterminate) }

// Losses says for which reasons, those that there are.
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
		{"applications.invalid-username", int(s.Dropped.InvalidUsername)},
		{"applications.refused", int(s.Dropped.Refused)},
		{"applications.closed", int(s.Dropped.Closed)},
		{"applications.indeterminate", int(s.Indeterminate)},
	}
}

// applicationKeys is every key that a loss may have, for the check that the catalogues are complete.
func applicationKeys() []string {
	var keys []string
	for _, l := range everyLoss(store.Stats{}) {
		keys = append(keys, l.Key)
	}
	return keys
}

// Reports is Applications as the page shows them.
func (p Home) Reports() []application {
	reports := make([]application, len(p.Applications))
	for i, a := range p.Applications {
		reports[i] = application{a}
	}
	return reports
}
