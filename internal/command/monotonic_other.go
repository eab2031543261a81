//go:build !linux

package command

import "time"

// monotonic is the time on the clock that systemd compares with. There is no systemd here.
func monotonic() time.Duration { return 0 }
