//go:build unix

package command

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSupervisorIsThatOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		env      map[string]string
		watchdog time.Duration
	}{
		"none":               {nil, 0},
		"ours":               {map[string]string{"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())}, 30 * time.Second},
		"whoever's":          {map[string]string{"WATCHDOG_USEC": "30000000"}, 30 * time.Second},
		"another process's":  {map[string]string{"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0},
		"no number":          {map[string]string{"WATCHDOG_USEC": "soon"}, 0},
		"less than nothing":  {map[string]string{"WATCHDOG_USEC": "-1"}, 0},
		"more than there is": {map[string]string{"WATCHDOG_USEC": "9223372036854775807"}, longestWatchdog},
	} {
		s := newSupervisor(func(name string) (string, bool) { value, ok := c.env[name]; return value, ok }, nil)
		if s.watchdog != c.watchdog || s.socket != "" {
			t.Errorf("%s: %+v", what, s)
		}
	}
}

// A program that is stuck gives no sign of life, and one whose supervisor is away goes on.
func TestSupervisorHearsOnlyOfAProgramThatWorks(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "userlog-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	var log bytes.Buffer
	s := supervisor{socket: filepath.Join(folder, "s"), watchdog: time.Millisecond, log: slog.New(slog.NewTextHandler(&log, nil))}
	s.serving("nowhere")
	if !strings.Contains(log.String(), "systemd was not told") || !strings.Contains(log.String(), `told="READY=1"`) {
		t.Errorf("without a supervisor it logs %q", &log)
	}
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	ctx, cancel := context.WithCancel(t.Context())
	stuck, released, ended := make(chan bool, 1), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		s.watch(ctx, func() {
			select {
			case stuck <- true:
			default: // it is known
			}
			<-released
		})
	}()
	<-stuck
	if err := heard.SetReadDeadline(time.Now().Add(100 * s.watchdog)); err != nil {
		t.Fatal(err)
	}
	if n, err := heard.Read(make([]byte, 100)); err == nil {
		t.Errorf("a program that is stuck tells %d bytes", n)
	}
	cancel()
	close(released)
	<-ended
}
