package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// lab is what every measurement is given.
type lab struct {
	scale    float64   // of all durations
	progress io.Writer // for people to see that something is going on
}

// lasting is how long to do what takes d in a full run.
func (l lab) lasting(d time.Duration) time.Duration { return time.Duration(float64(d) * l.scale) }

// row is a measurement that can be made by itself.
type row struct {
	name    string // as -row says it
	measure func(context.Context, lab) ([]finding, error)
}

// finding is one line of the table.
type finding struct {
	row      string
	what     string
	must     string
	measured string
	met      bool
}

// rows are all measurements, in the order of the table.
func rows() []row {
	return []row{
		{"request", measureRequest},
		{"writer", measureWriter},
		{"page", measurePages},
		{"weight", measureWeight},
		{"search", measureSearch},
		{"latency", measureLatency},
		{"saturation", measureSaturation},
		{"cpu", measureCPU},
		{"frame", measureFrame},
		{"fanout", measureFanout},
		{"onelog", measureOneLog},
		{"idle", measureIdle},
		{"slow", measureSlow},
		{"login", measureLogin},
		{"join", measureProofs(joinProofs())},
		{"resume", measureProofs(resumeProofs())},
		{"redis", measureProofs(redisProofs())},
		{"browser", measureProofs(browserProofs())},
	}
}

func rowNames() []string {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	return names
}

// choose returns the row of that name, or all of them for "".
func choose(name string) ([]row, error) {
	if name == "" {
		return rows(), nil
	}
	for _, r := range rows() {
		if r.name == name {
			return []row{r}, nil
		}
	}
	return nil, fmt.Errorf("there is no row %q: use one of %s", name, strings.Join(rowNames(), ", "))
}

// printTable writes the findings as a table in Markdown, under a line on the machine.
func printTable(w io.Writer, machine string, findings []finding) error {
	var b strings.Builder
	b.WriteString(machine + "\n\n")
	b.WriteString("| what | must show | measured | | command |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range findings {
		verdict := "**missed**"
		if f.met {
			verdict = "met"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `go run ./cmd/report -row %s` |\n", f.what, f.must, f.measured, verdict, f.row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
