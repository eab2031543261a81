package command

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/gin-userlog/userlog/internal/webhook/sending"
)

// webhookCollector shows what became of messages to destinations.
type webhookCollector struct {
	dispatcher        *sending.Dispatcher
	messages, retries *prometheus.Desc
}

func newWebhookCollector(d *sending.Dispatcher) webhookCollector {
	return webhookCollector{
		dispatcher: d,
		messages:   prometheus.NewDesc("userlog_webhook_messages_total", "Messages to destinations of webhooks, by what became of them: sent, lost (refused, or given up), dropped (too many waited).", []string{"destination", "outcome"}, nil),
		retries:    prometheus.NewDesc("userlog_webhook_retries_total", "Attempts to send a message again.", []string{"destination"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c webhookCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.messages
	descs <- c.retries
}

// Collect implements prometheus.Collector.
func (c webhookCollector) Collect(shown chan<- prometheus.Metric) {
	for destination, n := range c.dispatcher.Counts() {
		for outcome, count := range map[string]uint64{"sent": n.Sent, "lost": n.Lost, "dropped": n.Dropped} {
			shown <- prometheus.MustNewConstMetric(c.messages, prometheus.CounterValue, float64(count), destination, outcome)
		}
		shown <- prometheus.MustNewConstMetric(c.retries, prometheus.CounterValue, float64(n.Retried), destination)
	}
}
