package monitoring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// dashboard is what a dashboard of Grafana has, as far as it is tested.
type dashboard struct {
	UID    string  `json:"uid"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Grid        struct {
		X, Y, W, H int
	} `json:"gridPos"`
	Targets []struct {
		Expr   string `json:"expr"`
		Legend string `json:"legendFormat"`
	} `json:"targets"`
}

// recorded are the series that a real program has told, as in testdata, for an hour in which all grow. TestMetrics of
// internal/command keeps them true.
func recorded(t *testing.T) *memory {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "metrics.txt"))
	if err != nil {
		t.Fatal(err)
	}
	kept := new(memory)
	for line := range strings.Lines(string(content)) {
		of, values, err := language.ParseSeriesDesc(strings.TrimSuffix(line, "\n"))
		if err != nil || len(values) != 1 {
			t.Fatalf("%s: %v", line, err)
		}
		of = labels.NewBuilder(of).Set("job", "userlog").Set("instance", "127.0.0.1:9091").Labels()
		for minute := range 60 {
			kept.add(of, time.Duration(minute)*time.Minute, values[0].Value*float64(1+minute))
		}
	}
	return kept
}

// Each query of the dashboard shows something of what a real program tells.
func TestDashboard(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(deploy, "grafana", "userlog.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatal(err)
	}
	kept, ids, queries := recorded(t), make(map[int]bool), 0
	for _, p := range board.Panels {
		if ids[p.ID] || p.Grid.X+p.Grid.W > 24 || p.Type != "row" && (p.Description == "" || len(p.Targets) == 0) {
			t.Errorf("%s: its id is not its own, or it says nothing, or it stands outside", p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			queries++
			text := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			found := query(t, kept, text, 59*time.Minute)
			if len(found) == 0 {
				t.Errorf("%s: %s shows nothing", p.Title, target.Expr)
			}
			for _, sample := range found {
				wantLegend(t, p.Title, target.Legend, sample.Metric)
			}
			wantSelections(t, kept, text)
		}
	}
	if queries < 20 {
		t.Errorf("only %d queries were found", queries)
	}
}

// wantLegend checks that a legend names labels that there are.
func wantLegend(t *testing.T, title, legend string, of labels.Labels) {
	t.Helper()
	for _, part := range strings.Split(legend, "{{")[1:] {
		if name, _, _ := strings.Cut(part, "}}"); !of.Has(name) {
			t.Errorf("%s: the legend names %s, of %v", title, name, of)
		}
	}
}

// Each query of an alert is about series that a real program tells.
func TestAlertsAreAboutRecordedSeries(t *testing.T) {
	kept := recorded(t)
	kept.add(labels.FromStrings(model.MetricNameLabel, "up", "job", "userlog"), 0, 1) // which Prometheus adds
	for _, rule := range readRules(t) {
		wantSelections(t, kept, rule.Expr)
	}
}

// wantSelections checks that each selection of a query has labels and values that series of its name have, and that the query groups by labels of
// theirs. Codes of errors need not be there.
func wantSelections(t *testing.T, kept *memory, text string) {
	t.Helper()
	selections, grouping := selectors(t, text)
	for _, wanted := range selections {
		if !slices.ContainsFunc(kept.all, func(s promql.Series) bool { return isAbout(s.Metric, wanted, grouping) }) {
			t.Errorf("nothing that is told is like %v by %v", wanted, grouping)
		}
	}
}

func isAbout(of labels.Labels, wanted []*labels.Matcher, grouping []string) bool {
	return !slices.ContainsFunc(grouping, func(name string) bool { return !of.Has(name) }) &&
		!slices.ContainsFunc(wanted, func(m *labels.Matcher) bool {
			return !of.Has(m.Name) || m.Type == labels.MatchEqual && !m.Matches(of.Get(m.Name))
		})
}
