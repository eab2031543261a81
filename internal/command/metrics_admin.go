package command

import "github.com/prometheus/client_golang/prometheus"

// adminCollector shows what the admin and the feed have done.
type adminCollector struct {
	*program
	adminDescs
}

type adminDescs struct {
	sockets, socketsOpened, socketsRefused, messages *prometheus.Desc
	recorded, notRecorded                            *prometheus.Desc
	followed, heard, lost                            *prometheus.Desc
}

func newAdminDescs() adminDescs {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("userlog_"+name, help, labels, nil)
	}
	return adminDescs{
		sockets:        desc("live_sockets", "Live sockets that are open."),
		socketsOpened:  desc("live_sockets_opened_total", "Live sockets that were let in."),
		socketsRefused: desc("live_sockets_refused_total", "Live sockets that were not let in, since there were too many, or the program was about to end."),
		messages:       desc("live_messages_total", "Messages that have left on live sockets."),
		recorded:       desc("audit_records_total", "Records that were written to the audit log, by their action: logins, failed logins, looks at logs, changes.", "action"),
		notRecorded:    desc("audit_failures_total", "Records that could not be written to the audit log. What they are about was not done then."),
		followed:       desc("feed_logs_followed", "Logs that are followed."),
		heard:          desc("feed_entries_total", "Entries that arrived for somebody who follows a log."),
		lost:           desc("feed_connections_lost_total", "Connections to Redis that broke, or could not be made, while somebody followed a log."),
	}
}

// Describe implements prometheus.Collector.
func (c adminCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.sockets, c.socketsOpened, c.socketsRefused, c.messages, c.recorded, c.notRecorded, c.followed, c.heard, c.lost,
	} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (c adminCollector) Collect(shown chan<- prometheus.Metric) {
	show := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		shown <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	admin, feed := c.admin.Stats(), c.program.logs.FeedStats()
	show(c.sockets, prometheus.GaugeValue, float64(admin.Sockets))
	show(c.socketsOpened, prometheus.CounterValue, float64(admin.SocketsOpened))
	show(c.socketsRefused, prometheus.CounterValue, float64(admin.SocketsRefused))
	show(c.messages, prometheus.CounterValue, float64(admin.MessagesSent))
	for action, n := range admin.Recorded {
		show(c.recorded, prometheus.CounterValue, float64(n), action)
	}
	show(c.notRecorded, prometheus.CounterValue, float64(admin.NotRecorded))
	show(c.followed, prometheus.GaugeValue, float64(feed.Followed))
	show(c.heard, prometheus.CounterValue, float64(feed.Heard))
	show(c.lost, prometheus.CounterValue, float64(feed.Lost))
}
