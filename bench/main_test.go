package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const output = `goos: linux
BenchmarkPage/static-2   	      10	   2000000 ns/op
BenchmarkPage/static-2   	      10	   6000000 ns/op
BenchmarkPage/unchanged  	      10	   2000000 ns/op
BenchmarkPage/static/viewers=10-2	      10	   2000000 ns/op
PASS
`

func TestTable(t *testing.T) {
	now, base := samples{}, samples{}
	if err := now.read(strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	if err := base.read(strings.NewReader(strings.ReplaceAll(output, "2000000", "1000000"))); err != nil {
		t.Fatal(err)
	}
	chosen, err := choose("page")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	printRow(&table, chosen[0], []samples{now, base})
	for _, want := range []string{
		`page static +static log.* 4\.000ms   ≤ 5\.000ms +2\.000ms – 6\.000ms   base 3\.500ms, now 1\.14 × of it \(p=`,
		`page unchanged .* 2\.000ms \* ≤ 1\.000ms +base 1\.000ms, now 2\.00 × of it`,
	} {
		if !regexp.MustCompile(want).MatchString(table.String()) {
			t.Errorf("nothing like %s in\n%s", want, table.String())
		}
	}
	if !slices.Contains(slices.Collect(maps.Keys(now)), "static/viewers=10") {
		t.Errorf("a benchmark two levels below is not among %v", now)
	}
	if lines := strings.Count(table.String(), "\n"); lines != 2 {
		t.Errorf("%d lines, want those of which something was measured", lines)
	}
}

func TestZerosAreInTheTable(t *testing.T) {
	found := samples{}
	if err := found.read(strings.NewReader("BenchmarkCPU 1 0 ns/request 0 ns/op\n")); err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	printRow(&table, row{name: "cpu", figures: []figure{{"", "ns/request", "CPU", limit{}}}}, []samples{found})
	if !strings.Contains(table.String(), "CPU") {
		t.Errorf("it is not: %q, of %v", table.String(), found)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value      float64
		unit, want string
	}{
		{-0.00005, "added-p99-sec", "-50.00µs"},
		{16e-6, "sec/request", "16.00µs"},
		{0.104, "track-x-logger", "0.10 ×"},
		{2.5, "times-plain", "2.50 ×"},
		{38_000, "bytes", "38.00kB"},
		{0, "lost", "0"},
		{1.5, "dropped-%", "1.5 %"},
		{727.9, "40/s-received-B/entry", "727.9B"},
		{1.5, "40/s-reads-x-model", "1.50 ×"},
	} {
		if got := format(c.value, c.unit); got != c.want {
			t.Errorf("%v %s: got %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestOnlyByItsNameARowTakesTenMinutes(t *testing.T) {
	all, err := choose("")
	if err != nil || len(all) != len(rows())-1 || slices.ContainsFunc(all, func(r row) bool { return r.name == "steady" }) {
		t.Errorf("all are %d rows: %v", len(all), err)
	}
	if steady, err := choose("steady"); err != nil || len(steady) != 1 || steady[0].rounds != tenMinutes {
		t.Errorf("by its name: %v, %v", steady, err)
	}
}

// Every row names a benchmark that there is, and each figure a unit that it reports.
func TestRowsAreThoseOfTheBenchmarks(t *testing.T) {
	packages := map[string]string{}
	for _, r := range rows() {
		dir := strings.Replace(r.pkg, "github.com/gin-userlog/userlog", "..", 1)
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(dir + "/" + file.Name()); err == nil {
				packages[dir] += string(text)
			}
		}
		if !strings.Contains(packages[dir], "func Benchmark"+r.benchmark+"(b *testing.B)") {
			t.Errorf("%s: no Benchmark%s in %s", r.name, r.benchmark, dir)
		}
	}
	if _, err := choose("speed"); err == nil || !strings.Contains(err.Error(), "cpu") {
		t.Errorf("an unknown row: %v", err)
	}
}
