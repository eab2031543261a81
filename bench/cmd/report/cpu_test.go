package main

import (
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte("7 (a) R 9) S 1 2 3 4 5 6 7 8 9 10 120 34 13 14 15"))
	if want := 1540 * time.Millisecond; err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := parseStat([]byte("7 (short) S 1")); err == nil {
		t.Error("too short: no error")
	}
}

func TestCPUTimeOfThisProcess(t *testing.T) {
	used, err := cpuOf(func() error {
		for started := time.Now(); time.Since(started) < 10*time.Second; {
			spend(100_000)
			if now, err := cpuTime(os.Getpid()); err != nil || now > 100*time.Millisecond {
				return err
			}
		}
		return nil
	}, os.Getpid())
	if err != nil || used[0] <= 0 {
		t.Errorf("got %v, %v", used, err)
	}
}
