package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gin-userlog/userlog/store"
)

// scrapeTimeout is how long a scrape waits for Redis.
const scrapeTimeout = 3 * time.Second

// Fleet knows what applications report of themselves. A *store.Store is one.
type Fleet interface {
	Applications(ctx context.Context) ([]store.Application, error)
}

// RegisterApplications registers what all applications report that share the Redis of logs, so that one scrape of an admin shows
// them all. Each process that records has the labels application, host and process. The counts are those of its last report, which
// is 15 seconds old at most where userlog_application_up is 1. Each scrape asks Redis, for three seconds at most. Where
// Redis can't be asked, userlog_applications_known is 0, and nothing else is shown. An error means that metrics of these names are
// registered already.
func RegisterApplications(registry prometheus.Registerer, logs Fleet) error {
	if err := registry.Register(newFleetCollector(logs)); err != nil {
		return fmt.Errorf("register the metrics of userlog's applications: %w", err)
	}
	return nil
}

// fleetCollector reads the reports when Prometheus asks for them.
type fleetCollector struct {
	logs Fleet

	known, up, age, skew, info                                                *prometheus.Desc
	accepted, written, dropped, indeterminate, undone, leftOut, queued, index *prometheus.Desc
}

func newFleetCollector(logs Fleet) *fleetCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("userlog_application_"+name, help, append([]string{"application", "host", "process"}, labels...), nil)
	}
	return &fleetCollector{
		logs:          logs,
		known:         prometheus.NewDesc("userlog_applications_known", "1 if Redis has told which applications report.", nil, nil),
		up:            desc("up", "1 if the process has reported itself within the last minute."),
		age:           desc("report_age_seconds", "Time since the last report."),
		skew:          desc("clock_skew_seconds", "What the clock of the host is ahead of that of Redis."),
		info:          desc("info", "1, with the version of the process.", "version"),
		accepted:      desc("entries_accepted_total", "Requests that were handed over to be recorded."),
		written:       desc("entries_written_total", "Entries that Redis has confirmed."),
		dropped:       desc("entries_dropped_total", "Entries that will never be written.", "reason"),
		indeterminate: desc("entries_indeterminate_total", "Entries that were sent without an answer."),
		undone:        desc("entries_undone_total", "Entries that were confirmed, and are gone since another server took over."),
		leftOut:       desc("entries_left_out_total", "Requests that were not recorded because that is switched off."),
		queued:        desc("entries_queued", "Entries that wait to be written."),
		index:         desc("index_refused_total", "Transactions that could not add to the user index."),
	}
}

// Describe implements prometheus.Collector.
func (c *fleetCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.known, c.up, c.age, c.skew, c.info, c.accepted, c.written, c.dropped, c.indeterminate, c.undone, c.leftOut, c.queued, c.index,
	} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *fleetCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	applications, err := c.logs.Applications(ctx)
	metrics <- prometheus.MustNewConstMetric(c.known, prometheus.GaugeValue, truth(err == nil))
	shown := make(map[string]bool) // an ID is unique, unless somebody else has written it
	for _, a := range applications {
		if id := utf8Of(a.ID); !shown[id] {
			shown[id] = true
			c.collect(metrics, a)
		}
	}
}

// collect shows one process.
func (c *fleetCollector) collect(metrics chan<- prometheus.Metric, a store.Application) {
	show := func(kind prometheus.ValueType, desc *prometheus.Desc, value float64, labels ...string) {
		labels = append([]string{utf8Of(a.Name), utf8Of(a.Host), utf8Of(a.ID)}, labels...)
		metrics <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	count := func(desc *prometheus.Desc, value uint64, labels ...string) {
		show(prometheus.CounterValue, desc, float64(value), labels...)
	}
	show(prometheus.GaugeValue, c.up, truth(a.Reporting()))
	show(prometheus.GaugeValue, c.age, a.Age.Seconds())
	show(prometheus.GaugeValue, c.skew, a.ClockSkew.Seconds())
	show(prometheus.GaugeValue, c.info, 1, utf8Of(a.Version))
	show(prometheus.GaugeValue, c.queued, float64(a.Stats.Queued))
	count(c.accepted, a.Stats.Accepted)
	count(c.written, a.Stats.Written)
	count(c.indeterminate, a.Stats.Indeterminate)
	count(c.undone, a.Stats.Undone)
	count(c.leftOut, a.Stats.LeftOut)
	count(c.index, a.Stats.IndexRefused)
	for _, d := range droppedByReason(a.Stats.Dropped) {
		count(c.dropped, d.entries, d.reason)
	}
}
