package monitoring

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/template"
	"go.yaml.in/yaml/v3"
)

// deploy is the folder of what is tested.
const deploy = "../../deploy"

// suite is a file of promtool's rule tests, as far as ours uses them.
type suite struct {
	RuleFiles []string       `yaml:"rule_files"`
	Interval  model.Duration `yaml:"evaluation_interval"`
	Tests     []ruleTest     `yaml:"tests"`
}

type ruleTest struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval"`
	Series   []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Expressions []expression `yaml:"promql_expr_test"`
}

type expression struct {
	Expr    string         `yaml:"expr"`
	At      model.Duration `yaml:"eval_time"`
	Samples []struct {
		Labels string  `yaml:"labels"`
		Value  float64 `yaml:"value"`
	} `yaml:"exp_samples"`
}

// Each alert fires when it should, and not before, and each is seen to fire. "promtool test rules" reads the same file.
func TestAlerts(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(deploy, "prometheus", "alerts_test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var tests suite
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&tests); err != nil {
		t.Fatal(err)
	}
	rules, fired := readRules(t), make(map[string]bool)
	for _, test := range tests.Tests {
		t.Run(test.Name, func(t *testing.T) { maps.Copy(fired, test.run(t, rules, time.Duration(tests.Interval))) })
	}
	for _, rule := range rules {
		if !fired[rule.Alert] {
			t.Errorf("%s does not fire in any test", rule.Alert)
		}
		if rule.Annotations["summary"] == "" || rule.Annotations["runbook"] == "" || rule.Labels["severity"] == "" {
			t.Errorf("%s does not say what is the case, what to do, and how soon", rule.Alert)
		}
	}
}

// readRules reads the alerts, as strictly as Prometheus does.
func readRules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(filepath.Join(deploy, "prometheus", "alerts.yml"), false, model.UTF8Validation, language, slog.New(slog.DiscardHandler))
	if errs != nil {
		t.Fatal(errs)
	}
	var rules []rulefmt.Rule
	for _, group := range groups.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

// run evaluates the rules as time goes by, compares what fires, and returns what has fired.
func (r ruleTest) run(t *testing.T, rules []rulefmt.Rule, every time.Duration) (fired map[string]bool) {
	t.Helper()
	clock := evaluation{kept: new(memory), active: make(map[string]time.Duration)}
	for _, s := range r.Series {
		of, values, err := language.ParseSeriesDesc(s.Series + " " + s.Values)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if !v.Omitted {
				clock.kept.add(of, time.Duration(i)*time.Duration(r.Interval), v.Value)
			}
		}
	}
	fired = make(map[string]bool)
	last := slices.MaxFunc(r.Expressions, func(a, b expression) int { return cmp.Compare(a.At, b.At) })
	for ; clock.now <= time.Duration(last.At); clock.now += every {
		for _, rule := range rules {
			if clock.evaluate(t, rule) {
				fired[rule.Alert] = true
			}
		}
		for _, e := range r.Expressions {
			if time.Duration(e.At) == clock.now {
				e.compare(t, clock.kept)
			}
		}
	}
	return fired
}

// evaluation is a Prometheus at work.
type evaluation struct {
	kept   *memory
	now    time.Duration
	active map[string]time.Duration // since when, by the labels of the series in which an alert is kept once it fires
}

// evaluate evaluates a rule. Its alerts fire that have been active for as long as the rule says.
func (e *evaluation) evaluate(t *testing.T, rule rulefmt.Rule) (fires bool) {
	t.Helper()
	ended := make(map[string]bool)
	for id := range e.active {
		ended[id] = alertOf(t, id).Get(labels.AlertName) == rule.Alert
	}
	for _, sample := range query(t, e.kept, rule.Expr, e.now) {
		alert := labels.NewBuilder(sample.Metric).Set(model.MetricNameLabel, "ALERTS").Set("alertstate", "firing").Set(labels.AlertName, rule.Alert)
		for name, value := range rule.Labels {
			alert.Set(name, value)
		}
		id := alert.Labels().String()
		ended[id] = false
		if _, known := e.active[id]; !known {
			e.active[id] = e.now
		}
		if e.now-e.active[id] >= time.Duration(rule.For) {
			fires = true
			e.kept.add(alert.Labels(), e.now, 1)
			expand(t, rule, sample)
		}
	}
	for id, is := range ended {
		if is {
			e.kept.add(alertOf(t, id), e.now, math.Float64frombits(value.StaleNaN))
			delete(e.active, id)
		}
	}
	return fires
}

// alertOf is the series that a text names.
func alertOf(t *testing.T, id string) labels.Labels {
	t.Helper()
	of, err := language.ParseMetric(id)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

// expand fills the texts of an alert. Each label in them must have a value.
func expand(t *testing.T, rule rulefmt.Rule, sample promql.Sample) {
	t.Helper()
	for _, text := range rule.Annotations {
		data := template.AlertTemplateData(sample.Metric.Map(), nil, "", sample)
		text = "{{$labels := .Labels}}" + text
		if _, err := template.NewTemplateExpander(context.Background(), text, rule.Alert, data, 0, nil, nil, []string{"missingkey=error"}).Expand(); err != nil {
			t.Error(err)
		}
	}
}

// compare compares what a query answers with what is expected.
func (e expression) compare(t *testing.T, kept *memory) {
	t.Helper()
	var got, want []string
	for _, sample := range query(t, kept, e.Expr, time.Duration(e.At)) {
		got = append(got, fmt.Sprint(sample.Metric, sample.F))
	}
	for _, sample := range e.Samples {
		of, err := language.ParseMetric(sample.Labels)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(of, sample.Value))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("after %v: %v, want %v", e.At, got, want)
	}
}

// query evaluates a query at a time.
func query(t *testing.T, kept *memory, text string, at time.Duration) promql.Vector {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, EnableAtModifier: true, Parser: language})
	q, err := engine.NewInstantQuery(t.Context(), kept, nil, text, time.UnixMilli(at.Milliseconds()))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer q.Close()
	result := q.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return slices.Clone(vector)
}

// selectors are all selections of series in a query, and labels those by which it groups.
func selectors(t *testing.T, text string) (selections [][]*labels.Matcher, grouping []string) {
	t.Helper()
	tree, err := language.ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if aggregate, is := node.(*parser.AggregateExpr); is {
			grouping = append(grouping, aggregate.Grouping...)
		}
		return nil
	})
	return parser.ExtractSelectors(tree), grouping
}
