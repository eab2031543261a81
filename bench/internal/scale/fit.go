package scale

import (
	"errors"
	"math"
)

// Observation is a run: how often things happened in it, and the processor time that it took.
type Observation struct {
	Counts           // in all, not a second
	Idle     float64 // seconds, of all processes
	Measured float64 // seconds of processor time
}

// kinds is how many kinds of costs there are.
const kinds = 4

// parts returns how often there was what each kind of costs is about.
func (o Observation) parts() [kinds]float64 {
	return [kinds]float64{o.Reads, o.Scripts, o.Members, o.Idle}
}

// Fit returns the costs by which runs took what they did, as nearly as costs can that are not negative: the least squares of what
// each run is off, as a share of it. The runs need different mixtures.
func Fit(runs []Observation) (Costs, error) {
	used := []int{0, 1, 2, 3}
	for {
		solved, err := solve(equations(runs, used))
		if err != nil {
			return Costs{}, err
		}
		lowest := 0
		for i := range solved {
			if solved[i] < solved[lowest] {
				lowest = i
			}
		}
		if solved[lowest] >= 0 {
			var all [kinds]float64
			for i, kind := range used {
				all[kind] = solved[i]
			}
			return Costs{Read: all[0], Script: all[1], Member: all[2], Idle: all[3]}, nil
		}
		used = append(used[:lowest:lowest], used[lowest+1:]...)
	}
}

// equations returns the normal equations of the costs that are used. The last number of a row is its right side.
func equations(runs []Observation, used []int) [][]float64 {
	rows := make([][]float64, len(used))
	for i := range rows {
		rows[i] = make([]float64, len(used)+1)
	}
	for _, run := range runs {
		parts := run.parts()
		for i, a := range used {
			for j, b := range used {
				rows[i][j] += parts[a] * parts[b] / (run.Measured * run.Measured)
			}
			rows[i][len(used)] += parts[a] / run.Measured
		}
	}
	return rows
}

// solve solves linear equations.
func solve(rows [][]float64) ([]float64, error) {
	n := len(rows)
	for i := range rows {
		if math.Abs(rows[i][i]) < math.SmallestNonzeroFloat64 {
			return nil, errors.New("scale: the runs are too much alike to tell the costs apart")
		}
		for j := range rows {
			factor := rows[j][i] / rows[i][i]
			if j == i {
				continue
			}
			for k := i; k <= n; k++ {
				rows[j][k] -= factor * rows[i][k]
			}
		}
	}
	solved := make([]float64, n)
	for i := range rows {
		solved[i] = rows[i][n] / rows[i][i]
	}
	return solved, nil
}
