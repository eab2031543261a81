package metrics_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/embedded"
	"github.com/gin-userlog/userlog/store/metrics"
)

func ExampleRegister() {
	logs, err := embedded.Open(store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	if err := metrics.Register(registry, logs); err != nil {
		fmt.Println(err)
		return
	}
	logs.Record(store.Entry{Username: "ada", Method: "GET", Path: "/", Code: 200})
	if err := logs.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	families, err := registry.Gather()
	if err != nil {
		fmt.Println(err)
	}
	for _, family := range families {
		if family.GetName() == "userlog_entries_written_total" {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue())
		}
	}
	// Output: userlog_entries_written_total 1
}
