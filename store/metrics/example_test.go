package metrics_test

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/metrics"
)

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
