package command_test

import (
	"strings"
	"testing"
)

func TestManualAndCompletion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ command, want string }{
		{"man", `.SS \&userlog account create`},
		{"man", `.B \&\-\-redis=URL`},
		{"completion bash", "complete -o default -F _userlog userlog"},
		{"completion zsh", "#compdef userlog"},
		{"completion fish", "complete -c userlog"},
	} {
		if r := do(t, nil, "", strings.Fields(c.command)...); r.status != 0 || !strings.Contains(r.out, c.want) {
			t.Errorf("userlog %s: status %d, and no %s: %s", c.command, r.status, c.want, r.err)
		}
	}
	if r := do(t, nil, "", "completion", "csh"); r.status != 2 || !strings.Contains(r.err, "bash") {
		t.Errorf("userlog completion csh: status %d, %s", r.status, r.err)
	}
}
