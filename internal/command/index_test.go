//go:build unix

package command_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestIndexCommand(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	env := environ{"USERLOG_REDIS": server.URL}
	for _, step := range []struct {
		layout, args string
		status       int
		says         string // a pattern
	}{
		{"", "", 0, `^The user index has 1 part\.\n$`},
		{"16", "", 0, `^The user index has 16 parts\.\n$`},
		{"16", "--parts 16", 0, `^The user index has 16 parts\.\n$`},
		{"nonsense", "", 1, `^userlog: .*"nonsense".*\n$`},
		{"nonsense", "--parts 1", 0, `^The user index has 1 part\.\n$`},
		{"", "--parts 1025", 2, `^userlog: --parts is 1025: use 1 to 1024`},
		{"", "--parts -1", 2, `^userlog: `},
		{"", "--parts many", 2, `^userlog: .*"many" is not a number`},
	} {
		if key := store.DefaultKeyPrefix + "index"; step.layout == "" {
			client.Del(t.Context(), key)
		} else {
			client.Set(t.Context(), key, step.layout, 0)
		}
		r := do(t, env, "", append([]string{"index"}, strings.Fields(step.args)...)...)
		if r.status != step.status || !regexp.MustCompile(step.says).MatchString(r.out+r.err) {
			t.Errorf("%q %s: status %d, %q, %q", step.layout, step.args, r.status, r.out, r.err)
		}
	}
}
