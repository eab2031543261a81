//go:build unix

package command_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gin-userlog/userlog/internal/command"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// What go-redis and OpenTelemetry say goes into the program's log, and not past it to standard error. This test has the process for itself,
// because both have one logger for all of it.
func TestLibrariesSpeakInTheLog(t *testing.T) {
	defer logging.Disable()
	t.Setenv("OTEL_TRACES_SAMPLER", "odd")
	server := redistest.Start(t)
	server.Kill()
	ctx, stop := context.WithCancel(t.Context())
	log, status := newOutput(), make(chan int, 1)
	go func() {
		args := []string{"serve", "--addr", "127.0.0.1:0", "--redis", server.URL, "--log-level", "debug", "--drain", "0s"}
		status <- command.Run(ctx, args, environ{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}.lookup, strings.NewReader(""), newOutput(), log)
	}()
	log.await(t, `level=WARN msg="OpenTelemetry has a problem" err="unsupported sampler: odd"`)
	log.await(t, "the log store can't be reached")
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: server.Dir + "/redis.sock", DialerRetries: 1})
	defer client.Close()
	if err := client.Ping(ctx).Err(); err == nil {
		t.Error("a server that was killed answers")
	}
	log.await(t, `time=\S+ level=DEBUG msg="go-redis: .*`+server.Dir)
	stop()
	if got := <-status; got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a line that is not the log's: %q", line)
		}
	}
}
