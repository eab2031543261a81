package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchmath"
	"golang.org/x/perf/benchunit"
)

// lineForm is a line of the table: row, what is measured, median, mark, limit, and what else there is to say.
const lineForm = "%-24s %-62s %9s %1s %-9s %s\n"

func printHead(w io.Writer) {
	fmt.Fprintf(w, lineForm, "row", "what is measured", "median", "", "limit", "lowest – highest   (* is beyond the limit)")
}

// printRow prints the figures of a row that were measured, and beside them those of other trees than the first.
func printRow(w io.Writer, r row, results []samples) {
	for _, f := range r.figures {
		_, unit := benchunit.Tidy(0, f.unit)
		for _, name := range slices.Sorted(maps.Keys(results[0])) {
			values := results[0][name][unit]
			if len(values) == 0 || f.below != "" && f.below != name {
				continue
			}
			sample, median := summarize(values)
			limit, mark := "", ""
			if f.limit.sign != "" {
				limit = f.limit.sign + " " + format(f.limit.bound, unit)
			}
			if !f.limit.met(median) {
				mark = "*"
			}
			more := ""
			if len(values) > 1 {
				more = format(slices.Min(values), unit) + " – " + format(slices.Max(values), unit)
			}
			for _, base := range results[1:] {
				before, was := summarize(base[name][unit])
				more += "   base " + format(was, unit)
				if was != 0 {
					more += fmt.Sprintf(", now %.2f × of it (%s)", median/was, benchmath.AssumeNothing.Compare(before, sample))
				}
			}
			fmt.Fprintf(w, lineForm, strings.TrimSpace(r.name+" "+name), f.what, format(median, unit), mark, limit, more)
		}
	}
}

// summarize returns values as a sample, and their median.
func summarize(values []float64) (*benchmath.Sample, float64) {
	sample := benchmath.NewSample(values, &benchmath.DefaultThresholds)
	return sample, benchmath.AssumeNothing.Summary(sample, 0.95).Center
}

// format writes a value of a tidy unit for people.
func format(value float64, unit string) string {
	numerator := unit
	if i := strings.LastIndexByte(unit, '/'); i >= 0 && !strings.Contains(unit, "x-") { // "40/s-received-B/entry"
		numerator = unit[:i]
	}
	switch kind := numerator[strings.LastIndexByte(numerator, '-')+1:]; {
	case kind == "sec":
		return benchunit.Scale(value, benchunit.Decimal) + "s"
	case kind == "B", kind == "bytes":
		return benchunit.Scale(value, benchunit.Decimal) + "B"
	case kind == "%":
		return strconv.FormatFloat(value, 'f', -1, 32) + " %"
	case strings.Contains(unit, "x-"), unit == "times-plain":
		return strconv.FormatFloat(value, 'f', 2, 64) + " ×"
	}
	return strconv.FormatFloat(value, 'f', -1, 32)
}
