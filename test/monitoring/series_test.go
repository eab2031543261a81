package monitoring

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// language reads queries and series as Prometheus does.
var language = parser.NewParser(parser.Options{})

// memory is what a Prometheus has kept, in memory. It implements storage.Queryable.
type memory struct{ all []promql.Series }

// add adds a value to a series.
func (m *memory) add(of labels.Labels, at time.Duration, value float64) {
	i := slices.IndexFunc(m.all, func(s promql.Series) bool { return labels.Equal(s.Metric, of) })
	if i < 0 {
		i = len(m.all)
		m.all = append(m.all, promql.Series{Metric: of})
	}
	m.all[i].Floats = append(m.all[i].Floats, promql.FPoint{T: at.Milliseconds(), F: value})
}

// Querier implements storage.Queryable.
func (m *memory) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, wanted ...*labels.Matcher) storage.SeriesSet {
		found := &selection{}
		for _, s := range m.all {
			if matches(s.Metric, wanted) {
				found.series = append(found.series, promql.NewStorageSeries(s))
			}
		}
		slices.SortFunc(found.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
		return found
	}}, nil
}

// matches reports whether labels are those that are wanted.
func matches(of labels.Labels, wanted []*labels.Matcher) bool {
	return !slices.ContainsFunc(wanted, func(m *labels.Matcher) bool { return !m.Matches(of.Get(m.Name)) })
}

// selection implements storage.SeriesSet.
type selection struct {
	series []storage.Series
	next   int
}

// Next implements storage.SeriesSet.
func (s *selection) Next() bool {
	s.next++
	return s.next <= len(s.series)
}

// At implements storage.SeriesSet.
func (s *selection) At() storage.Series { return s.series[s.next-1] }

// Err implements storage.SeriesSet.
func (*selection) Err() error { return nil }

// Warnings implements storage.SeriesSet.
func (*selection) Warnings() annotations.Annotations { return nil }
