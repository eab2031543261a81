package start

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// Spent is what something took: time, and processor time of programs of ours and of Redis.
type Spent struct{ Took, Ours, Redis time.Duration }

// Meter measures what programs of ours and nodes of Redis spend. Without programs, it measures this process.
type Meter struct {
	Programs []*Server
	Nodes    []*redistest.Server
}

// Measure returns what do takes.
func (m Meter) Measure(b *testing.B, do func()) Spent {
	b.Helper()
	before, began := m.soFar(b), time.Now()
	do()
	spent := Spent{Took: time.Since(began)}
	after := m.soFar(b)
	spent.Ours, spent.Redis = after.Ours-before.Ours, after.Redis-before.Redis
	return spent
}

// soFar is what has been spent since all of them started.
func (m Meter) soFar(b *testing.B) (spent Spent) {
	b.Helper()
	if m.Programs == nil {
		spent.Ours = ownCPU()
	}
	for _, program := range m.Programs {
		spent.Ours += program.Usage().CPU
	}
	for _, node := range m.Nodes {
		spent.Redis += CPU(Info(b, node))
	}
	return spent
}

// Add adds what something else took.
func (s *Spent) Add(other Spent) {
	s.Took += other.Took
	s.Ours += other.Ours
	s.Redis += other.Redis
}

// Report reports the processor time of each of n things, below a name that may be empty.
func (s Spent) Report(b *testing.B, name, thing string, n int) {
	for unit, took := range map[string]time.Duration{"ns/": s.Ours + s.Redis, "application-ns/": s.Ours, "redis-ns/": s.Redis} {
		b.ReportMetric(float64(took.Nanoseconds())/float64(n), name+unit+thing)
	}
}

// Info is what a node says of itself in numbers.
func Info(b *testing.B, node *redistest.Server) map[string]float64 {
	b.Helper()
	client := node.Client(b)
	defer client.Close() // or it would be a connection of the next answer
	sections, err := client.InfoMap(b.Context()).Result()
	if err != nil {
		b.Fatal(err)
	}
	numbers := map[string]float64{}
	for _, section := range sections {
		for name, text := range section {
			if number, err := strconv.ParseFloat(text, 64); err == nil {
				numbers[name] = number
			}
		}
	}
	return numbers
}

// CPU is the processor time that a node has used so far, by what it says of itself.
func CPU(info map[string]float64) time.Duration {
	return time.Duration((info["used_cpu_user"] + info["used_cpu_sys"]) * float64(time.Second))
}

// ownCPU is the processor time that this process has used so far.
func ownCPU() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // only other arguments make it fail
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
