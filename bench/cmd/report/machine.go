package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// describeMachine says what is measured on, and how busy it is with other things: figures from a
// machine with a load average near its number of CPUs are worth little.
func describeMachine() string {
	load := "unknown"
	if averages, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(averages), " ")
	}
	return fmt.Sprintf("%s, %s/%s, %d CPUs, load average before: %s",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}
