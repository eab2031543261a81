package command

import (
	"context"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/gin-userlog/userlog/internal/cgroup"
)

// Limits of memory.
const (
	littleMemory  = 256 << 20             // bytes below which strangers have less
	heapShare     = 3                     // quarters of what a container or a service may use; the rest is for what Go does not count
	returnAbove   = 16 << 20              // bytes more than are in use, or were needed before
	returnEvery   = 5 * time.Second       // between two looks
	memoryInUse   = "/gc/heap/live:bytes" // when the garbage collector ran last
	memoryTaken   = "/memory/classes/total:bytes"
	memoryGivenUp = "/memory/classes/heap/released:bytes"
)

// limitMemory has the garbage collector keep to what a container or a service may use, unless GOMEMLIMIT says something. With little
// memory auth checks one password at a time.
func limitMemory(log *slog.Logger) {
	limit := cgroup.MemoryLimit(os.DirFS("/"))
	if limit == 0 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	debug.SetMemoryLimit(limit / 4 * heapShare)
	log.Debug("the memory is limited", "limit", limit)
}

// returnMemory gives memory back soon after it was needed, until ctx ends. By itself Go does so after two minutes, where little
// happens. Checking a password takes 19 MiB.
func returnMemory(ctx context.Context) {
	tick := time.NewTicker(returnEvery)
	defer tick.Stop()
	for needed := uint64(0); ; {
		select {
		case <-tick.C:
			if held, inUse := heldMemory(); held > inUse+max(returnAbove, inUse) || held > needed+max(returnAbove, needed/2) {
				debug.FreeOSMemory()
				needed, _ = heldMemory()
			}
		case <-ctx.Done():
			return
		}
	}
}

// heldMemory is how many bytes Go has of the operating system, and how many of them were in use when that was last looked at.
func heldMemory() (held, inUse uint64) {
	samples := []metrics.Sample{{Name: memoryTaken}, {Name: memoryGivenUp}, {Name: memoryInUse}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64(), samples[2].Value.Uint64()
}
