package command

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time on the clock that systemd compares with, or 0 where there is none.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
