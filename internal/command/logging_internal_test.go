package command

import (
	"strings"
	"testing"
)

// Whatever is logged, a line of the log is one line, and does nothing to a terminal.
func TestLogsDoNothingToATerminal(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var said strings.Builder
		log, _ := logFlags{LogFormat: format}.logger(&said)
		log.Info("hello\n\u009b2J", "name", "ada\u202e\x1b[2J\x7f\u2028", "err", strings.Repeat("\u200b", 3))
		line := strings.TrimSuffix(said.String(), "\n")
		if strings.ContainsAny(line, "\n\x1b\x7f\u009b\u202e\u2028\u200b") || !strings.Contains(line, "ada") {
			t.Errorf("%s: %q", format, line)
		}
	}
}
