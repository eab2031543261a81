// Package metrics shows the stats of a store to Prometheus: what was recorded, and what was lost.
//
// A program registers its store once, with a registry of its own or the default one:
//
//	if err := metrics.Register(prometheus.DefaultRegisterer, logs); err != nil {
//		return err
//	}
//
// The package is apart from store, so that recording does not compile what Prometheus needs.
package metrics

import (
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gin-userlog/userlog/store"
)

// Source has stats to show. A *store.Store is one.
type Source interface {
	Stats() store.Stats
}

// Register registers the stats of logs with the registry that the host passes. It never uses the global
// registry, unless the host passes that. Use prometheus.WrapRegistererWith to tell several stores
// apart. An error means that metrics of these names are registered already.
//
// All metrics of one scrape are read at one moment: accepted = written + dropped + indeterminate +
// queued.
func Register(registry prometheus.Registerer, logs Source) error {
	if err := registry.Register(newCollector(logs)); err != nil {
		return fmt.Errorf("register the metrics of userlog: %w", err)
	}
	return nil
}

// collector reads the stats when Prometheus asks for them.
type collector struct {
	logs                                                                Source
	accepted, written, dropped, indeterminate, queued, leftOut, cut, up *prometheus.Desc
	undone, indexRefused, batchSize, writeSeconds                       *prometheus.Desc
}

func newCollector(logs Source) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("userlog_"+name, help, labels, nil)
	}
	return &collector{
		logs:          logs,
		accepted:      desc("entries_accepted_total", "Requests that were handed over to be recorded."),
		written:       desc("entries_written_total", "Entries that Redis has confirmed."),
		undone:        desc("entries_undone_total", "Entries that were confirmed, and are gone since another server took over."),
		dropped:       desc("entries_dropped_total", "Entries that will never be written.", "reason"),
		indeterminate: desc("entries_indeterminate_total", "Entries that were sent without an answer."),
		queued:        desc("entries_queued", "Entries that wait to be written."),
		leftOut:       desc("entries_left_out_total", "Requests that were not recorded because that is switched off."),
		cut:           desc("entries_truncated_total", "Entries that were cut to the limits."),
		indexRefused:  desc("index_refused_total", "Transactions that could not add to the user index."),
		up:            desc("redis_up", "1 if the last attempt to write went through."),
		batchSize:     desc("batch_entries", "Entries per transaction that was written."),
		writeSeconds:  desc("batch_write_seconds", "Duration of each transaction that was written."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.accepted, c.written, c.undone, c.dropped, c.indeterminate, c.queued, c.leftOut, c.cut, c.up, c.indexRefused, c.batchSize, c.writeSeconds,
	} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.logs.Stats()
	count := func(desc *prometheus.Desc, value uint64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	count(c.accepted, s.Accepted)
	count(c.written, s.Written)
	count(c.undone, s.Undone)
	for _, d := range droppedByReason(s.Dropped) {
		count(c.dropped, d.entries, d.reason)
	}
	count(c.indeterminate, s.Indeterminate)
	count(c.leftOut, s.LeftOut)
	count(c.cut, s.Truncated)
	count(c.indexRefused, s.IndexRefused)
	metrics <- prometheus.MustNewConstMetric(c.queued, prometheus.GaugeValue, float64(s.Queued))
	metrics <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, truth(s.Connected))
	metrics <- histogram(c.batchSize, s.BatchSizes, store.BatchBounds())
	metrics <- histogram(c.writeSeconds, s.WriteSeconds, store.WriteBounds())
}

// dropped is how many entries were dropped for one reason.
type dropped struct {
	reason  string
	entries uint64
}

// droppedByReason are all reasons, with their words.
func droppedByReason(d store.Dropped) []dropped {
	return []dropped{
		{"queue_full", d.QueueFull},
		{"user_share", d.UserShare},
		{"invalid_username", d.InvalidUsername},
		{"refused", d.Refused},
		{"host_panic", d.HostPanic},
		{"closed", d.Closed},
	}
}

// truth is 1 for what is so.
func truth(so bool) float64 {
	if so {
		return 1
	}
	return 0
}

// utf8Of is a text as a label may be: what an application reports of itself can be any bytes.
func utf8Of(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// histogram converts to Prometheus' form, in which each bucket includes the smaller ones.
func histogram(desc *prometheus.Desc, h store.Histogram, bounds [12]float64) prometheus.Metric {
	buckets := make(map[float64]uint64, len(bounds))
	var sum uint64
	for i, bound := range bounds {
		sum += h.Counts[i]
		buckets[bound] = sum
	}
	return prometheus.MustNewConstHistogram(desc, h.Total, h.Sum, buckets)
}
