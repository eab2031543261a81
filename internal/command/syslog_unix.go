//go:build !windows && !plan9

package command

import (
	"fmt"
	"io"
	"log/syslog"
)

// openSyslog connects to a syslog. A connection that breaks is made again with the next line.
func openSyslog(address string) (io.WriteCloser, error) {
	network, host, err := parseSyslog(address)
	if err != nil {
		return nil, err
	}
	w, err := syslog.Dial(network, host, syslog.LOG_AUTHPRIV|syslog.LOG_NOTICE, "userlog-audit")
	if err != nil {
		return nil, fmt.Errorf("connect to the syslog %s: %w", address, err)
	}
	return w, nil
}
