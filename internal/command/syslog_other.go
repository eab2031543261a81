//go:build windows || plan9

package command

import (
	"errors"
	"io"
)

// openSyslog says that there is none.
func openSyslog(address string) (io.WriteCloser, error) {
	if _, _, err := parseSyslog(address); err != nil {
		return nil, err
	}
	return nil, errors.New("Go has no syslog on this system: use --audit-file")
}
