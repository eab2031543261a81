package metrics_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/metrics"
)

// An application registers its store, and closes it when it ends. This example needs a Redis, so it is compiled and not
// run. The next one is run.
func ExampleRegister() {
	logs, err := store.Open("redis://localhost:6379/0", store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = logs.Close(ctx) // the stats have told of lost entries by then
	}()
	registry := prometheus.NewRegistry()
	if err := metrics.Register(registry, logs); err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
}

// counts stands in for a *store.Store, which is what an application registers.
type counts struct{}

func (counts) Stats() store.Stats { return store.Stats{Accepted: 3, Written: 2, Queued: 1} }

func ExampleRegister_counts() {
	registry := prometheus.NewRegistry()
	if err := metrics.Register(registry, counts{}); err != nil {
		log.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if name := family.GetName(); name == "userlog_entries_written_total" {
			fmt.Println(name, family.GetMetric()[0].GetCounter().GetValue())
		}
	}
	// Output: userlog_entries_written_total 2
}
