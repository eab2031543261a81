package command

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// supervisor is what runs this program as a service and wants to hear how it goes: systemd, where the unit has Type=notify
// (sd_notify). Its zero value is nobody.
type supervisor struct {
	socket   string        // where it listens; in Linux, @ begins the name of one that is no file
	watchdog time.Duration // within which it wants to hear that the program works; 0 = it does not
	log      *slog.Logger
}

// tellTimeout is how long the program waits for a supervisor that takes nothing.
const tellTimeout = time.Second

// longestWatchdog bounds what is read from the environment, so that it is a duration.
const longestWatchdog = 24 * time.Hour

// newSupervisor returns the supervisor that the environment names.
func newSupervisor(lookup func(string) (string, bool), log *slog.Logger) supervisor {
	s := supervisor{log: log}
	s.socket, _ = lookup("NOTIFY_SOCKET")
	process, asked := lookup("WATCHDOG_PID")
	text, _ := lookup("WATCHDOG_USEC")
	microseconds, err := strconv.ParseInt(text, 10, 64)
	if err == nil && microseconds > 0 && (!asked || process == strconv.Itoa(os.Getpid())) {
		s.watchdog = time.Duration(min(microseconds, longestWatchdog.Microseconds())) * time.Microsecond
	}
	return s
}

// tell sends assignments such as READY=1. That nobody takes them is logged, and changes nothing.
func (s supervisor) tell(assignments ...string) {
	if s.socket == "" {
		return
	}
	if err := s.send(strings.Join(assignments, "\n")); err != nil {
		s.log.Warn("systemd was not told how the program does", "told", assignments[0], "err", err)
	}
}

func (s supervisor) send(text string) error {
	conn, err := net.Dial("unixgram", s.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(tellTimeout)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(text))
	return err
}

// serving tells that requests are answered now.
func (s supervisor) serving(where string) {
	s.tell("READY=1", "STATUS=The admin is at "+where)
}

// reloading tells that the settings are read again, until the function it returns is called. Type=notify-reload wants to know since when.
func (s supervisor) reloading() (done func()) {
	s.tell("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(monotonic().Microseconds(), 10))
	return func() { s.tell("READY=1") }
}

// ending tells that the program ends within a time, which may be longer than TimeoutStopSec of the unit.
func (s supervisor) ending(within time.Duration) {
	s.tell("STOPPING=1", "STATUS=Ending: requests under way are finished", "EXTEND_TIMEOUT_USEC="+strconv.FormatInt(within.Microseconds(), 10))
}

// watch tells systemd, twice within each interval of the watchdog, that the program works, until ctx ends. It asks works, which returns
// only if that is so. If it does not return, systemd ends the program by SIGABRT, and starts it anew. SIGABRT prints what each
// goroutine waits for.
func (s supervisor) watch(ctx context.Context, works func()) {
	if s.socket == "" || s.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(s.watchdog / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			works()
			s.tell("WATCHDOG=1")
		case <-ctx.Done():
			return
		}
	}
}
