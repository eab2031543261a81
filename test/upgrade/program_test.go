package upgrade

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
)

const (
	superuser = "admin" // of the demo
	password  = "a fine long sentence"
)

// program is one that runs.
type program struct {
	t   *testing.T
	cmd *exec.Cmd

	mu    sync.Mutex
	lines []string      // of its standard output
	ended chan struct{} // closed when its standard output has ended
}

// start starts a program, which is ended with the test at the latest.
func (v version) start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(v.program, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "USERLOG_DRAIN=0s")
	log := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	p.cmd.Stderr = stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s of %s: %v", args[0], v.name, err)
	}
	go p.read(stdout)
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			wrote, _ := os.ReadFile(log)
			t.Logf("%s of %s wrote:\n%s", args[0], v.name, wrote)
		}
	})
	return p
}

func (p *program) read(stdout io.Reader) {
	defer close(p.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.mu.Unlock()
	}
	if err := lines.Err(); err != nil {
		p.t.Errorf("%s: %v", p.cmd.Args[1], err)
	}
}

// printed is what the program has printed so far.
func (p *program) printed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clip(p.lines)
}

// stop asks the program to end and waits until it has. Stopping what has ended does nothing.
func (p *program) stop() {
	p.t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that has ended needs none
	<-p.ended
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.cmd.Args[1], err)
	}
}

var originPattern = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// origin is where a server is. It waits until that is printed.
func (p *program) origin() string {
	p.t.Helper()
	var found string
	redistest.Eventually(p.t, p.cmd.Args[1]+" says where it is", func() bool {
		for _, line := range p.printed() {
			if found = originPattern.FindString(line); found != "" {
				return true
			}
		}
		return false
	})
	return found
}

// shop starts the sample shop, without customers, and with an admin of its own.
func (v version) shop(t *testing.T, redis *redistest.Server) *program {
	t.Helper()
	return v.start(t, "demo", "--addr", "127.0.0.1:0", "--customers", "0", "--password", password, "--redis", redis.URL, "--max-entries", "1000")
}

// serve starts an admin. A shop at the same Redis has created who may log in.
func (v version) serve(t *testing.T, redis *redistest.Server, address string) *program {
	t.Helper()
	return v.start(t, "serve", "--addr", address, "--redis", redis.URL)
}

// line is what these tests read of an entry.
type line struct {
	ID       string  `json:"id"`
	Username string  `json:"username"`
	Method   string  `json:"method"`
	Path     string  `json:"path"`
	Status   int     `json:"code"`
	Time     float64 `json:"time"`
	Page     string  `json:"page"`
	Kind     string  `json:"kind"`
	Problem  string  `json:"problem"`
}

// follow starts tail for a user.
func (v version) follow(t *testing.T, redis *redistest.Server, username string) *program {
	t.Helper()
	return v.start(t, "tail", username, "--json", "--redis", redis.URL)
}

// entries are those that tail has printed.
func (p *program) entries() []line {
	p.t.Helper()
	var all []line
	for _, text := range p.printed() {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			p.t.Fatalf("%q: %v", text, err)
		}
		all = append(all, l)
	}
	return all
}
