package start

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

// variable of the environment names the kind of server that a process is, and its Redis.
const variable = "USERLOG_BENCH_SERVER"

// A Kind makes what one kind of server serves. A server's process just ends: nothing need be closed.
type Kind func(redisURL string) (http.Handler, error)

// Main is what TestMain calls. It runs the benchmarks, or one of the kinds in a process that [Process] has started.
func Main(m *testing.M, kinds map[string]Kind) {
	logging.Disable() // its lines about servers that are away break up those of the benchmarks
	kind, redisURL, ok := strings.Cut(os.Getenv(variable), " ")
	if !ok {
		os.Exit(m.Run())
	}
	if err := serve(kinds[kind], redisURL); err != nil {
		fmt.Fprintf(os.Stderr, "serve %s: %v\n", kind, err)
		os.Exit(1)
	}
}

// serve serves on a port that it prints, until stdin ends: a server never outlives its benchmark.
func serve(kind Kind, redisURL string) error {
	handler, err := kind(redisURL)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end, too
		os.Exit(0)
	}()
	return http.Serve(listener, Also(handler, "/usage", usage))
}

// Also adds a path that answers questions of a benchmark, which come as JSON, to what a server serves.
func Also[Question any](next http.Handler, path string, answer func(Question) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			next.ServeHTTP(w, r)
			return
		}
		var question Question
		err := json.Unmarshal([]byte(r.FormValue("question")), &question)
		var answered any
		if err == nil {
			answered, err = answer(question)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(answered) // a benchmark that does not read it has ended
	})
}

// Usage is what a server uses.
type Usage struct {
	CPU        time.Duration // so far
	Memory     uint64        // bytes that the Go runtime has of the system
	Goroutines int
}

// usage tells what this process uses, and first brings it to rest if that is asked for.
func usage(rest bool) (any, error) {
	if rest {
		debug.FreeOSMemory()
	}
	cpu := ownCPU()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return Usage{CPU: cpu, Memory: memory.Sys - memory.HeapReleased, Goroutines: runtime.NumGoroutine()}, nil
}

// Server is a server in a process of its own.
type Server struct {
	Address string // host:port
	b       *testing.B
}

// Process starts a server of a kind that [Main] knows, and returns when it listens. It ends with the benchmark.
func Process(b *testing.B, kind, redisURL string) *Server {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+kind+" "+redisURL)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // its words are on stderr
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("server %s ended without an address: %v", kind, err)
	}
	return &Server{Address: strings.TrimSpace(line), b: b}
}

// Get asks for a path of the server, and decodes the answer's JSON into answer.
func (s *Server) Get(path string, answer any) {
	s.b.Helper()
	response, err := http.Get("http://" + s.Address + path)
	if err != nil {
		s.b.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil || response.StatusCode != http.StatusOK {
		s.b.Fatalf("%s: %s, %v", path, response.Status, err)
	}
}

// Ask asks a question at a path that was added by [Also].
func (s *Server) Ask(path string, question, answer any) {
	s.b.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		s.b.Fatal(err)
	}
	s.Get(path+"?"+url.Values{"question": {string(text)}}.Encode(), answer)
}

// Usage is what the server uses now.
func (s *Server) Usage() (u Usage) {
	s.b.Helper()
	s.Ask("/usage", false, &u)
	return u
}

// UsageAtRest is what the server cannot do without: it collects its garbage, and closes connections that nobody uses.
func (s *Server) UsageAtRest() (u Usage) {
	s.b.Helper()
	http.DefaultClient.CloseIdleConnections()
	s.Ask("/usage", true, &u)
	return u
}

// UsageSettled is UsageAtRest when the server has nothing to do any more, or half a minute later.
func (s *Server) UsageSettled() Usage {
	s.b.Helper()
	for range 100 {
		before := s.Usage().CPU
		time.Sleep(300 * time.Millisecond)
		if s.Usage().CPU-before < 15*time.Millisecond {
			break
		}
	}
	return s.UsageAtRest()
}

// Sockets is how many connections the server has open, but for idle ones of questions. It asks the kernel, so that the server need
// not count them.
func (s *Server) Sockets() int {
	s.b.Helper()
	http.DefaultClient.CloseIdleConnections()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		s.b.Fatal(err)
	}
	const established = "01"
	port := netip.MustParseAddrPort(s.Address).Port()
	open := regexp.MustCompile(fmt.Sprintf(`(?m)^ *\d+: [0-9A-F]{8}:%04X \S+ %s `, port, established))
	return len(open.FindAllIndex(table, -1))
}
