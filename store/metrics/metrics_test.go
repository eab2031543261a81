package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/metrics"
)

type fixedStats store.Stats

func (s fixedStats) Stats() store.Stats { return store.Stats(s) }

func example() fixedStats {
	s := fixedStats{
		Accepted: 100, Written: 80, Undone: 5, Indeterminate: 4, Queued: 6, Truncated: 3, IndexRefused: 7, LeftOut: 9, Connected: true,
		Dropped: store.Dropped{QueueFull: 5, InvalidUsername: 3, Refused: 1, HostPanic: 2, Closed: 1},
	}
	s.BatchSizes.Counts[0], s.BatchSizes.Counts[11], s.BatchSizes.Total, s.BatchSizes.Sum = 2, 1, 3, 82
	return s
}

func TestRegister(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	if err := metrics.Register(registry, example()); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += "/" + label.GetValue()
			}
			if h := m.GetHistogram(); h != nil {
				got[name] = h.GetSampleSum()
				for _, bucket := range h.GetBucket() {
					got[fmt.Sprintf("%s/%g", name, bucket.GetUpperBound())] = float64(bucket.GetCumulativeCount())
				}
				continue
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"userlog_entries_accepted_total": 100, "userlog_entries_written_total": 80, "userlog_entries_indeterminate_total": 4,
		"userlog_entries_undone_total": 5, "userlog_entries_queued": 6, "userlog_entries_truncated_total": 3, "userlog_entries_left_out_total": 9, "userlog_index_refused_total": 7, "userlog_redis_up": 1,
		"userlog_entries_dropped_total/queue_full": 5, "userlog_entries_dropped_total/invalid_username": 3,
		"userlog_entries_dropped_total/refused": 1, "userlog_entries_dropped_total/closed": 1, "userlog_entries_dropped_total/host_panic": 2,
		"userlog_batch_entries": 82, "userlog_batch_entries/1": 2, "userlog_batch_entries/75": 2, "userlog_batch_entries/100": 3,
		"userlog_batch_write_seconds": 0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %v (there: %v), want %v", name, value, ok, want)
		}
	}
	if err := metrics.Register(registry, example()); err == nil {
		t.Error("a second store was registered under the same names")
	}
}

// fleet are applications that report, or an error.
type fleet struct {
	applications []store.Application
	err          error
}

func (f fleet) Applications(context.Context) ([]store.Application, error) {
	return f.applications, f.err
}

// Each process has its own series, whatever it says of itself, and without Redis there is one that says so.
func TestRegisterApplications(t *testing.T) {
	a := store.Application{
		ID: "1", Name: "shop\xff", Host: "a", Version: "1", Age: time.Second, ClockSkew: -2 * time.Second,
		Stats: store.Stats{Accepted: 9, Written: 5, Indeterminate: 1, Undone: 2, LeftOut: 3, Queued: 1, IndexRefused: 4, Dropped: store.Dropped{Refused: 2}},
	}
	gone := a
	gone.ID, gone.Age = "2", time.Hour
	for _, c := range []struct {
		fleet  fleet
		series map[string]float64
	}{
		{fleet{err: errors.New("away")}, map[string]float64{"userlog_applications_known": 0}},
		{fleet{applications: []store.Application{a, gone, gone}}, map[string]float64{
			"userlog_applications_known": 1, "userlog_application_up/1": 1, "userlog_application_up/2": 0,
			"userlog_application_report_age_seconds/1": 1, "userlog_application_clock_skew_seconds/1": -2, "userlog_application_info/1/1": 1,
			"userlog_application_entries_accepted_total/1": 9, "userlog_application_entries_written_total/1": 5,
			"userlog_application_entries_indeterminate_total/1": 1, "userlog_application_entries_undone_total/1": 2,
			"userlog_application_entries_left_out_total/1": 3, "userlog_application_entries_queued/1": 1,
			"userlog_application_index_refused_total/1": 4, "userlog_application_entries_dropped_total/1/refused": 2,
		}},
	} {
		registry := prometheus.NewPedanticRegistry()
		if err := metrics.RegisterApplications(registry, c.fleet); err != nil {
			t.Fatal(err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				name := family.GetName()
				for _, label := range m.GetLabel() {
					if label.GetName() != "application" && label.GetName() != "host" {
						name += "/" + label.GetValue()
					}
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		for name, want := range c.series {
			if value, ok := got[name]; !ok || value != want {
				t.Errorf("%s is %v, want %v", name, value, want)
			}
		}
		if c.fleet.err != nil && len(got) != 1 {
			t.Errorf("without Redis there is %v", got)
		}
	}
}
