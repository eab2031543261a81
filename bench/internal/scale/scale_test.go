package scale

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-3*math.Abs(want)+1e-12 {
		t.Errorf("%s: got %g, want %g", what, got, want)
	}
}

func TestBatches(t *testing.T) {
	for _, c := range []struct{ rate, want float64 }{
		{0, 0},
		{1, 1},            // each entry is sent at once
		{1000, 100},       // a batch each ten milliseconds
		{50_000, 500},     // of a hundred entries
		{200. / 3, 56.49}, // of a recorder's 200/s to each of three masters
	} {
		near(t, "batches", Batches(c.rate, gathering), c.want)
	}
}

// What a simulation of a writer does is what Batches says.
func TestBatchesAgainstASimulation(t *testing.T) {
	for _, rate := range []float64{10, 67, 200, 1000} {
		batches, entries, now, next := 0, 0, 0.0, 0.0
		random := uint64(1)
		arrival := func() float64 {
			random = random*6364136223846793005 + 1442695040888963407
			return -math.Log(1-float64(random>>11)/(1<<53)) / rate
		}
		for ; entries < 200_000; batches++ {
			now = max(now+gathering, next)
			for next <= now {
				next += arrival()
				entries++
			}
		}
		if got, want := float64(batches)/now, Batches(rate, gathering); math.Abs(got/want-1) > 0.02 {
			t.Errorf("%g entries a second: %g batches, and Batches says %g", rate, got, want)
		}
	}
}

func TestEntriesGatherWhereNobodyWatches(t *testing.T) {
	for _, c := range []struct{ recorder, want float64 }{
		{1.5, 1.5},  // too few to gather for long
		{15, 3.733}, // four at a time, of each of three writers
		{3000, 30},  // batches are full
		{300, 3.75}, // eighty at a time
	} {
		l := Load{Entries: c.recorder, Recorders: 1, Masters: 3, Users: 1e12, Unwatched: true}
		counts := l.Counts()
		near(t, "batches", counts.Reads-counts.ofIndex, c.want)
	}
}

func TestAdditions(t *testing.T) {
	often := Load{Entries: 1000, Users: 10, Recorders: 1}
	near(t, "users who are busy", often.Additions(), 1000/201.)
	seldom := Load{Entries: 1000, Users: 1e6, Recorders: 10}
	near(t, "users who are not", seldom.Additions(), 1000)
}

func TestFit(t *testing.T) {
	want := Costs{Read: 1e-4, Script: 2e-5, Member: 1e-6, Idle: 3e-3}
	mixtures := []Observation{
		{Idle: 6},
		{Counts: Counts{Reads: 600, Scripts: 20_000, Members: 1000}, Idle: 3},
		{Counts: Counts{Reads: 4700, Scripts: 4500, Members: 200}, Idle: 9},
		{Counts: Counts{Reads: 6300, Scripts: 4500, Members: 9000}, Idle: 9},
		{Counts: Counts{Reads: 700, Scripts: 20_000, Members: 40_000}, Idle: 5},
	}
	for i, m := range mixtures {
		mixtures[i].Measured = want.CPU(m.Counts, m.Idle)
	}
	got, err := Fit(mixtures)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want float64 }{
		{got.Read, want.Read}, {got.Script, want.Script}, {got.Member, want.Member}, {got.Idle, want.Idle},
	} {
		near(t, "cost", c.got, c.want)
	}
	mixtures[3].Measured /= 2 // as if the machine had been busier in the others
	got, err = Fit(mixtures)
	if err != nil || min(got.Read, got.Script, got.Member, got.Idle) < 0 {
		t.Errorf("%+v, %v: no cost is negative", got, err)
	}
	if _, err := Fit(mixtures[:1]); err == nil {
		t.Error("one run tells four costs")
	}
}
